"""The checkpoint of a search, written as npz without pickles."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpus.files import sha256_of_json
from distillation.recipe import RunRecipe
from distillation.scoring import Score
from distillation.search import WITH_GRADIENT, Array, State
from distillation.stages.base import StageError
from distillation.stages.clips import clips_digest
from distillation.stages.evaluation import PruningThreshold
from distillation.stages.prosody_figures import ProsodyFigures
from distillation.stages.search_context import SearchContext
from distillation.voicepack import VoicePack

DECIDING = (
    *("student", "student_options", "lang", "strategy", "steps", "seed", "base_voices"),
    *("diversity", "early_stop", "compared", "weights", "search_texts"),
    *("minutes", "goal", "patience"),
)
PLAIN = (
    *("step", "evaluations", "texts", "seconds", "stopped", "left"),
    *("start_totals", "start_name", "diversity", "trace"),
)
GRADIENT_PLAIN = (
    *("value", "figures", "bias", "fraction"),
    *("start_rate", "speaker_figures"),
)  # absent from older checkpoints


class Point(NamedTuple):
    """One improvement of the curve; scores as in `Score`."""

    step: int
    score: float
    target: float
    self_: float
    feature: float

    @classmethod
    def of(cls, step: int, score: Score) -> Point:
        return cls(step, score.total, score.target, score.self_, score.feature)


@dataclass
class Checkpoint:
    """Everything the rest of a search depends on."""

    step: int = 0
    evaluations: int = 0
    texts: int = 0
    seconds: float = 0.0
    stopped: str = ""
    threshold: PruningThreshold = field(default_factory=PruningThreshold)  # of the current batch
    left: int = 0  # steps of this batch whose scores the search has not been told yet
    start_totals: list[float] = field(default_factory=list)
    start_name: str = ""
    start: Array | None = None
    start_score: Score | None = None
    best: Array | None = None
    best_score: Score | None = None
    points: list[Point] = field(default_factory=list)
    trace: list[tuple[float, float]] = field(default_factory=list)  # (seconds, diversity)
    diversity: float = 0.0
    kept: dict[int, Array] = field(default_factory=dict)  # keyed by the step of the improvement
    search: State = field(default_factory=dict)
    # Of a gradient search: objective and prosody of the best, measured minus predicted prosody of
    # the candidate scored last, the part of what is missing that a correction makes up for, the
    # start's syllables per second, and the prosody of the speaker that a further style begins from.
    value: float | None = None
    figures: list[float] | None = None
    bias: list[float] = field(default_factory=list)
    fraction: float = 1.0
    start_rate: float | None = None
    speaker_figures: list[float] | None = None

    @property
    def prosody(self) -> ProsodyFigures | None:
        """The prosody of the best voice, if it was measured."""
        return ProsodyFigures(*self.figures) if self.figures else None


def identity(
    recipe: RunRecipe,
    style_key: str,
    target_path: Path,
    stock: Mapping[str, VoicePack],
    weights: str,
    context: SearchContext | None = None,
) -> str:
    """Return the SHA-256 of everything that determines the search of one style."""
    deciding = {name: getattr(recipe, name) for name in DECIDING}
    deciding |= {"style": style_key, "target": clips_digest(target_path), "model": weights}
    deciding |= {"stock": {name: pack.sha256 for name, pack in stock.items()}}
    if recipe.strategy in WITH_GRADIENT:
        deciding |= _of_gradient(recipe, context or SearchContext())
    return sha256_of_json(deciding)


def _of_gradient(recipe: RunRecipe, context: SearchContext) -> dict[str, Any]:
    return {
        "gradient_texts": recipe.gradient_texts,
        "objective": recipe.objective,
        "target_texts": context.target_texts,
        "speaker_targets": [clips_digest(path) for path in context.speaker_targets],
        "speaker": context.speaker and context.speaker.sha256,
        "shift": context.shift,
    }


def style_seed(seed: int, style_key: str) -> int:
    """Return the search's seed for one style: same for equal recipes, different per style."""
    return int.from_bytes(hashlib.sha256(f"{seed} {style_key}".encode()).digest()[:8], "big")


# Contains everything the next candidate depends on, including the state of the random generators,
# as arrays and JSON: a pickle could run arbitrary code from a damaged or foreign file, and might
# not load in another version. The identity prevents resuming under another recipe.
def write(at: Checkpoint, who: str) -> bytes:
    """Return the snapshot as npz, with the identity of its search."""
    arrays: dict[str, NDArray[np.generic] | None] = {"best": at.best, "start": at.start}
    arrays |= {f"kept-{step}": data for step, data in at.kept.items()}
    arrays |= {f"search-{k}": v for k, v in at.search.items() if isinstance(v, np.ndarray)}
    meta = {
        "identity": who,
        **{name: getattr(at, name) for name in (*PLAIN, *GRADIENT_PLAIN)},
        "bar": [at.threshold.first, at.threshold.floor],
        "start_score": at.start_score and at.start_score.to_json(),
        "best_score": at.best_score and at.best_score.to_json(),
        "points": at.points,
        "search": {k: v for k, v in at.search.items() if not isinstance(v, np.ndarray)},
    }
    buffer = io.BytesIO()
    text = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    kept = {name: data for name, data in arrays.items() if data is not None}
    np.savez(buffer, allow_pickle=False, meta=text, **kept)
    return buffer.getvalue()


def read(blob: bytes, who: str) -> Checkpoint:
    """Return the snapshot in `blob`.

    Raises
    ------
    StageError
        `bad_checkpoint` if it cannot be read, `other_checkpoint` if it belongs to a search with
        a different recipe, base voices, weights or target.
    """
    meta, arrays = _open(blob)
    if meta["identity"] != who:
        raise StageError(
            "other_checkpoint",
            "the checkpoint belongs to another recipe or target, or to a model with other base "
            "voices or weights; delete it to restart the search.",
        )
    return _rebuild(meta, arrays)


def identity_of(blob: bytes) -> str:
    """Return the identity of the search that wrote the checkpoint.

    Raises
    ------
    StageError
        `bad_checkpoint`.
    """
    return str(_open(blob)[0]["identity"])


def _open(blob: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        with np.load(io.BytesIO(blob), allow_pickle=False) as npz:
            arrays = {name: npz[name] for name in npz.files}
        return json.loads(arrays.pop("meta").tobytes()), arrays
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise StageError(
            "bad_checkpoint", "the checkpoint is damaged; delete it to search from the start."
        ) from error


def _rebuild(meta: dict[str, Any], arrays: dict[str, Any]) -> Checkpoint:
    scores: dict[str, Any] = {
        name: meta[name] and Score.from_json(meta[name]) for name in ("start_score", "best_score")
    }
    return Checkpoint(
        **{name: meta[name] for name in PLAIN},
        **{name: meta[name] for name in GRADIENT_PLAIN if name in meta},
        threshold=PruningThreshold(*meta["bar"]),
        start=arrays.get("start"),
        best=arrays.get("best"),
        points=[Point(*point) for point in meta["points"]],
        kept={int(name[5:]): a for name, a in arrays.items() if name[:5] == "kept-"},
        search=meta["search"] | {n[7:]: a for n, a in arrays.items() if n[:7] == "search-"},
        **scores,
    )
