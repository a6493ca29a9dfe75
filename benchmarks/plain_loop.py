"""The plain loop that `benchmarks.kokoro` compares with: evaluation as in KVoiceWalk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus.audio.types import Audio
from distillation.engines.kokoro.files import CONFIG, REPO, WEIGHTS
from distillation.voicepack import VoicePack

SR = 24_000
PEAK = 0.97

Samples = NDArray[np.float32]


class PlainLoop:
    """Evaluates with a `KPipeline` call per text, Resemblyzer's own embedding, all features.

    Seeded, so that it produces the same samples as ours.
    """

    def __init__(self, model_dir: Path, target: Audio, texts: tuple[str, str], seed: int) -> None:
        from kokoro.model import KModel
        from kokoro.pipeline import KPipeline
        from resemblyzer import VoiceEncoder

        files = {"config": str(model_dir / CONFIG), "model": str(model_dir / WEIGHTS)}
        model = KModel(repo_id=REPO, **files).eval()
        self._pipeline = KPipeline(lang_code="e", repo_id=REPO, model=model)
        self._encoder = VoiceEncoder("cpu", verbose=False)
        self._texts, self._seed = texts, seed
        self._target = self._embed(target.y)
        self._target_features = librosa_features(target.y)

    def candidate(self, pack: VoicePack) -> list[Audio]:
        """Synthesize, embed and measure a candidate; return its audio."""
        first = self._speak(self._texts[0], pack)
        float(self._embed(first) @ self._target)
        second = self._speak(self._texts[1], pack)
        float(self._embed(first) @ self._embed(second))
        for name, value in librosa_features(first).items():
            abs(value - self._target_features[name])
        return [Audio(y, SR) for y in (first, second)]

    def _speak(self, text: str, pack: VoicePack) -> Samples:
        import torch

        torch.manual_seed(self._seed)
        voice = torch.from_numpy(pack.data.copy())
        y = np.concatenate([part.audio.numpy() for part in self._pipeline(text, voice=voice)])
        return np.asarray(y * min(1.0, PEAK / float(np.abs(y).max())), np.float32)

    def _embed(self, y: Samples) -> Samples:
        from resemblyzer import preprocess_wav

        embedding: Samples = self._encoder.embed_utterance(preprocess_wav(y, source_sr=SR))
        return embedding


def librosa_features(y: Samples) -> dict[str, float]:
    """Return mean and deviation of KVoiceWalk's librosa features, without its beat tracker."""
    import librosa

    rows = {
        "rms": librosa.feature.rms(y=y),
        "crossings": librosa.feature.zero_crossing_rate(y),
        "centroid": librosa.feature.spectral_centroid(y=y, sr=SR),
        "bandwidth": librosa.feature.spectral_bandwidth(y=y, sr=SR),
        "rolloff": librosa.feature.spectral_rolloff(y=y, sr=SR),
        "contrast": librosa.feature.spectral_contrast(y=y, sr=SR),
        "mfcc": librosa.feature.mfcc(y=y, sr=SR, n_mfcc=13),
        "chroma": librosa.feature.chroma_stft(y=y, sr=SR),
        "mel": librosa.feature.melspectrogram(y=y, sr=SR),
    }
    return {
        f"{name}{index}_{kind}": float(getattr(np, kind)(row))
        for name, values in rows.items()
        for index, row in enumerate(values)
        for kind in ("mean", "std")
    }
