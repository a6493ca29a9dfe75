"""One clean signal from decoded channels: those with the speech, without DC offset and rumble."""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray

from corpus.audio.checks import MAX_CLIPPED, clipped_share
from corpus.audio.types import Audio, Samples

Floats = NDArray[np.float64]

BLOCK_S = 0.02
FAINTER_DB = 10.0  # a channel whose speech is further below the loudest one's is left out
ALIKE = 0.5  # correlation with the channel of the loudest speech, either sign
RUMBLE_HZ = 40.0  # no voice is lower; the filter falls from 36 to 40 Hz
EDGE_S = 0.25
FOUND_DB = -30.0  # offset and rumble below this, relative to the rest, are left as they are


class ChannelMeter:
    """Collects what `weights` needs, while a file of several channels is decoded."""

    def __init__(self, sr: int) -> None:
        self._least = max(2, round(BLOCK_S * sr))
        self._waiting: list[Samples] = []
        self._covariances: list[Floats] = []

    def feed(self, y: Samples) -> None:
        """Take the next samples, shape (channels, n)."""
        self._waiting.append(y)
        if sum(part.shape[1] for part in self._waiting) >= self._least:
            block = np.concatenate(self._waiting, axis=1).astype(np.float64)
            self._waiting.clear()
            block -= block.mean(axis=1, keepdims=True)
            self._covariances.append(block @ block.T / block.shape[1])

    def weights(self) -> Floats | None:
        """Return the weight of each channel; None if the plain mean is right."""
        if not self._covariances:
            return None
        return channel_weights(np.stack(self._covariances))


def channel_weights(covariances: Floats) -> Floats | None:
    """Choose the channels to average, so that speech is neither halved nor cancelled.

    The channel whose level varies most in power has the speech: noise and hum are steady. It is
    averaged with those that are alike, and inverted ones are turned round. Channels that are
    silent, that are much fainter, or that hold something else (noise, another person) are left out.

    Parameters
    ----------
    covariances : ndarray, shape (blocks, channels, channels)
        Of short blocks, without their means.

    Returns
    -------
    ndarray, shape (channels,), or None
        None if all channels count alike: their mean.
    """
    power = np.diagonal(covariances, axis1=1, axis2=2)
    loud, quiet = np.percentile(power, [95, 5], axis=0)
    lead = int((loud - quiet).argmax())
    spoken = covariances[power[:, lead] >= np.percentile(power[:, lead], 75)].mean(axis=0)
    own = np.diagonal(spoken)
    likeness = spoken[lead] / np.sqrt(np.maximum(own * own[lead], 1e-30))
    kept = (np.abs(likeness) >= ALIKE) & (own >= own[lead] * 10 ** (-FAINTER_DB / 10))
    kept[lead] = True
    if kept.all() and (likeness > 0).all():
        return None
    return np.asarray(np.where(kept, np.sign(likeness), 0.0) / kept.sum())


def without_rumble(audio: Audio) -> Audio:
    """Remove a DC offset and sound below 40 Hz, where there is any; else return the same object.

    Found means above -30 dB relative to the rest. The offset is the mean. The rest is what
    remains at a sample rate of 80 Hz: subtracted, it is a high-pass of linear phase. Rumble stays
    in clipped audio, as a filter would bend the flat tops that clipping is found by.
    """
    offset = float(audio.y.mean(dtype=np.float64))
    power = float(np.mean(np.square(audio.y, dtype=np.float64)))
    found = 10 ** (FOUND_DB / 10)
    if offset**2 > found * (power - offset**2):
        audio = Audio(audio.y - np.float32(offset), audio.sr)
        power -= offset**2
    low = _rumble(audio)
    edge = min(round(EDGE_S * audio.sr), len(low) // 4)  # there the mirror adds some of its own
    beneath = float(np.mean(np.square(low[edge : len(low) - edge], dtype=np.float64)))
    if beneath <= found * max(power - beneath, 0.0) or clipped_share(audio) > MAX_CLIPPED:
        return audio
    return Audio(audio.y - low, audio.sr)


def _rumble(audio: Audio) -> Samples:
    """Return the part below 40 Hz, at the audio's own rate and length."""
    rate = 2 * RUMBLE_HZ
    beyond = min(round(EDGE_S * audio.sr), len(audio.y) - 1)  # mirrored, or its ends would ring
    padded = np.pad(audio.y, beyond, mode="reflect")
    slow = soxr.resample(soxr.resample(padded, audio.sr, rate), rate, audio.sr)
    slow = np.pad(slow, (0, max(0, beyond + len(audio.y) - len(slow))))
    return np.asarray(slow[beyond : beyond + len(audio.y)], dtype=np.float32)
