"""What a style's similarity means: against impostors and a ceiling, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.audio.types import Audio, AudioError
from distillation.scoring.encoder import Embedding, speaker_encoder
from distillation.scoring.scorer import centroid
from distillation.stages.intervals import bootstrap

DECIMALS = 4  # of the embeddings in a report
MIN_PART_S = 1.6  # of a part of a target: one window of the speaker encoder


def similarities(spoken: Mapping[str, Sequence[Audio]], target: Embedding) -> dict[str, Any]:
    """Return the similarity of voices to the target, with intervals over the sentences.

    Parameters
    ----------
    spoken : mapping of str to sequence of Audio
        The held-out sentences by `start`, `evolved`, `best_base` if it is not the start, and
        `deployed` if a voice of this style is in service.
    target : ndarray, shape (256,)
        Embedding of the target.

    Returns
    -------
    dict
        Intervals by voice, of the `gain` over the start, `over_best_base` and `over_deployed`,
        paired by sentence, and of the self-similarity of `start` and `evolved` (`self`, a sentence
        against the others); `embeddings` of the evolved voice and its similarity `by_sentence`, one
        for each sentence.
    """
    found = {kind: np.stack([embedding(one) for one in audios]) for kind, audios in spoken.items()}
    by_sentence = {kind: (rows @ target).tolist() for kind, rows in found.items()}
    start, evolved = by_sentence["start"], by_sentence["evolved"]
    best = by_sentence.get("best_base", start)
    return {
        **{kind: bootstrap(values).to_json() for kind, values in by_sentence.items()},
        "gain": bootstrap(np.subtract(evolved, start).tolist()).to_json(),
        "over_best_base": bootstrap(np.subtract(evolved, best).tolist()).to_json(),
        **_over_deployed(by_sentence),
        "self": {
            kind: bootstrap(_to_others(found[kind])).to_json() for kind in ("start", "evolved")
        },
        "by_sentence": np.round(evolved, DECIMALS).tolist(),
        "embeddings": found["evolved"].round(DECIMALS).tolist(),
    }


def _over_deployed(by_sentence: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    deployed = by_sentence.get("deployed")
    if deployed is None:
        return {}
    gain = np.subtract(by_sentence["evolved"], deployed).tolist()
    return {"over_deployed": bootstrap(gain).to_json()}


def _to_others(rows: NDArray[np.float32]) -> list[float]:
    """Return the mean similarity of each sentence to the others."""
    products = np.asarray(rows @ rows.T, np.float64)
    np.fill_diagonal(products, np.nan)
    return [float(np.nanmean(row)) if len(rows) > 1 else 0.0 for row in products]


def ceiling(clips: Sequence[Audio]) -> float | None:
    """Return how similar a target's own clips are: each with the centroid of the others.

    A single clip is cut in two. None if the parts are too short to tell a speaker.
    """
    parts = list(clips) if len(clips) > 1 else _halves(clips[0])
    if min(part.duration_s for part in parts) < MIN_PART_S:
        return None
    found = [embedding(part) for part in parts]
    each = [one @ centroid([*found[:n], *found[n + 1 :]]) for n, one in enumerate(found)]
    return float(np.mean(each))


def impostors(voices: Mapping[str, Embedding], target: Embedding) -> dict[str, Any]:
    """Return mean and highest similarity of base voices to a target, and whose the highest is.

    Parameters
    ----------
    voices : mapping of str to ndarray, shape (texts, 256)
        Embeddings of the base voices on the search texts.
    target : ndarray, shape (256,)
        Embedding of the target.
    """
    each = {name: float((rows @ target).mean()) for name, rows in voices.items()}
    best = max(each, key=lambda name: each[name])
    return {"mean": float(np.mean(list(each.values()))), "best": each[best], "voice": best}


def speaker_distance(styles: Sequence[Sequence[Sequence[float]]]) -> float | None:
    """Return the lowest mean similarity of two styles on the same sentences; None for one style.

    Parameters
    ----------
    styles : sequence, shape (styles, sentences, 256)
        Embeddings of the evolved voices.
    """
    found = [_unit(np.array(one)) for one in styles]
    pairs = [(a * b).sum(axis=1).mean() for n, a in enumerate(found) for b in found[:n]]
    return float(min(pairs)) if pairs else None


def embedding(audio: Audio) -> Embedding:
    """Return the speaker embedding; zeros where no speech is found."""
    try:
        return speaker_encoder().embed(audio)
    except AudioError:
        return np.zeros(256, np.float32)


def _halves(clip: Audio) -> list[Audio]:
    middle_s = clip.duration_s / 2
    return [clip.part(0.0, middle_s), clip.part(middle_s, clip.duration_s)]


def _unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))
