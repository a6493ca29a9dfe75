"""OpenAI's names: of models and voices, and the style that `instructions` name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

# Published names first, as in MISSION; then those OpenAI added later.
VOICE_NAMES: Mapping[str, str] = {
    "alloy": "af_sky",
    "echo": "am_echo",
    "fable": "af_bella",
    "onyx": "am_onyx",
    "nova": "af_nova",
    "shimmer": "af_sarah",
    "ash": "am_michael",
    "ballad": "bm_george",
    "coral": "af_heart",
    "sage": "af_nicole",
    "verse": "am_puck",
    "marin": "ef_dora",
    "cedar": "em_alex",
}
MODELS = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts", "kokoro")
_MODEL_ID = re.compile(r"tts-[\w.:-]+|gpt-4o-mini-tts(-[\w.:-]+)?")
_KOKORO_NAME = re.compile(r"[a-z][fm]_.+")  # language, gender, name
# Words for our styles beside their own names; without accents, beginnings of words.
STYLE_WORDS: dict[str, tuple[str, ...]] = {
    "neutral": ("neutr",),
    "amable": ("amab", "calid", "cercan", "cordial", "friendly", "warm", "welcoming", "cheerful"),
    "empatico": ("empat", "comprensiv", "compasiv", "sympathetic", "compassionate", "soothing"),
    "profesional": ("profes", "formal", "serio", "seria", "businesslike"),
}
_NEGATIONS = ("no", "sin", "nada", "not", "without", "don't", "never", "menos", "less")


def is_model(name: str, more: Sequence[str] = ()) -> bool:
    """Return whether a request may name this model: one of OpenAI's speech models, or ours."""
    return name in MODELS or name in more or _MODEL_ID.fullmatch(name) is not None


def assign(table: Mapping[str, str], present: Sequence[str]) -> dict[str, str]:
    """Return the voice that each name of a table stands for.

    A name whose voice is absent gets another one, of the same gender if the names tell it, and
    while there are enough each name gets a voice of its own.

    Parameters
    ----------
    table : mapping
        Wanted voice by name.
    present : sequence of str
        The voices there are, preferred ones first.

    Returns
    -------
    dict
        Every name of the table; empty if no voice is present.
    """
    if not present:
        return {}
    assigned = {name: voice for name, voice in table.items() if voice in present}
    uses = dict.fromkeys(present, 0)
    for voice in assigned.values():
        uses[voice] += 1
    for name, wanted in table.items():
        if name not in assigned:
            same = [voice for voice in present if _gender(voice) == _gender(wanted)]
            assigned[name] = min(same or present, key=lambda voice: uses[voice])
            uses[assigned[name]] += 1
    return {name: assigned[name] for name in table}


def _gender(voice: str) -> str:
    return voice[1] if _KOKORO_NAME.fullmatch(voice) else ""


def named_style(instructions: str, styles: Iterable[str]) -> str | None:
    """Return the one style that the instructions name; None if they name none, or several.

    Parameters
    ----------
    instructions : str
        In Spanish or English, as a client sends them.
    styles : iterable of str
        The styles there are.
    """
    words = re.findall(r"[\w']+", _plain(instructions))
    found = {style for style in styles if _is_named(style, words)}
    return found.pop() if len(found) == 1 else None


def _is_named(style: str, words: list[str]) -> bool:
    plain = _plain(style)
    stems = STYLE_WORDS.get(plain, ())
    return any(
        (word == plain or word.startswith(stems)) and not _is_negated(words[:index])
        for index, word in enumerate(words)
    )


def _is_negated(before: list[str]) -> bool:
    return any(word in _NEGATIONS for word in before[-3:])


def _plain(text: str) -> str:
    """Return the text in lower case without accents."""
    decomposed = unicodedata.normalize("NFD", text.lower())
    return "".join(sign for sign in decomposed if unicodedata.category(sign) != "Mn")
