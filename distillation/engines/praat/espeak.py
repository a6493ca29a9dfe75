"""Runs espeak-ng inside Praat in a subprocess, restarted regularly as every text leaks 115 KB."""

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
_TEXTS = 2000  # per process, which by then has grown by 230 MB
_TRIES = 2  # a process that died is replaced
_RESET_PHONEMES = 31
_PIPE_BYTES = 2**20  # holds five seconds of audio


def sound(
    text: str, language: str, *, pitch: float, intonation: float, rate_wpm: float, gap_s: float
) -> Samples:
    """Synthesize a text with espeak-ng.

    Parameters
    ----------
    text : str
        Any length.
    language : str
        Praat's name for it, such as "Spanish (Spain)".
    pitch, intonation : float
        Praat's adjustment of pitch, 0.5…2, and of its range, 0…2.
    rate_wpm : float
        Words per minute, 80…450.
    gap_s : float
        Pause added between words, above 0.

    Returns
    -------
    ndarray, shape (n,), float32
        44.1 kHz. Equal arguments give equal samples, regardless of previous texts.

    Raises
    ------
    EngineError
        `unspeakable`: the text crashed the speaking process and its replacement.
    """
    samples: Samples = _SPEAKER.ask(
        text=text, language=language, gap_s=gap_s, pitch=pitch, intonation=intonation,
        rate_wpm=rate_wpm, resets=2 + phoneme_count(text, language) // _RESET_PHONEMES,
        count=False,
    )  # fmt: skip
    return samples


def speak_in_this_process() -> None:
    """Synthesize in this process from now on, for processes that are restarted regularly anyway.

    This saves waiting for a subprocess, as two workers with one each make four processes on two
    cores: a search by two workers is a sixth faster.
    """
    _SPEAKER.here = True


@contextmanager
def speak_in_subprocess() -> Iterator[None]:
    """Use a subprocess again within this block, so that a text that crashes it can be named."""
    before, _SPEAKER.here = _SPEAKER.here, False
    try:
        yield
    finally:
        _SPEAKER.here = before
        if before:
            _SPEAKER.end()


@lru_cache(maxsize=4096)
def phoneme_count(text: str, language: str) -> int:
    """Return the number of phonemes espeak-ng speaks; arguments and errors as for `sound`."""
    count: int = _SPEAKER.ask(
        text=text, language=language, gap_s=1e-4, pitch=1.0, intonation=1.0, rate_wpm=450.0,
        resets=1, count=True,
    )  # fmt: skip
    return count


class Speaker:
    """The speaking subprocess, started on the first request; every fork gets its own.

    Praat never frees what espeak-ng allocated for a text, and some texts crash the process, so
    neither should happen in a worker that runs for days.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._texts = 0
        self.here = False

    def ask(self, **request: Any) -> Any:
        """Send a request and return the response; one at a time."""
        with self._lock:
            if self.here:
                return _answer_here(request)
            for _ in range(_TRIES):
                try:
                    return self._answer(request)
                except (EOFError, BrokenPipeError, pickle.UnpicklingError):
                    self.end()
                except BaseException:  # e.g. a time limit: the pipe may contain a partial response
                    self.end()
                    raise
        raise EngineError(
            "unspeakable", f"espeak-ng broke down over {request['text'][:60]!r}: say it otherwise."
        )

    def end(self) -> None:
        """Kill the process; the next request starts another."""
        process, self._process, self._texts = self._process, None, 0
        if process:
            process.kill()
            process.communicate()

    def forget(self) -> None:
        """Detach from the process after a fork: it belongs to the parent."""
        self._lock = threading.Lock()
        process, self._process, self._texts = self._process, None, 0
        if process:
            process.returncode = 0  # the parent waits for it
            for pipe in _pipes(process):
                cast(Any, pipe).raw.close()  # a parent's thread may hold the buffer's lock

    def _answer(self, request: dict[str, Any]) -> Any:
        if self._texts == _TEXTS:
            self.end()
        self._process = self._process or _started()
        self._texts += 1
        requests, answers = _pipes(self._process)
        pickle.dump(request, requests)
        requests.flush()
        return pickle.load(answers)  # noqa: S301  # from our own subprocess


def _answer_here(request: dict[str, Any]) -> Any:
    from distillation.engines.praat.espeak_process import said  # imports Praat

    return said(**request)


def _started() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", str(_PROGRAM)]  # -P: this folder is not put on sys.path
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # also during its startup
    try:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    with suppress(OSError, AttributeError):  # the user's limit for pipes may be reached
        fcntl.fcntl(_pipes(process)[1], fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    return process


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    return cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)


_SPEAKER = Speaker()
atexit.register(_SPEAKER.end)
os.register_at_fork(after_in_child=_SPEAKER.forget)
