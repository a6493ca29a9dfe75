"""A second speaker measure on a validated voice, by an encoder that no search uses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.audio.types import Audio, AudioError
from distillation.scoring import second_encoder
from distillation.scoring.second_measure import MIN_CLIPS, MIN_VOICES, SecondMeasure

NAME = "second_measure"
Vectors = NDArray[np.float32]


def second_vectors(clips: Sequence[Audio]) -> Vectors:
    """Return the second encoder's vectors of clips, shape (n, 256).

    Empty if the encoder is not installed, or finds no speech in one of them.
    """
    if not second_encoder.available():
        return np.zeros((0, second_encoder.SIZE), np.float32)
    try:
        return np.stack([second_encoder.features(clip) for clip in clips])
    except AudioError:
        return np.zeros((0, second_encoder.SIZE), np.float32)


def second_opinion(
    cohort: Sequence[Vectors],
    clips: Sequence[Audio],
    start: Sequence[Audio],
    evolved: Sequence[Audio],
    *,
    gained: bool,
) -> dict[str, Any] | None:
    """Return what the second measure says of a voice, in the JSON of a report.

    Parameters
    ----------
    cohort : sequence of ndarray, shape (texts, 256)
        Vectors of the base voices.
    clips : sequence of Audio
        Of the target.
    start, evolved : sequence of Audio
        The same held-out sentences in both voices.
    gained : bool
        Whether the voice gained by the measure that was optimised.

    Returns
    -------
    dict or None
        Similarity to the target of `start` and `evolved` (`mean`), the `equal_error_rate` on the
        cohort, whether it `is_reliable`, and `flagged`: gained by the one and lost by this one.
        None without the encoder, or with too few base voices.
    """
    known = [vectors for vectors in cohort if len(vectors) >= MIN_CLIPS]
    found = {"target": clips, "start": start, "evolved": evolved}
    vectors = {name: second_vectors(audios) for name, audios in found.items()}
    if len(known) < MIN_VOICES or not all(len(one) for one in vectors.values()):
        return None
    measure = SecondMeasure(np.stack(known))
    target = vectors["target"]
    return {
        **{
            name: {"mean": measure.similarity(target, vectors[name])}
            for name in ("start", "evolved")
        },
        "equal_error_rate": measure.equal_error_rate,
        "is_reliable": measure.is_reliable,
        "flagged": gained and measure.loses(target, vectors["start"], vectors["evolved"]),
    }
