"""Suggest a style for a sentence, with the reason, following the labeler's guide."""

from __future__ import annotations

import re
from dataclasses import dataclass

from corpus.translatable import gettext_noop


@dataclass(frozen=True)
class Suggestion:
    """A style and why it fits.

    Attributes
    ----------
    style : str
        Key of a style.
    reason : str
        English message, translatable; `reason % params` is the text to show.
    params : dict of str to str
        Parameters of the reason.
    """

    style: str
    reason: str
    params: dict[str, str]

    def __str__(self) -> str:
        return self.reason % self.params


_GREETING = gettext_noop("greetings, welcomes and goodbyes are warm")
_APOLOGY = gettext_noop("apologies and acknowledged problems ask for understanding")
_DATA = gettext_noop("data, numbers and facts are stated plainly")
_PROCESS = gettext_noop("processes, policies and confirmations sound sure")
_PHONETIC = gettext_noop("phonetic sentences are the baseline")
_QUESTION = gettext_noop("emphatic questions and emphasis are firm")

_BY_KIND = {
    **dict.fromkeys(("greeting", "welcome", "goodbye"), ("amable", _GREETING)),
    **dict.fromkeys(("apology", "problem", "emotional-apology"), ("empatico", _APOLOGY)),
    **dict.fromkeys(("data", "number", "fact"), ("neutral", _DATA)),
    **dict.fromkeys(("process", "policy", "confirmation"), ("profesional", _PROCESS)),
    **dict.fromkeys(("pangram", "phonetic"), ("neutral", _PHONETIC)),
    **dict.fromkeys(("emphatic-question", "emphasis"), ("profesional", _QUESTION)),
}
KINDS = tuple(_BY_KIND)
"""Kinds of sentence that the guide covers."""

_CUES: tuple[tuple[str, str, str], ...] = (
    (
        r"\b(?:lo siento|(?:lo |le )?lamento|lamentamos|sentimos|siento (?:que|mucho|de)|disculp\w+"
        r"|perd[oó]n\w*|molestias?|frustra\w+|preocupaci[oó]n|comprendo"
        r"|entiendo (?:que|su|cómo))\b",
        "empatico",
        gettext_noop("“%(cue)s” apologises or acknowledges a problem"),
    ),
    (
        r"\b(?:hola|buen(?:os|as) (?:días|tardes|noches)|bienvenid[oa]s?|bienvenida|encantad[oa]"
        r"|gracias|hasta (?:luego|pronto|mañana)|adiós|un placer|que tenga|saludos?|saludarle"
        r"|nos vemos)\b",
        "amable",
        gettext_noop("“%(cue)s” greets, welcomes or says goodbye"),
    ),
    (
        r"\b(?:confirm\w+|verific\w+|proces\w+|procedimiento|polític[ao]s?|normativa|requisitos?"
        r"|contrato|cláusula|condiciones|autoriz\w+|registrad[oa]|tramit\w+|trámites?|solicitud"
        r"|reembolso|devoluci[oó]n)\b",
        "profesional",
        gettext_noop("“%(cue)s” belongs to a process, a policy or a confirmation"),
    ),
    (
        r"¿[^?]*\b(?:seguro|de verdad|de veras|realmente|exactamente|en serio)\b[^?]*\?",
        "profesional",
        gettext_noop("“%(cue)s” is an emphatic question"),
    ),
    (
        r"\d[\d.,:]*(?: ?[%€$])?|\b(?:por ciento|euros?|céntimos|kilómetros|mil|cien(?:to)?"
        r"|millones|veinti\w+|treinta|cuarenta|cincuenta|sesenta|setenta|ochenta|noventa)\b",
        "neutral",
        gettext_noop("“%(cue)s” is a figure: data are stated plainly"),
    ),
)
_PATTERNS = tuple((re.compile(cue, re.IGNORECASE), style, why) for cue, style, why in _CUES)
_NO_CUE = gettext_noop("nothing in the text asks for another style")


def suggest(kind: str, text: str) -> Suggestion:
    """Suggest the style in which a sentence should be spoken.

    Parameters
    ----------
    kind : str
        One of `KINDS`; for anything else (imported sentences have none) the text's cues decide.
    text : str
        The sentence.

    Returns
    -------
    Suggestion
        The neutral style if nothing indicates another.
    """
    if kind in _BY_KIND:
        style, reason = _BY_KIND[kind]
        return Suggestion(style, reason, {})
    for pattern, style, reason in _PATTERNS:
        if match := pattern.search(text):
            return Suggestion(style, reason, {"cue": match[0]})
    return Suggestion("neutral", _NO_CUE, {})
