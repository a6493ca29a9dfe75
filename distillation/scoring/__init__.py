"""Scoring of audio: speaker encoder, self-similarity, features, harmonic mean."""

from distillation.scoring.encoder import SpeakerEncoder, speaker_encoder
from distillation.scoring.scorer import Score, Scorer, TextResult, self_similarity, similarity

__all__ = [
    "Score",
    "Scorer",
    "SpeakerEncoder",
    "TextResult",
    "self_similarity",
    "similarity",
    "speaker_encoder",
]
