"""Run as a program: speaks with espeak-ng inside Praat until its input ends.

Pickled requests come in by standard input, pickled answers go out by standard output. It is run by
its path, so it imports nothing of ours.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np
from parselmouth.praat import call

VARIANT = "Denis"  # no flutter: the synthesiser's flutter carries its state from call to call
HZ = 44_100  # what espeak-ng gives inside Praat without resampling
RESET = "Su recibo de este mes ya se encuentra "  # its 31 phonemes are said before every text


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asks decides when to end
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    with suppress(EOFError):
        while True:
            request = pickle.load(requests)  # noqa: S301  # of the process that began this one
            pickle.dump(said(**request), answers)
            answers.flush()


def said(
    text: str, language: str, gap_s: float, pitch: float, intonation: float, rate_wpm: float, *,
    resets: int, count: bool,
) -> Any:  # fmt: skip
    """Return samples, shape (n,), float32, or with `count` the number of phonemes.

    Where a text ends, espeak-ng looks at the phonemes behind: what a longer text left there
    decides over pauses. A longer text that is always the same comes before, so often `resets`.
    """
    voice = _synthesizer(language)
    call(voice, "Speech output settings", HZ, 0.05, 1.0, 1.0, 360.0, "IPA")
    call(voice, "To Sound", RESET * resets, False)
    call(voice, "Speech output settings", HZ, gap_s, pitch, intonation, rate_wpm, "IPA")
    made = call(voice, "To Sound", text, count)
    if count:
        return int(call(made[0], "Count intervals where", 4, "is not equal to", ""))
    return made[-1].values[0].astype(np.float32)


@cache
def _synthesizer(language: str) -> Any:
    return call("Create SpeechSynthesizer", language, VARIANT)


if __name__ == "__main__":
    main()
