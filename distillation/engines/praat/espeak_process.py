"""Program that speaks with espeak-ng inside Praat until its input ends.

It reads pickled requests from standard input and writes pickled responses to standard output. It
is run by its path, so it must not import other modules of the project.
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

VARIANT = "Denis"  # a voice without flutter, whose state would persist between calls
HZ = 44_100  # rate of espeak-ng inside Praat without resampling
RESET = "Su recibo de este mes ya se encuentra "  # 31 phonemes, spoken before every text


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # keep libraries' output out of the responses
    with suppress(EOFError):
        while True:
            request = pickle.load(requests)  # noqa: S301  # from the parent process
            pickle.dump(said(**request), answers)
            answers.flush()


def said(
    text: str, language: str, gap_s: float, pitch: float, intonation: float, rate_wpm: float, *,
    resets: int, count: bool,
) -> Any:  # fmt: skip
    """Return samples, shape (n,), float32, or with `count` the number of phonemes.

    At the end of a text, espeak-ng reads the phonemes after it, and leftovers of a previous longer
    text there affect pauses. So a longer text that is always the same, `RESET` repeated `resets`
    times, is spoken first.
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
