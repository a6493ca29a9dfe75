"""Voices mixed in memory: `ef_dora(2)+em_alex(1)` is two parts of one and one of the other."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from distillation.voicepack import PackError, VoicePack

MOST = 4  # voices of one mix
LARGEST = 10.0  # weight
_PART = re.compile(r"(?P<name>[\w.-]{1,100})(?:\((?P<weight>\d{1,3}(?:\.\d{1,3})?)\))?")
LIMITS = f"up to {MOST} voices, each with a weight above 0, up to {LARGEST:g}"


def parse(text: str) -> dict[str, float] | None:
    """Return the weights of a mix by voice, summing up to 1; None if the text is no mix.

    Raises
    ------
    ValueError
        It is one, beyond the limits.
    """
    parts = [_PART.fullmatch(part) for part in text.split("+")]
    if len(parts) < 2 and "(" not in text:
        return None
    weights: dict[str, float] = {}
    for part in parts:
        weight = float(part["weight"] or 1) if part else 0.0
        if part is None or not 0 < weight <= LARGEST:
            raise ValueError(f"the mix {text!r} is not {LIMITS}, as in ef_dora(2)+em_alex(1)")
        weights[part["name"]] = weights.get(part["name"], 0.0) + weight
    if len(weights) > MOST:
        raise ValueError(f"the mix {text!r} is not {LIMITS}")
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items()}


def mixed(packs: Sequence[VoicePack], weights: Sequence[float]) -> VoicePack:
    """Return the weighted mean of packs.

    Raises
    ------
    PackError
        `shape`: they have different numbers of rows.
    """
    first = packs[0]
    if any(pack.data.shape != first.data.shape for pack in packs):
        raise PackError("shape", "packs of different numbers of rows do not mix")
    data = sum(np.float32(weight) * pack.data for pack, weight in zip(packs, weights, strict=True))
    return VoicePack(np.asarray(data, np.float32), first.engine)
