"""A bounded request queue in front of the inference threads that run the engine."""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Literal, Self, TypeVar

import numpy as np

from corpus.audio.encoding import SR, Encoder
from corpus.audio.io import resample
from corpus.audio.loudness import amplify
from corpus.audio.types import Audio, Samples
from corpus.text.chunking import chunk_by_length
from distillation.delivery import PLAIN, Delivery
from distillation.engines.base import (
    CaptioningStudent,
    ConcurrentStudent,
    EngineError,
    PhonemeStudent,
    SpokenWord,
    StreamingStudent,
    Student,
)
from distillation.voicepack import VoicePack
from voicelab.tts.errors import RATE, SERVER, ApiError

logger = logging.getLogger(__name__)
T = TypeVar("T")
Kind = Literal["text", "captions", "phonemes"]  # a text, a text with its words' times, phonemes
Sound = Iterator[tuple[Audio, list[SpokenWord]]]

FIRST_CHARS = 40  # the first piece is short: its sound is what the caller waits for
PIECE_CHARS = 200
EDGE_S = 0.004  # each piece fades in and out, so that joins do not click
READERS = 8  # requests that may be open, for each that may be active: most wait for their reader
STALLED_S = 60.0  # a client that has read nothing for so long may lose its place
PAUSE_S = 0.25  # between pieces, at speed 1; Kokoro's own between two sentences: 0.34-0.45 s


@dataclass(frozen=True, eq=False)
class Utterance:
    """What is spoken, with its engine, pack, speed and encoder.

    `speed` already contains that of `delivery`; its pitch range is applied to the pack, its gain to
    the samples.
    """

    text: str
    student: Student
    pack: Callable[[], VoicePack]
    speed: float
    encoder: Encoder
    seed: int = 0  # equal requests give equal audio
    delivery: Delivery = PLAIN
    kind: Kind = "text"

    def pieces(self) -> list[str]:
        """Return what is spoken in turns."""
        if self.kind == "phonemes":
            return [self.text]
        return chunk_by_length(self.text, first=FIRST_CHARS, limit=PIECE_CHARS)

    def sound_of(self, piece: str) -> Sound:
        """Return the sound of a piece: as it comes, if the engine can, else all at once."""
        student, pack = self.student, self.pack()
        if self.delivery.pitch_range != 1:  # never of a prompt, which has no delivery
            pack = pack.at_pitch_range(self.delivery.pitch_range)
        speed, seed = self.speed, self.seed
        if self.kind == "captions" and isinstance(student, CaptioningStudent):
            return student.captioned(piece, pack, speed=speed, seed=seed)
        if self.kind == "phonemes" and isinstance(student, PhonemeStudent):
            sound = student.speak_phonemes(piece, pack, speed=speed, seed=seed)
        elif isinstance(student, StreamingStudent):
            sound = student.stream(piece, pack, speed=speed, seed=seed)
        else:
            sound = iter([_faded_out(student.synthesize(piece, pack, speed=speed, seed=seed))])
        return ((audio, []) for audio in sound)


class Speaker:
    """Inference threads and their queue of requests.

    Each turn of a request is one window or piece, whichever thread is free takes the oldest one,
    and a request waits for its turn before it asks for the next: so all requests go on alike.

    Parameters
    ----------
    workers : int
        Threads; they share the engine and its weights, and the processor by turns: a request
        that is alone has all of it.
    waiting : int
        Requests that may wait behind the ones being spoken; further ones are rejected.
    timeout_s : float
        Bounds the time to a request's first sound, and its synthesis; a request that takes longer
        is abandoned. How slowly a client reads does not count.
    on_release : callable
        Called with every job that leaves the queue, from any thread.
    """

    def __init__(
        self,
        *,
        waiting: int,
        timeout_s: float,
        on_release: Callable[[Job], None],
        workers: int = 1,
    ) -> None:
        self.timeout_s = timeout_s
        self.workers = workers
        self._limit = waiting + workers
        self._on_release = on_release
        self._jobs: set[Job] = set()
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="inference")
        self._recent_s: deque[float] = deque([1.0], maxlen=20)
        self._working_since: dict[int, float] = {}  # by thread

    @property
    def depth(self) -> int:
        """Number of admitted, unfinished requests, those waiting for their reader included."""
        return len(self._jobs)

    @property
    def active(self) -> int:
        """Number of requests that are synthesized or wait for it."""
        return sum(job.is_active for job in self._jobs)

    @property
    def shares(self) -> int:
        """Into how many parts the processor is divided now."""
        return min(self.workers, max(1, self.active))

    @property
    def stuck_s(self) -> float:
        """Seconds by which the longest current turn has exceeded `timeout_s`."""
        since = min(self._working_since.copy().values(), default=None)
        return 0.0 if since is None else max(0.0, time.monotonic() - since - self.timeout_s)

    async def run(self, work: Callable[[], T]) -> T:
        """Run `work` in an inference thread; if cancelled while queued, it never starts."""
        return await asyncio.wrap_future(self._threads.submit(self._timed, work))

    def admit(self, utterance: Utterance) -> Job:
        """Queue the utterance; raise ApiError 429 with Retry-After if the queue is full."""
        if len(self._jobs) >= READERS * self._limit:
            self._drop_stalled()
        if self.active >= self._limit or len(self._jobs) >= READERS * self._limit:
            raise self._queue_full()
        job = Job(self, utterance)
        self._jobs.add(job)
        return job

    def release(self, job: Job) -> None:
        """Free the job's place; idempotent, callable from any thread."""
        if job in self._jobs:
            self._jobs.discard(job)
            if job.complete:
                self._recent_s.append(job.synthesis_s)
            self._on_release(job)

    def _queue_full(self) -> ApiError:
        mean_s = sum(self._recent_s) / len(self._recent_s)
        wait_s = math.ceil(max(self.active, 1) * mean_s / self.workers)
        return ApiError(
            429,
            f"{self.active} requests are being spoken or waiting; try again in {wait_s} s.",
            code="queue_full",
            kind=RATE,
            headers={"Retry-After": str(min(max(wait_s, 1), 60))},
        )

    def _drop_stalled(self) -> None:
        """Give up the request whose client has not read for longest, if that is very long."""
        job = max(self._jobs, key=lambda job: job.unread_s)
        if job.unread_s > STALLED_S:
            job.close()

    def stop(self) -> None:
        """Drop waiting work, without waiting for the pieces being synthesized."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _timed(self, work: Callable[[], T]) -> T:
        thread = threading.get_ident()
        self._working_since[thread] = time.monotonic()
        try:
            return work()
        finally:
            del self._working_since[thread]


class Job:
    """One admitted utterance: an async iterator over its encoded bytes, piece by piece.

    Pieces of several jobs are interleaved in the inference threads, so a short request does not
    wait for the end of a long one. `close` frees the place at any time.
    """

    def __init__(self, speaker: Speaker, utterance: Utterance) -> None:
        self.started = time.monotonic()
        self.audio_s = 0.0
        self.synthesis_s = 0.0
        self.first_byte_s: float | None = None
        self.complete = False
        self.closed = False
        self._speaker = speaker
        self._utterance = utterance
        self._pieces = deque(utterance.pieces())
        self._sound: Sound | None = None  # of the current piece
        self._piece_s = 0.0  # of audio before the current piece
        self._words: list[SpokenWord] = []
        self._ready: deque[bytes] = deque()
        self._asked: float | None = self.started  # when the next bytes were asked for, or None
        self._given = self.started  # when the last bytes were taken

    @property
    def is_active(self) -> bool:
        """Whether it is synthesized or waits for that, not for its reader."""
        return self._asked is not None

    @property
    def unread_s(self) -> float:
        """Seconds since its reader took the last bytes; 0 while it is active."""
        return 0.0 if self.is_active else time.monotonic() - self._given

    @property
    def delivery(self) -> Delivery:
        """The voice's delivery as applied; plain if it has none or they are off."""
        return self._utterance.delivery

    def take_words(self) -> list[SpokenWord]:
        """Return the words spoken since the last call, their times from the beginning."""
        words, self._words = self._words, []
        return words

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if self._ready:
            return self._ready.popleft()
        if self.complete:
            raise StopAsyncIteration
        try:
            return await self._next()
        except BaseException:
            self.close()
            raise

    async def open(self) -> None:
        """Synthesize up to the first bytes, so that errors are reported before any are sent."""
        self._ready.append(await anext(self))

    def close(self) -> None:
        """Leave the queue; remaining pieces are dropped. Callable from any thread."""
        self.closed = True
        self._speaker.release(self)

    async def _next(self) -> bytes:
        """Return the next bytes, synthesizing pieces until the encoder returns some."""
        self._asked, data = time.monotonic(), b""
        try:
            async with asyncio.timeout(self._speaker.timeout_s):
                while not data and not self.complete:
                    data = await self._speaker.run(partial(self._speak, self._speaker.shares))
        except TimeoutError as error:
            raise self._too_slow() from error
        finally:
            self._asked, self._given = None, time.monotonic()
        if self.first_byte_s is None:
            self.first_byte_s = time.monotonic() - self.started
        if self.complete:
            self.close()
        return data

    def _too_slow(self) -> ApiError:
        return ApiError(
            504,
            f"Not spoken within {self._speaker.timeout_s:g} s. Send a shorter text, or try again "
            "when fewer requests are waiting.",
            code="timeout",
            kind=SERVER,
        )

    def _speak(self, shares: int) -> bytes:
        """Synthesize and encode one piece, or a part of it; runs in an inference thread."""
        if isinstance(self._utterance.student, ConcurrentStudent):
            self._utterance.student.share_processor(shares)
        if self.closed or self.synthesis_s > self._speaker.timeout_s:
            raise self._too_slow()
        data, starts = b"", self._sound is None
        found = self._synthesize()
        if found is not None:
            data = self._encoded(*found, starts=starts)
        if self._sound is None and not self._pieces:
            if not self.audio_s:
                raise _nothing_to_speak()
            data += self._utterance.encoder.finish()
            self.complete = True
        return data

    def _encoded(self, audio: Audio, words: list[SpokenWord], *, starts: bool) -> bytes:
        """Encode sound, a pause before it where a piece starts, and keep its words."""
        pause_s = PAUSE_S / self._utterance.speed if starts and self.audio_s else 0.0
        y = _prepared(audio, pause_s, self.delivery.gain_db, fade_in=starts)
        if starts:
            self._piece_s = self.audio_s + pause_s
        self.audio_s += len(y) / SR
        self._words += [
            SpokenWord(one.word, self._piece_s + one.start_s, self._piece_s + one.end_s)
            for one in words
        ]
        return self._utterance.encoder.feed(y)

    def _synthesize(self) -> tuple[Audio, list[SpokenWord]] | None:
        """Return the next sound; None at the end of a piece, and if it has nothing to speak."""
        started = time.monotonic()
        try:
            self._sound = self._sound or self._utterance.sound_of(self._pieces.popleft())
            found = next(self._sound, None)
        except EngineError as error:
            if error.code != "empty_text":
                raise
            found = None
        finally:
            self.synthesis_s += time.monotonic() - started
        if found is None:
            self._sound = None
        return found


def _nothing_to_speak() -> ApiError:
    return ApiError(
        400,
        "input: it contains nothing that can be spoken; give words, not only symbols.",
        code="nothing_to_speak",
        param="input",
    )


def _prepared(audio: Audio, pause_s: float, gain_db: float, *, fade_in: bool) -> Samples:
    """Resample sound to `SR`, apply the gain, fade it in if asked and prepend a pause."""
    y = amplify(resample(audio, SR), gain_db).y.copy()
    if fade_in:
        n = min(int(EDGE_S * SR), len(y) // 2)
        y[:n] *= np.linspace(0.0, 1.0, n, dtype=np.float32)
    return np.concatenate([np.zeros(int(pause_s * SR), np.float32), y])


def _faded_out(audio: Audio) -> Audio:
    n = min(int(EDGE_S * audio.sr), len(audio.y) // 2)
    y = audio.y.copy()
    y[len(y) - n :] *= np.linspace(1.0, 0.0, n, dtype=np.float32)
    return Audio(y, audio.sr)
