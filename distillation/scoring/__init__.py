"""Audio to Score: speaker encoder, self-similarity, features, harmonic mean."""

from distillation.scoring.encoder import SpeakerEncoder, speaker_encoder
from distillation.scoring.scorer import Heard, Score, Scorer, self_similarity, similarity

__all__ = [
    "Heard",
    "Score",
    "Scorer",
    "SpeakerEncoder",
    "self_similarity",
    "similarity",
    "speaker_encoder",
]
