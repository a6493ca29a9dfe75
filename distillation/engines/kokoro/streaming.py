"""Kokoro's speech in windows: prosody of the whole text first, then its sound bit by bit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from corpus.audio.types import Samples
from distillation.engines.kokoro.network import Network, Prosody, widened
from distillation.engines.kokoro.tempo import Tempo
from distillation.voicepack import VoicePack

if TYPE_CHECKING:
    from torch import Tensor

FRAME = 600  # samples: 25 ms
FIRST = 20  # frames of the first window; each further one is longer, by what was gained in time
GROWTH = 1.6
LONGEST = 120
LEAST = 8  # a shorter rest joins the window before it
CONTEXT = 12  # frames decoded on either side of a window and dropped, for the convolutions
FADE = 240  # samples over which two windows are cross-faded
FLEXIBLE = 1.5  # up to this speed a phoneme lasts two frames on average
TOLERANCE = 0.01  # of the length
EDGE = 2  # frames kept of the silence before and after the text, of about eight


class Plan(NamedTuple):
    """What all windows of a text share."""

    prosody: Prosody
    timbre: Tensor
    frames: list[int]  # of the silence before, each phoneme, and the silence after
    first: int  # frame of the first sound
    end: int  # frame after the last
    tempo: float  # factor of the length, where frames alone cannot be short enough

    @property
    def samples(self) -> int:
        """Samples of the sound."""
        return round((self.end - self.first) * FRAME * self.tempo)


def windows(first: int, end: int, shortest: float = FIRST) -> Iterator[tuple[int, int]]:
    """Yield the windows (first frame, end) into which frames are cut, short ones first.

    The first has `shortest` frames. Each lasts at most `GROWTH` times as long as the one before it,
    so that it is decoded before that one has been played if decoding takes less than half the time
    of playing.
    """
    length = float(shortest)
    while first < end:
        cut = min(end, first + int(length))
        cut = end if end - cut < LEAST else cut
        yield first, cut
        first, length = cut, min(LONGEST, length * GROWTH)


def streamed(network: Network, plan: Plan) -> Iterator[Samples]:
    """Yield the sound of a planned text, window by window, without its silent edges.

    Where it is to be shorter than its frames, each window is shortened as it comes.

    Durations, F0 and energy are those of the whole text, so that a window ends as the text goes
    on, and the harmonic source keeps its phase. The decoder sees a window and `CONTEXT` on either
    side; its instance norms, which average over all they see, make windows differ from the whole
    by about 4 dB per mel band, not in pitch, pace or level, and not in predicted naturalness
    (4.38 and 4.37, mean of three sentences of `ef_dora`, where cuts without context gave 3.50).

    Parameters
    ----------
    network : Network
        Shared; not changed.
    plan : Plan
        Of `planned`.

    Yields
    ------
    ndarray, shape (n,), float32
        24 kHz, one after the other without a gap.
    """
    if plan.tempo == 1.0:
        yield from _windows(network, plan)
        return
    tempo = Tempo(plan.tempo)
    yield from (y for y in map(tempo.feed, _windows(network, plan)) if len(y))
    yield tempo.finish()


def _windows(network: Network, plan: Plan) -> Iterator[Samples]:
    tail: Samples = np.zeros(0, np.float32)
    for first, end in windows(plan.first, plan.end, FIRST / plan.tempo):
        y, after = _decoded(network, plan, first, end)
        y[: len(tail)] = _crossed(tail, y[: len(tail)])
        tail = after
        yield y


def tempo_of(plain_frames: int, frames: int, speed: float) -> float:
    """Return the factor, at most 1, by which sound is still to be shortened.

    Up to a speed of `FLEXIBLE` durations alone give the length; above it there are phonemes of one
    frame, and none can be shorter.

    Parameters
    ----------
    plain_frames, frames : int
        Those of the sound at speed 1, and at this speed.
    speed : float
        Above 1 is faster.
    """
    factor = plain_frames / speed / frames
    return factor if factor < 1 - TOLERANCE else 1.0


def _frames_without_edges(frames: Sequence[int]) -> int:
    """Return how many of a text's frames are kept at speed 1."""
    return sum(frames) - max(0, frames[0] - EDGE) - max(0, frames[-1] - EDGE)


class Piece(NamedTuple):
    """A piece of a text, its phonemes, the row of the pack that it uses, and its pitch range."""

    text: str
    phonemes: str
    row: Samples
    pitch_range: float

    @classmethod
    def of(cls, text: str, phonemes: str, pack: VoicePack) -> Piece:
        """Return the piece as a voice speaks it; `phonemes` are in the model's vocabulary."""
        return cls(text, phonemes, pack.row(len(phonemes)), pack.pitch_range)


def planned(network: Network, piece: Piece, *, speed: float, seed: int) -> Plan:
    """Return the prosody of a piece, and which of its frames are kept.

    Parameters
    ----------
    network : Network
        Shared; not changed.
    piece : Piece
        At most 510 phonemes.
    speed : float
        Above 1 is faster.
    seed : int
        Of the vocoder's noise.
    """
    import torch

    with torch.inference_mode():
        style = torch.from_numpy(np.array(piece.row[None], np.float32)).to(network.device)
        timbre, manner = style[:, :128], style[:, 128:]
        text = network.text(piece.phonemes)
        hidden = network.hidden(text, manner)
        at = network.frames(hidden, speed)
        aligned, f0, energy = network.aligned(text, hidden, at, manner)
        f0 = widened(f0, piece.pitch_range)
        prosody = Prosody(aligned, f0, energy, network.source(f0, seed))
        frames = [int(count) for count in torch.bincount(at)]
    edge = round(EDGE / speed)
    first, end = max(0, frames[0] - edge), len(at) - max(0, frames[-1] - edge)
    plan = Plan(prosody, timbre, frames, first, end, 1.0)
    if speed <= FLEXIBLE:
        return plan
    plain = _frames_without_edges(network.plain_frames(piece.phonemes, piece.row))
    return plan._replace(tempo=tempo_of(plain, end - first, speed))


def _decoded(network: Network, plan: Plan, first: int, end: int) -> tuple[Samples, Samples]:
    """Return the samples of a window, and what follows it, to be cross-faded with the next one."""
    import torch

    whole = plan.prosody
    low, high = max(0, first - CONTEXT), min(whole.aligned.shape[2], end + CONTEXT)
    with torch.inference_mode():
        y = network.decode_window(_part(whole, low, high), plan.timbre)
        samples = y.float().cpu().numpy()
    begin, stop = (first - low) * FRAME, (end - low) * FRAME
    following = FADE if end < plan.end else 0
    return samples[begin:stop].copy(), samples[stop : stop + following].copy()


def _part(whole: Prosody, low: int, high: int) -> Prosody:
    """Return the prosody of some frames: F0 and energy have 2 values in each, the source 120."""
    return Prosody(
        whole.aligned[:, :, low:high].contiguous(),
        whole.f0[:, 2 * low : 2 * high].contiguous(),
        whole.energy[:, 2 * low : 2 * high].contiguous(),
        whole.source[:, :, 120 * low : 120 * high + 1].contiguous(),
    )


def _crossed(before: Samples, after: Samples) -> Samples:
    weight = np.linspace(0.0, 1.0, len(before), dtype=np.float32)
    mixed: Samples = before * (1 - weight) + after * weight
    return mixed
