"""Normalizes text for F5 (es, en): no digits, no words in capitals, only signs it knows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from corpus.text.acronyms import ENGLISH_LETTERS, SPANISH_LETTERS, lower_capitals
from corpus.text.english import normalize_english
from corpus.text.normalization import normalize_spanish
from distillation.engines.base import EngineError
from distillation.engines.long_text import tidy

_KEPT = frozenset(".,;:!?¡¿'-…\"() ")
_REPLACED = str.maketrans("“”«»‘’—–", '""""\'\',,')
_END = re.compile(r"[.!?…][\"')]*$")
_READERS: Mapping[str, tuple[Callable[[str], str], Mapping[str, str]]] = {
    "es": (normalize_spanish, SPANISH_LETTERS),
    "en": (normalize_english, ENGLISH_LETTERS),
}
LANGUAGES = tuple(_READERS)


def read_aloud(text: str, lang: str = "es") -> str:
    """Return the text as read aloud, for an engine that only knows letters.

    Parameters
    ----------
    text : str
        Any Unicode; control characters and line ends count as spaces.
    lang : str
        `es` or `en`: language of figures, abbreviations, and names of letters.

    Returns
    -------
    str
        One line of letters and ``.,;:!?¡¿'-…"()``, without figures or words in capitals, ending
        with a punctuation mark.

    Raises
    ------
    EngineError
        `empty_text`; `bad_option`: another language.
    """
    if lang not in _READERS:
        raise EngineError("bad_option", f"lang: {' or '.join(_READERS)}, not {lang!r}.")
    normalize, letters = _READERS[lang]
    text = tidy(text).translate(_REPLACED)
    spoken = lower_capitals(normalize(text), letters)
    kept = "".join(sign if sign.isalpha() or sign in _KEPT else " " for sign in spoken)
    kept = re.sub(r" +([.,;:!?…)])", r"\1", tidy(kept))
    kept = re.sub(r"([(¿¡]) +", r"\1", kept)
    return kept if _END.search(kept) else kept.rstrip(" ,;:-") + "."
