"""The score: a weighted harmonic mean, so that no part can compensate for another."""

from __future__ import annotations

from collections.abc import Mapping

FLOOR = 0.01


def harmonic_score(values: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """Return ``100 · Σw / Σ(w/v)``.

    Parameters
    ----------
    values : mapping of str to float
        Similarities, 0-1; below `FLOOR` they count as `FLOOR`.
    weights : mapping of str to float
        One positive weight for each value.

    Returns
    -------
    float
        1-100; all values equal to v give 100 · v.

    Raises
    ------
    ValueError
        Values and weights have different names.

    Examples
    --------
    >>> round(harmonic_score({"a": 1.0, "b": 0.5}, {"a": 1.0, "b": 1.0}), 2)
    66.67
    """
    if values.keys() != weights.keys():
        raise ValueError(f"weights {sorted(weights)} do not fit values {sorted(values)}.")
    total = sum(weights.values())
    return 100.0 * total / sum(weights[name] / max(values[name], FLOOR) for name in weights)
