"""espeak-ng inside Praat in a renewed subprocess, since every text leaks 115 KB."""

from __future__ import annotations

import atexit
import fcntl
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, cast

from corpus.audio.types import Samples
from distillation.engines.base import EngineError

HZ = 44_100
_PROGRAM = Path(__file__).with_name("espeak_process.py")
_TEXTS = 2000  # of one process: by then it has grown by 230 MB
_TRIES = 2  # a process that was killed is replaced
_RESET_PHONEMES = 31
_PIPE_BYTES = 2**20  # five seconds of sound at once


def sound(
    text: str, language: str, *, pitch: float, intonation: float, rate_wpm: float, gap_s: float
) -> Samples:
    """Return what espeak-ng says.

    Parameters
    ----------
    text : str
        Any length.
    language : str
        As Praat names it, "Spanish (Spain)".
    pitch, intonation : float
        Praat's adjustment of pitch, 0.5…2, and of its range, 0…2.
    rate_wpm : float
        Words a minute, 80…450.
    gap_s : float
        Pause added between words, above 0.

    Returns
    -------
    ndarray, shape (n,), float32
        44.1 kHz. Equal arguments give equal samples, whatever was said before.

    Raises
    ------
    EngineError
        `unspeakable`: the process that speaks broke down over it, and so did the next.
    """
    samples: Samples = _SPEAKER.ask(
        text=text, language=language, gap_s=gap_s, pitch=pitch, intonation=intonation,
        rate_wpm=rate_wpm, resets=2 + phoneme_count(text, language) // _RESET_PHONEMES,
        count=False,
    )  # fmt: skip
    return samples


def speak_here() -> None:
    """From now on let this process speak itself: for one that is renewed anyway.

    No answer has to come from another process then, of which four on two cores wait for each
    other: a search by two workers is a sixth quicker.
    """
    _SPEAKER.here = True


@contextmanager
def speak_apart() -> Iterator[None]:
    """Within this block let a process of its own speak again: a text it dies of is then named."""
    before, _SPEAKER.here = _SPEAKER.here, False
    try:
        yield
    finally:
        _SPEAKER.here = before
        if before:
            _SPEAKER.end()


@lru_cache(maxsize=4096)
def phoneme_count(text: str, language: str) -> int:
    """Return how many phonemes espeak-ng says; arguments and errors as of `sound`."""
    count: int = _SPEAKER.ask(
        text=text, language=language, gap_s=1e-4, pitch=1.0, intonation=1.0, rate_wpm=450.0,
        resets=1, count=True,
    )  # fmt: skip
    return count


class Speaker:
    """The process, begun when something is asked; every fork of this one has its own.

    Praat frees nothing of what espeak-ng allocated for a text, and some texts end the process:
    so neither may happen in a worker that lives for days.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._texts = 0
        self.here = False

    def ask(self, **request: Any) -> Any:
        """Return the answer to a request, one at a time."""
        with self._lock:
            if self.here:
                return _said_here(request)
            for _ in range(_TRIES):
                try:
                    return self._answer(request)
                except (EOFError, BrokenPipeError, pickle.UnpicklingError):
                    self.end()
                except BaseException:  # a time limit, say: half an answer may be in the pipe
                    self.end()
                    raise
        raise EngineError(
            "unspeakable", f"espeak-ng broke down over {request['text'][:60]!r}: say it otherwise."
        )

    def end(self) -> None:
        """End the process; the next request begins another."""
        process, self._process, self._texts = self._process, None, 0
        if process:
            process.kill()
            process.communicate()

    def forget(self) -> None:
        """Leave the process to the one this was forked from."""
        self._lock = threading.Lock()
        process, self._process, self._texts = self._process, None, 0
        if process:
            process.returncode = 0  # not ours to wait for
            for pipe in _pipes(process):
                cast(Any, pipe).raw.close()  # a thread of there may hold the buffer's lock

    def _answer(self, request: dict[str, Any]) -> Any:
        if self._texts == _TEXTS:
            self.end()
        self._process = self._process or _begun()
        self._texts += 1
        requests, answers = _pipes(self._process)
        pickle.dump(request, requests)
        requests.flush()
        return pickle.load(answers)  # noqa: S301  # of the program beside this file


def _said_here(request: dict[str, Any]) -> Any:
    from distillation.engines.praat.espeak_process import said  # loads Praat

    return said(**request)


def _begun() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", str(_PROGRAM)]  # `http.py` lies beside it
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # also while it begins
    try:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    with suppress(OSError, AttributeError):  # a user's pipes may take so much and no more
        fcntl.fcntl(_pipes(process)[1], fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    return process


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    return cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)


_SPEAKER = Speaker()
atexit.register(_SPEAKER.end)
os.register_at_fork(after_in_child=_SPEAKER.forget)
