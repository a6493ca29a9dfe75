"""Teacher `f5`: F5-TTS speaks in the voice of a prompt, in a Python environment of its own."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from corpus.audio.types import Audio, Samples
from corpus.text.acronyms import ENGLISH_LETTERS, SPANISH_LETTERS, lower_capitals
from corpus.text.english import normalize_english
from corpus.text.normalization import normalize_spanish
from distillation.engines.base import SPEEDS, EngineError, Prompt
from distillation.engines.f5.files import files_of, weights_of
from distillation.engines.long_text import joined, pieces, tidy
from distillation.engines.reference_audio import SR, Prepared, prepare

if TYPE_CHECKING:
    from distillation.engines.f5.network import Network

LONGEST_S = 25.0  # prompt and answer of one piece; F5 was trained on clips up to 30 s
SHORTEST_S = 1.0  # of an answer: in less, words are swallowed
END_S = 0.2  # added after the last word, so that it can fade out
FADE_S = 0.01
_KEPT = frozenset(".,;:!?¡¿'-…\"() ")
_REPLACED = str.maketrans("“”«»‘’—–", '""""\'\',,')
_END = re.compile(r"[.!?…][\"')]*$")
_READERS: Mapping[str, tuple[Callable[[str], str], Mapping[str, str]]] = {
    "es": (normalize_spanish, SPANISH_LETTERS),
    "en": (normalize_english, ENGLISH_LETTERS),
}
LANGUAGES = tuple(_READERS)


class F5Teacher:
    """Clones the voice and the speaking style of a prompt.

    Parameters
    ----------
    model_dir : path
        Contains the folder `f5` (`manage.py models pull f5`).
    lang : str
        `es` or `en`: the language in which figures and abbreviations are read.
    device : str
        `cpu`, `cuda`, …; empty for CUDA if available.
    steps : int or str
        Steps of the flow, each two passes of the network; fewer are faster but less accurate.

    Raises
    ------
    EngineError
        `bad_option`, `missing_model`, `bad_model`; `no_teacher`: F5 is not installed here.
    """

    name: ClassVar[str] = "f5"
    sr = SR

    def __init__(
        self,
        *,
        model_dir: str | Path,
        lang: str = "es",
        device: str = "",
        steps: int | str = 32,
    ) -> None:
        if not str(steps).isdecimal() or not 1 <= int(steps) <= 128:
            raise EngineError("bad_option", f"steps: 1 to 128, not {steps!r}.")
        read_aloud("a", lang)
        self._lang, self._steps = lang, int(steps)
        folder = Path(model_dir).resolve()
        files = files_of(folder)
        self.licence = weights_of(folder).licence
        stamp = (files.checkpoint.stat().st_mtime_ns, files.vocab.stat().st_mtime_ns)
        self._network = _network(folder, device, stamp)
        self._lock = threading.Lock()

    @property
    def device(self) -> str:
        return self._network.device

    def synthesize(
        self, text: str, condition: Prompt, *, speed: float = 1.0, seed: int = 0
    ) -> Audio:
        """Speak `text` as the prompt speaks.

        Parameters
        ----------
        text : str
            Of any length: split at sentences, then clauses, into pieces that F5 can speak at once.
        condition : Prompt
            Audio and its transcript; prepared by `reference_audio.prepare`.
        speed : float
            0.25…4, relative to the pace of the prompt. Pace is measured in letters; F5 itself uses
            bytes, which lengthens accented letters.
        seed : int
            Seed of the noise that the flow starts from; equal arguments give equal samples on one
            type of machine.

        Returns
        -------
        Audio
            24 kHz.

        Raises
        ------
        EngineError
            `empty_text`, `bad_speed`, those of `prepare`; `bad_model`: the output is not finite.
        """
        if not SPEEDS[0] <= speed <= SPEEDS[1]:
            raise EngineError("bad_speed", f"speed: 0.25 to 4, not {speed}.")
        text = read_aloud(text, self._lang)
        prompt = _prepared(condition, _stamp(condition), self._lang)
        pace_s = prompt.speech_s / len(prompt.text) / speed  # per letter
        max_letters = max(1, int((LONGEST_S - prompt.audio.duration_s) / pace_s))
        spoken = [
            self._speak(piece, prompt, pace_s, seed + number)
            for number, piece in enumerate(pieces(text, len, max_letters))
        ]
        return Audio(joined(spoken, SR), SR)

    def _speak(self, text: str, prompt: Prepared, pace_s: float, seed: int) -> Samples:
        answer_s = max(SHORTEST_S, len(text) * pace_s) + END_S
        with self._lock:
            y = self._network.speak(
                text, prompt.audio, prompt.text, answer_s=answer_s, steps=self._steps, seed=seed
            )
        if not np.isfinite(y).all():
            raise EngineError("bad_model", "F5's weights gave no finite sound: they are damaged.")
        n = min(round(FADE_S * SR), len(y) // 2)
        ramp = np.linspace(0.0, 1.0, n, dtype=np.float32)
        y[:n] *= ramp
        y[len(y) - n :] *= ramp[::-1]
        return y


@lru_cache(maxsize=1)
def _network(model_dir: Path, device: str, _stamp: Any) -> Network:
    """Load F5 once per process: a worker creates a teacher for every slice."""
    from distillation.engines.f5.network import load

    return load(files_of(model_dir), device)


def _stamp(prompt: Prompt) -> int:
    return prompt.audio.stat().st_mtime_ns if prompt.audio and prompt.audio.exists() else 0


_recent: dict[tuple[Any, ...], Prepared] = {}


def _prepared(prompt: Prompt, stamp: int, lang: str) -> Prepared:
    """Return the prepared prompt with its text as read aloud; the last eight are cached."""
    key = (prompt.audio, prompt.transcript, stamp, lang)
    if key not in _recent:
        made = prepare(prompt)
        while len(_recent) >= 8:
            _recent.pop(next(iter(_recent)))
        _recent[key] = Prepared(made.audio, read_aloud(made.text, lang), made.speech_s)
    return _recent[key]


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
