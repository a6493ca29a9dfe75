"""A second speaker measure on a validated voice, by an encoder that no search uses."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from corpus.audio.types import Audio, AudioError
from distillation.scoring import second_encoder

Float = NDArray[np.float64]
Vectors = NDArray[np.float32]

RELIABLE = 0.10  # equal error rate up to which the measure may flag a voice
MIN_VOICES, MIN_CLIPS = 4, 2
NAME = "second_measure"


class SecondMeasure:
    """Cosine of speaker vectors after subtracting the mean of a cohort of known voices.

    A voice that gains by the measure a search optimises and loses by this one has learned the
    first encoder's weaknesses, not the speaker. The cohort (the stock voices, each speaking the
    same few texts) has two uses: its mean, which contains what all of an engine's voices share,
    and nothing of a single speaker, is subtracted; and the error rate is measured on it.

    Parameters
    ----------
    cohort : array_like, shape (voices, clips, n)
        Vectors by `second_encoder.features`; at least 4 voices and 2 clips of each. An array to
        keep with an atlas of voices, together with `second_encoder.VERSION`.

    Raises
    ------
    ValueError
        Another shape, too few voices or clips, or a value that is not finite.

    References
    ----------
    Garcia-Romero & Espy-Wilson 2011, Analysis of i-vector length normalization in speaker
    recognition systems (centre, then length 1).
    """

    def __init__(self, cohort: ArrayLike) -> None:
        vectors = np.asarray(cohort, np.float64)
        if vectors.ndim != 3 or vectors.shape[0] < MIN_VOICES or vectors.shape[1] < MIN_CLIPS:
            raise ValueError(
                f"the cohort has shape {vectors.shape}; wanted are {MIN_VOICES} voices or more "
                f"with {MIN_CLIPS} clips or more each, (voices, clips, n)."
            )
        if not np.isfinite(vectors).all():
            raise ValueError("the cohort has values that are not finite.")
        self._cohort = vectors
        self._mean: Float = vectors.mean(axis=(0, 1))

    def similarity(self, a: ArrayLike, b: ArrayLike) -> float:
        """Return how much two speakers are alike.

        Parameters
        ----------
        a, b : array_like, shape (clips, n) or (n,)
            Vectors of the clips of either; they are averaged.

        Returns
        -------
        float
            -1…1, symmetric; 1 for equal clips, about 0 for strangers.

        Raises
        ------
        ValueError
            No clip, or another length than the cohort's.
        """
        return float(self._voice(a) @ self._voice(b))

    def loses(self, target: ArrayLike, before: ArrayLike, after: ArrayLike) -> bool:
        """Return whether a voice moved away from its target; False if the measure is unreliable.

        Speak `before` and `after` with the same texts. Together with a gain by the measure that
        was optimised, this is the flag.
        """
        if not self.is_reliable:
            return False
        return self.similarity(target, after) < self.similarity(target, before)

    def one_clip_decides(self, target: ArrayLike, before: ArrayLike, after: ArrayLike) -> bool:
        """Return whether a loss would be none if one of the texts were left out.

        Such a loss is small beside the spread between texts: it may be chance.
        """
        both = zip(_without_each(before), _without_each(after), strict=True)
        return any(self.similarity(target, b) >= self.similarity(target, a) for a, b in both)

    @property
    def is_reliable(self) -> bool:
        """Whether the equal error rate is at most 0.10; if not, nothing may be flagged."""
        return self.equal_error_rate <= RELIABLE

    @cached_property
    def equal_error_rate(self) -> float:
        """Share of wrong decisions, 0-1, at the threshold where both kinds are equally many.

        Decided is whether two clips of the cohort are of one voice: pairs of one voice over
        different texts against all pairs of different voices. The subtracted mean leaves both
        voices of a pair out.
        """
        pairs = combinations_with_replacement(range(len(self._cohort)), 2)
        same, different = [], []
        for first, second in pairs:
            cosines = self._cosines(first, second)
            if first == second:
                same.append(cosines[np.triu_indices(len(cosines), 1)])
            else:
                different.append(cosines.ravel())
        return equal_error_rate(np.concatenate(same), np.concatenate(different))

    def _cosines(self, first: int, second: int) -> Float:
        """Return cosines of the clips of two voices, centred without these voices."""
        without = np.delete(self._cohort, [first, second], axis=0).mean(axis=(0, 1))
        a, b = (_unit(self._cohort[voice] - without) for voice in (first, second))
        return np.asarray(a @ b.T, np.float64)

    def _voice(self, clips: ArrayLike) -> Float:
        vectors = np.atleast_2d(np.asarray(clips, np.float64))
        if vectors.ndim != 2 or len(vectors) == 0 or vectors.shape[1] != len(self._mean):
            raise ValueError(
                f"clips have shape {vectors.shape}; wanted is (clips, {len(self._mean)})."
            )
        return _unit(vectors.mean(axis=0) - self._mean)


def equal_error_rate(same: Float, different: Float) -> float:
    """Return the rate at which as many equal pairs are refused as different ones accepted.

    Parameters
    ----------
    same, different : ndarray, shape (n,), (m,)
        Similarities of pairs of one speaker and of two; higher is more alike.

    Returns
    -------
    float
        0-1; 0.5 by chance. The mean of both rates at the threshold where they are closest.

    Raises
    ------
    ValueError
        One of them is empty.
    """
    if not len(same) or not len(different):
        raise ValueError("pairs of one speaker and pairs of two are wanted.")
    thresholds = np.unique(np.concatenate([same, different]))
    refused = np.searchsorted(np.sort(same), thresholds) / len(same)
    accepted = 1.0 - np.searchsorted(np.sort(different), thresholds) / len(different)
    closest = int(np.argmin(np.abs(refused - accepted)))
    return float(refused[closest] + accepted[closest]) / 2.0


def _without_each(vectors: ArrayLike) -> list[Float]:
    """Return the vectors without the first, without the second, and so on; a single one whole."""
    found = np.atleast_2d(np.asarray(vectors, np.float64))
    return [np.delete(found, n, axis=0) for n in range(len(found))] if len(found) > 1 else [found]


def _unit(vectors: Float) -> Float:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12), np.float64)


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
        cohort, whether it `is_reliable`, `flagged`: gained by the one and lost by this one; and
        `one_sentence_decides`: flagged, and would not be without one of the sentences. None
        without the encoder, or with too few base voices.
    """
    known = [vectors for vectors in cohort if len(vectors) >= MIN_CLIPS]
    found = {"target": clips, "start": start, "evolved": evolved}
    vectors = {name: second_vectors(audios) for name, audios in found.items()}
    if len(known) < MIN_VOICES or not all(len(one) for one in vectors.values()):
        return None
    measure = SecondMeasure(np.stack(known))
    compared = vectors["target"], vectors["start"], vectors["evolved"]
    flagged = gained and measure.loses(*compared)
    return {
        **{
            name: {"mean": measure.similarity(vectors["target"], vectors[name])}
            for name in ("start", "evolved")
        },
        "equal_error_rate": measure.equal_error_rate,
        "is_reliable": measure.is_reliable,
        "flagged": flagged,
        "one_sentence_decides": flagged and measure.one_clip_decides(*compared),
    }
