"""The languages Kokoro speaks here: their names, and phonemes by espeak-ng, without a download."""

from __future__ import annotations

import logging
import re
import tempfile
from collections.abc import Callable, Container
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from corpus.text.english import normalize_english
from corpus.text.normalization import normalize_spanish
from distillation.engines.base import EngineError
from distillation.engines.kokoro.files import REPO

G2P = Callable[[str], str]
SPANISH, AMERICAN, BRITISH = "e", "a", "b"
LETTERS: dict[str, tuple[str, ...]] = {  # Kokoro's letter: the names it goes by
    SPANISH: ("es", "es-es", "es-419", "spa"),
    AMERICAN: ("en", "en-us", "eng"),
    BRITISH: ("en-gb",),
    "f": ("fr", "fr-fr", "fra"),
    "h": ("hi", "hin"),
    "i": ("it", "ita"),
    "p": ("pt", "pt-br", "por"),
}
_BY_NAME = {name: letter for letter, names in LETTERS.items() for name in (letter, *names)}
_VOICE = re.compile(r"([a-z])[fm]_.+")
_FLAG = re.compile(r"\([a-z-]+\)")  # espeak-ng's, around a word it takes for another language's


def letter_of(lang: str) -> str:
    """Return Kokoro's letter of a language; raise EngineError `bad_option` if it is not spoken."""
    letter = _BY_NAME.get(lang.lower().replace("_", "-"))
    if letter is None:
        spoken = ", ".join(names[0] for names in LETTERS.values())
        raise EngineError("bad_option", f"kokoro here speaks {spoken}, not {lang!r} (lang).")
    return letter


def letter_of_voice(name: str) -> str:
    """Return the language letter that a published voice's name begins with; empty if none does."""
    found = _VOICE.fullmatch(name)
    return found[1] if found and found[1] in LETTERS else ""


def g2p(letter: str) -> G2P:
    """Return the function from text to phonemes of a language, numbers read out included."""
    logging.getLogger("phonemizer").setLevel(logging.ERROR)  # it warns where words run together
    made = _english(british=letter == BRITISH) if letter in (AMERICAN, BRITISH) else _other(letter)
    _unlink_copies()
    return made


def read_in(letter: str, text: str) -> str:
    """Return a text in words, as its phonemizer reads it; unchanged where espeak-ng does that."""
    if letter == SPANISH:  # espeak-ng reads 1.500 as "uno, quinientos"
        return normalize_spanish(text)
    return normalize_english(text) if letter in (AMERICAN, BRITISH) else text


def check_phonemes(phonemes: str, known: Container[str], most: int) -> None:
    """Raise EngineError `bad_phonemes` if they cannot be spoken at once; it says why not."""
    unknown = [sign for sign in dict.fromkeys(phonemes) if sign not in known]
    if unknown:
        named = ", ".join(f"{sign!r} (U+{ord(sign):04X})" for sign in unknown[:10])
        raise EngineError("bad_phonemes", f"Kokoro has no symbol {named}.")
    if len(phonemes) > most:
        raise EngineError(
            "bad_phonemes",
            f"{len(phonemes)} symbols; {most} are spoken at once. Send them in parts.",
        )
    if not any(sign.isalpha() for sign in phonemes):
        raise EngineError("bad_phonemes", "There is no sound in it, only signs.")


def _other(letter: str) -> G2P:
    from kokoro.pipeline import KPipeline

    phonemes: Any = KPipeline(lang_code=letter, repo_id=REPO, model=False).g2p
    return lambda text: str(phonemes(read_in(letter, text))[0])


def _english(*, british: bool) -> G2P:
    """Return espeak-ng's phonemes in the symbols of misaki's English, for whole sentences.

    Misaki's dictionaries need spaCy's English model, a download; this is what it does with a word
    they lack. A sentence has weak forms and linking that its words one by one would not have.
    """
    from misaki.espeak import EspeakFallback

    fallback = EspeakFallback(british=british)

    def phonemes(text: str) -> str:
        found, _ = fallback(SimpleNamespace(text=read_in(AMERICAN, text)))
        return _FLAG.sub("", found or "").replace("ɹɹ", "ɹ")

    return phonemes


def _unlink_copies() -> None:
    """Delete the copy phonemizer made to load espeak-ng twice: it is loaded by now.

    Otherwise a process that is killed, or a worker, which ends by `os._exit`, would leave 1.3 MB
    behind. The empty folders are kept: phonemizer deletes them when a process exits normally.
    """
    maps, temporary = Path("/proc/self/maps"), Path(tempfile.gettempdir()).resolve()
    for line in maps.read_text(encoding="utf-8").splitlines() if maps.exists() else ():
        path = Path(line.split(maxsplit=5)[-1])
        if path.name.startswith("libespeak") and path.parents[1] == temporary:
            path.unlink(missing_ok=True)
