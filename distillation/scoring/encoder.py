"""Speaker embeddings of audio, by Resemblyzer."""

from __future__ import annotations

import warnings
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from corpus.audio.io import resample
from corpus.audio.types import Audio, AudioError
from distillation.scoring.mel import mel_spectrogram

if TYPE_CHECKING:
    from resemblyzer import VoiceEncoder

Embedding = NDArray[np.float32]

SR = 16_000
N_FFT, HOP, N_MELS = 400, 160, 40  # 25 ms windows every 10 ms, as Resemblyzer was trained
RATE, COVERAGE = 1.3, 0.75  # partial utterances per second; minimum coverage of the last
LEVEL_DBFS = -30.0
SILENCE = 1e-5


class SpeakerEncoder:
    """Resemblyzer's GE2E encoder, loaded once per process by `speaker_encoder`.

    The steps are Resemblyzer's own (`preprocess_wav`, `embed_utterance`) with two exceptions. The
    mel spectrogram is computed by `scoring.mel`: equal to 1e-5, without 16 s of compilation. And
    loud audio is brought to -30 dBFS as well as quiet audio: the network takes powers, not
    decibels, so that halving the level alone changed a cosine by 0.05.
    """

    def __init__(self) -> None:
        import torch

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # scipy.ndimage.morphology
            from resemblyzer import VoiceEncoder

        torch.set_num_threads(1)  # equal sums on every machine; two processes beat two threads
        self._encoder: VoiceEncoder = VoiceEncoder("cpu", verbose=False)
        self._encoder.eval()

    @property
    def network(self) -> VoiceEncoder:
        """Resemblyzer's network: mel spectrograms (n, 160, 40) to unit vectors."""
        return self._encoder

    def embed(self, audio: Audio) -> Embedding:
        """Return the speaker embedding of `audio` as a unit vector.

        Parameters
        ----------
        audio : Audio
            Any rate; resampled to 16 kHz, brought to -30 dBFS, long silences cut.

        Returns
        -------
        ndarray, shape (256,), float32
            Norm 1, no negative entries: cosines of two embeddings lie in 0…1.

        Raises
        ------
        AudioError
            `silent` or `no_speech`: nothing to identify a speaker by.

        References
        ----------
        Wan et al. 2018, Generalized end-to-end loss for speaker verification.
        """
        return self._embed_speech(_speech_of(audio))

    def _embed_speech(self, y: NDArray[np.float32]) -> Embedding:
        import torch

        samples, frames = self._encoder.compute_partial_slices(len(y), RATE, COVERAGE)
        y = np.pad(y, (0, max(0, samples[-1].stop - len(y))))
        mel = mel_spectrogram(y, sr=SR, n_fft=N_FFT, hop=HOP, n_mels=N_MELS)
        batch = torch.from_numpy(np.stack([mel[part] for part in frames]))
        with torch.inference_mode():
            partials = self._encoder(batch).numpy()
        mean = partials.mean(axis=0)
        return np.asarray(mean / np.linalg.norm(mean), np.float32)


@cache
def speaker_encoder() -> SpeakerEncoder:
    """Return the shared encoder of this process, loaded and warmed up."""
    encoder = SpeakerEncoder()
    noise = np.random.default_rng(0).standard_normal(2 * SR).astype(np.float32)
    encoder._embed_speech(0.05 * noise)
    return encoder


def _speech_of(audio: Audio) -> NDArray[np.float32]:
    """Return 16 kHz samples at a fixed level, without long silences."""
    from resemblyzer.audio import normalize_volume, trim_long_silences

    y = resample(audio, SR).y
    if len(y) < HOP or float(np.abs(y).max()) < SILENCE:
        raise AudioError("silent", "the audio is silent: no voice to compare.")
    y = normalize_volume(y, LEVEL_DBFS)
    y = trim_long_silences(np.clip(y, -1.0, 1.0))
    if len(y) == 0:
        raise AudioError("no_speech", "no speech was found in the audio: no voice to compare.")
    return np.asarray(y, np.float32)
