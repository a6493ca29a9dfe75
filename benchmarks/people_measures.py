"""What `benchmarks.people` measures of a search's first and last voice, on held-out sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.people_targets import HELD_OUT, SEARCH, Target
from corpus.audio.io import decode, read_wav
from corpus.audio.loudness import integrated_lufs
from corpus.audio.types import Audio
from distillation.engines.base import Student
from distillation.recipe import RunRecipe
from distillation.scoring import Scorer, naturalness
from distillation.stages import evidence, prosody_figures
from distillation.stages.delivery_fit import fitted
from distillation.stages.second_opinion import Vectors, second_opinion
from distillation.voicepack import VoicePack

# Code of the measures alone: if it changes, stored voices are measured again, not searched again.
CODE = (
    "benchmarks/people_measures.py",
    "corpus/audio/pitch.py",
    "corpus/audio/timing.py",
    "corpus/audio/syllable_nuclei.py",
    "distillation/scoring/naturalness.py",
    "distillation/delivery.py",
    "distillation/stages/delivery_fit.py",
    "distillation/stages/evidence.py",
    "distillation/stages/intervals.py",
    "distillation/stages/prosody_figures.py",
    "distillation/scoring/second_encoder.py",
    "distillation/stages/second_opinion.py",
)


def measures(
    target: Target,
    student: Student,
    start: VoicePack,
    end: VoicePack,
    cohort: Sequence[Vectors] = (),
    *,
    recipe: RunRecipe,
) -> dict[str, Any]:
    """Return plain JSON types: the target's ceiling and figures, and those of both voices.

    `similarity` has the intervals of `start`, `evolved` and their `gain`, paired by sentence;
    `delivery` the speed and gain that a deployment would fit to the last voice.
    """
    clip = read_wav(target.wav)
    scorer = Scorer(clip)
    held_out = {
        "start": spoken(student, start, HELD_OUT),
        "evolved": spoken(student, end, HELD_OUT),
    }
    found = evidence.similarities(held_out, scorer.target_embedding)
    figures = prosody_figures.measured([clip], target.texts)
    searched = {"start": spoken(student, start, SEARCH), "evolved": spoken(student, end, SEARCH)}
    others = own_speech(target, student)
    return {
        "ceiling": float(
            np.mean([evidence.embedding(o) @ scorer.target_embedding for o in others])
        ),
        "prosody": figures and figures._asdict(),
        "similarity": {key: found[key] for key in ("start", "evolved", "gain")},
        "second": second(cohort, [clip], {**held_out, "ceiling": others}),
        "delivery": fitted(
            recipe,
            student,
            end,
            searched["evolved"],
            held_out["evolved"],
            target=figures,
            knows_words=True,  # a person's are counted by ear
            target_lufs=integrated_lufs(clip),
        ),
        **{kind: of_voice(scorer, held_out[kind], searched[kind]) for kind in held_out},
    }


def of_voice(
    scorer: Scorer, held_out: Sequence[Audio], searched: Sequence[Audio]
) -> dict[str, Any]:
    """Return naturalness and prosody on held-out sentences, and the score that they lose."""
    rated = [naturalness.naturalness(one) for one in held_out] if naturalness.available() else []
    return {
        "naturalness": float(np.mean(rated)) if rated else None,
        "prosody": _figures(held_out, HELD_OUT),
        "lost": scorer.score_all(searched).total - scorer.score_all(held_out).total,
    }


def own_speech(target: Target, student: Student) -> list[Audio]:
    """Return other speech of the same speaker: its likeness to the target is the ceiling.

    Of a person the other clips, each whole; of a stock voice the held-out sentences, spoken by
    itself: what a search would get that found it.
    """
    if target.is_stock:
        return spoken(student, student.stock_voice(target.name), HELD_OUT)
    return [decode(path) for path in target.others]


def second(
    cohort: Sequence[Vectors], clips: Sequence[Audio], voices: dict[str, list[Audio]]
) -> dict[str, float] | None:
    """Return the second speaker measure of `start`, `evolved` and `ceiling`.

    None without its encoder.
    """
    evolved, ceiling = (
        second_opinion(cohort, clips, voices["start"], voices[end], gained=False)
        for end in ("evolved", "ceiling")
    )
    if evolved is None or ceiling is None:
        return None
    means = {kind: evolved[kind]["mean"] for kind in ("start", "evolved")}
    return {**means, "ceiling": ceiling["evolved"]["mean"]}


def spoken(student: Student, pack: VoicePack, texts: Sequence[str]) -> list[Audio]:
    """Let a voice speak texts."""
    return [student.synthesize(text, pack) for text in texts]


def _figures(clips: Sequence[Audio], texts: Sequence[str]) -> dict[str, float] | None:
    found = prosody_figures.measured(clips, texts)
    return None if found is None else found._asdict()
