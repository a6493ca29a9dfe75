"""Spanish ordinals: 3.er, 21.º, 100.ª, 2.os, 1ro; and Roman numerals, ordinal or cardinal."""

from __future__ import annotations

import re
from collections.abc import Mapping

from corpus.text.cardinals import cardinal
from corpus.text.choices import Choices
from corpus.text.gender import form_before, gender_of

_UNITS = (
    "primero", "segundo", "tercero", "cuarto", "quinto", "sexto", "séptimo", "octavo", "noveno",
)  # fmt: skip
_TENS = (
    "décimo", "vigésimo", "trigésimo", "cuadragésimo", "quincuagésimo", "sexagésimo",
    "septuagésimo", "octogésimo", "nonagésimo",
)  # fmt: skip
_HUNDREDS = (
    "centésimo", "ducentésimo", "tricentésimo", "cuadringentésimo", "quingentésimo",
    "sexcentésimo", "septingentésimo", "octingentésimo", "noningentésimo",
)  # fmt: skip
_THOUSANDS = ("", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve")
_JOINED: Mapping[int, str] = {1: "decimo", 2: "vigesimo"}
_ETYMOLOGICAL: Mapping[int, str] = {11: "undécimo", 12: "duodécimo"}
LAST = 9999
"""The last number with an ordinal here; behind it, the cardinal."""

_ENDINGS: Mapping[str, str] = {
    **dict.fromkeys(("º", "o", "ro", "do", "to", "mo", "vo", "no"), "o"),
    **dict.fromkeys(("ª", "a", "ra", "da", "ta", "ma", "va", "na"), "a"),
    **dict.fromkeys(("er", "ᵉʳ"), ""),
    **dict.fromkeys(("os", "ᵒˢ"), "os"), **dict.fromkeys(("as", "ᵃˢ"), "as"),
}  # fmt: skip
_SHORT = (
    r"(?:1(?:ro|ra|er)|2(?:do|da)|3(?:ro|ra|er)|[4-6](?:to|ta)|(?:7|10)(?:mo|ma)|8(?:vo|va)"
    r"|9(?:no|na))"
)
_ORDINAL = re.compile(
    r"(?<![\w.,])(?:(?P<n>\d{1,4})(?:\.?(?P<sign>[ºª])|\.(?P<letters>er|os|as|o|a)|(?P<tight>er))"
    r"|(?P<short>" + _SHORT + r"))(?!\w)"
)
_NOUN = re.compile(r"\s([a-záéíóúüñ]{3,})(?![\w.])")
_FLOOR = re.compile(r"(?<![\w.,])(\d{1,2})°(?=\s(?:dcha|izq|izda|piso|planta|puerta|[A-D]\b))")

_ROMAN = r"(?=[MDCLXVI])M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})(?<=[MDCLXVI])"
_FURTHER = r"(?=[XVI])(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})(?<=[XVI])"  # "y C" is a letter
_NUMERAL = rf"(?P<numeral>{_ROMAN})"
_NO_INITIAL = r"\b(?!\.\s?[A-ZÁÉÍÓÚÑ])"
_PLACE = re.compile(
    r"\b(?P<place>(?i:siglos?|capítulos?|tomo|volumen|título|fase|nivel|tipo|anexo|parte|libro))"
    rf"\s{_NUMERAL}{_NO_INITIAL}(?P<more>(?:(?:,\s|\s(?:y|o|al?)\s|\s?[-–]\s?){_FURTHER}\b)*)"
)
_KINGS = "Alfonso|Carlos|Enrique|Felipe|Fernando|Jaime|Juan Carlos|Juan Pablo|Luis|Pedro|Pío"
_QUEENS = "Isabel|Juana"
_NAME = r"[A-ZÁÉÍÓÚÑ][a-záéíóúñ]+(?=\s[XVI]{2})"
_RULER = re.compile(
    rf"\b(?:(?P<king>{_KINGS})|(?P<queen>{_QUEENS})|(?P<name>{_NAME}))\s{_NUMERAL}{_NO_INITIAL}"
)
_EVENT = re.compile(
    r"\b(?P<article>[Ee]l|[Ll]as?|[Ll]os|[Dd]el|[Aa]l|[Ss]us?|[Nn]uestr[oa]s?|[Ee]n)\s"
    rf"{_NUMERAL}\s(?P<event>[A-ZÁÉÍÓÚÑ]?[a-záéíóúñ]{{4,}})"
)
_KNOWN_EVENT = re.compile(
    rf"\b{_NUMERAL}\s(?P<event>(?i:aniversario|edición|congreso|certamen|concurso|festival|torneo|"
    r"feria|semana|gala|copa|plan|centenario|encuentro|foro|simposio))\b"
)
_ROAD = re.compile(rf"\b(?P<road>N|A|AP|M|C)-{_NUMERAL}\b")
_RULERS = 10  # the last one whose number is an ordinal
_EVENTS = 30  # beyond, the cardinal is easier and as right
_VALUES: Mapping[str, int] = {"M": 1000, "D": 500, "C": 100, "L": 50, "X": 10, "V": 5, "I": 1}


def ordinal(number: int, ending: str = "o") -> str:
    """Return an ordinal in words.

    Parameters
    ----------
    number : int
        1 to 9999; the cardinal comes back for others.
    ending : str
        `o`, `a`, `os`, `as`, or empty for the short form before a noun (primer, vigesimotercer).

    References
    ----------
    Ortografía de la lengua española (2010), VIII, 3.2: one word up to 29 (vigesimoprimero), from 31
    on separate ones (trigésimo primero), each of which agrees; undécimo, duodécimo are preferred.
    """
    if not 0 < number <= LAST:
        return cardinal(number)
    words = [_agreeing(word, ending or "o") for word in _stems(number)]
    if not ending and words[-1].endswith(("primero", "tercero")):
        words[-1] = words[-1][:-1]
    return " ".join(words)


def read_ordinals(text: str, _choices: Choices) -> str:
    """Return the text with 3.er, 2.ª, 21.º, 1ra as words; ° is one before a door or a floor."""
    return _ORDINAL.sub(_read, _FLOOR.sub(r"\1.º", text))


def read_roman_numerals(text: str, _choices: Choices) -> str:
    """Return the text with the Roman numerals that rulers, centuries, events, roads have."""
    text = _PLACE.sub(_place, text)
    text = _ROAD.sub(lambda m: f"{m['road']} {cardinal(_value(m['numeral']))}", text)
    return _KNOWN_EVENT.sub(_known_event, _EVENT.sub(_event, _RULER.sub(_ruler, text)))


def _place(match: re.Match[str]) -> str:
    more = re.sub(r"\s?[-–]\s?", " a ", match["more"])
    more = re.sub(rf"\b{_FURTHER}\b", lambda m: cardinal(_value(m[0])), more)
    return f"{match['place']} {cardinal(_value(match['numeral']))}{more}"


def _read(match: re.Match[str]) -> str:
    if match["short"]:
        number, ending = re.match(r"(\d+)(\D+)", match["short"]).groups()  # type: ignore[union-attr]
    else:
        number = match["n"]
        ending = match["sign"] or match["letters"] or match["tight"]
    shortened = ending in ("º", "o") and number[-1] in "13" and _is_before_masculine(match)
    return ordinal(int(number), "" if shortened else _ENDINGS[ending])


def _is_before_masculine(match: re.Match[str]) -> bool:
    """Whether a masculine noun follows, before which 21.º is vigesimoprimer."""
    noun = _NOUN.match(match.string, match.end())
    return bool(noun) and form_before(1, noun[1]) == "masculine"  # type: ignore[index]


def _stems(number: int) -> list[str]:
    """Return the words of an ordinal, masculine."""
    thousands, rest = divmod(number, 1000)
    words = [f"{_THOUSANDS[thousands - 1]}milésimo"] if thousands else []
    hundreds, rest = divmod(rest, 100)
    words += [_HUNDREDS[hundreds - 1]] if hundreds else []
    if rest in _ETYMOLOGICAL:
        return [*words, _ETYMOLOGICAL[rest]]
    tens, unit = divmod(rest, 10)
    if tens in _JOINED and unit:
        return [*words, _joined(_JOINED[tens], _UNITS[unit - 1])]
    words += [_TENS[tens - 1]] if tens else []
    return words + ([_UNITS[unit - 1]] if unit else [])


def _joined(tens: str, unit: str) -> str:
    """Return decimotercero, vigesimoctavo; decimoséptimo keeps its accent."""
    return tens[:-1] + unit if unit.startswith("o") else tens + unit


def _agreeing(word: str, ending: str) -> str:
    return word[:-1] + ending


def _ruler(match: re.Match[str]) -> str:
    number = _value(match["numeral"])
    name = match["king"] or match["queen"] or match["name"]
    if match["name"] or number > _RULERS:
        return f"{name} {cardinal(number)}"
    return f"{name} {ordinal(number, 'a' if match['queen'] else 'o')}"


def _event(match: re.Match[str]) -> str:
    from_noun = _ending_before(match["event"].lower(), match["article"].lower())
    number = _value(match["numeral"])
    if from_noun is None or match["numeral"] in ("C", "D", "L", "M"):
        return match[0]
    said = ordinal(number, from_noun) if number <= _EVENTS else cardinal(number)
    return f"{match['article']} {said} {match['event']}"


def _known_event(match: re.Match[str]) -> str:
    number, noun = _value(match["numeral"]), match["event"]
    feminine = gender_of(noun.lower()).startswith("feminine")
    said = ordinal(number, "a" if feminine else "") if number <= _EVENTS else cardinal(number)
    return f"{said} {noun}"


def _ending_before(noun: str, article: str) -> str | None:
    """Return the ending of an ordinal before a noun, None where article and noun disagree."""
    plural = noun.endswith("s") and article not in ("el", "la", "del", "al")
    feminine = article in ("la", "las", "nuestra", "nuestras") or (
        article in ("en", "su", "sus") and noun.endswith(("a", "as", "ción", "ciones"))
    )
    if article == "en" and not noun.endswith(("s", "ción", "o")):
        return None
    if plural:
        return "as" if feminine else "os"
    return "a" if feminine else ""


def _value(numeral: str) -> int:
    values = [_VALUES[letter] for letter in numeral]
    after = [*values[1:], 0]
    return sum(-one if one < behind else one for one, behind in zip(values, after, strict=True))
