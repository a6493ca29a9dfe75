"""The work of one slice of a style, stage by stage: target, search, validation."""

import time
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.utils.translation import gettext as _

from corpus.audio.io import encode_wav, write_wav
from corpus.audio.types import Audio
from corpus.files import sha256, sha256_of_json
from corpus.storage import media
from distillation import voicepack
from distillation.engines.base import Student
from distillation.models import Deployment, ScorePoint, Stage, StyleRun, VoicePack
from distillation.recipe import RunRecipe
from distillation.services.candidate_claims import LeadingEvaluator
from distillation.services.errors import RunError, SliceStopped
from distillation.services.leases import lease_beat, waits_for_database
from distillation.services.queue import help_ask, work_waits
from distillation.services.run_files import (
    MediaWorkspace,
    checkpoint_read,
    field_path,
    media_file,
    media_path,
    sample_name,
)
from distillation.stages.base import Progress
from distillation.stages.evaluation import batch_student_of
from distillation.stages.evolve import Evolution
from distillation.stages.speech_cache import cached_speech
from distillation.stages.style_runner import StyleRunner, changed_inputs, make_student, make_teacher
from distillation.stages.voice_atlas import atlas_folder

BEAT_SECONDS = 1.0
SHORTER = 4  # a slice whose worker was lost is repeated in so much less time, to store something


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Columns, rows and files of one slice.

    `stage` is that of the next slice, None if the style is finished; `written` are the files to
    delete if the outcome is discarded, `replaced` those to delete once it is stored; `dropped`
    are saved packs that turned out not to be milestones of the search.
    """

    stage: Stage | None
    fields: dict[str, Any] = field(default_factory=dict)
    points: list[ScorePoint] = field(default_factory=list)
    packs: list[VoicePack] = field(default_factory=list)
    dropped: list[VoicePack] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)


def style_runner(style_run: StyleRun, on_progress: Progress | None = None) -> StyleRunner:
    recipe = style_run.run.run_recipe
    return StyleRunner(
        recipe,
        style_run.style,
        MediaWorkspace(style_run),
        student=lambda: student_of(recipe),
        teacher=lambda: make_teacher(recipe, settings.MODEL_DIR, keys=settings.TEACHER_KEYS),
        atlas_dir=atlas_folder(settings.MODEL_DIR, settings.DATA_DIR),
        on_progress=on_progress,
    )


def student_of(recipe: RunRecipe) -> Student:
    """Return the recipe's student, cached for the next slices in this process."""
    options = tuple(sorted(recipe.student_options.items()))
    return _student(recipe.student, options, settings.MODEL_DIR)


@lru_cache(maxsize=2)
def _student(name: str, options: tuple[tuple[str, str], ...], model_dir: Path) -> Student:
    return make_student(name, dict(options), model_dir)


def reference_slice(style_run: StyleRun) -> Outcome:
    runner = style_runner(style_run, _beat_of(style_run))
    inputs_check(runner.recipe, style_run.style)
    info = runner.make_target().to_json()
    del info["path"]
    workspace = MediaWorkspace(style_run)
    workspace.publish_target()
    fields = {"target": workspace.target_name, "target_info": info}
    return Outcome(stage=Stage.EVOLVE, fields=fields)


def inputs_check(recipe: RunRecipe, style: str) -> None:
    """Raise if takes or clips are missing or differ from those the recipe was made of."""
    for name, how in changed_inputs(recipe, style, media_file):
        if how == "missing":
            raise RunError(
                "take_missing",
                _("The take %(name)s is gone; launch a new run from the takes there are.")
                % {"name": name},
            )
        raise RunError(
            "take_changed",
            _("The take %(name)s is not the one the recipe names; launch a new run.")
            % {"name": name},
        )


def _beat_of(style_run: StyleRun) -> Any:
    """Return a progress callback that ends the slice if its run was paused or cancelled."""

    def beat(*_progress: Any) -> None:
        if not lease_beat(style_run, has_advanced=True):
            raise SliceStopped

    return beat


def validate_slice(style_run: StyleRun) -> Outcome:
    runner = style_runner(style_run, _beat_of(style_run))
    report = runner.validate(base_voice=style_run.base_voice, deployed=_in_service(style_run))
    MediaWorkspace(style_run).publish_audio()
    data = report.to_json()
    return Outcome(stage=None, fields={"report": data, "report_sha256": sha256_of_json(data)})


def _in_service(style_run: StyleRun) -> Path | None:
    """Return the pack that is in service for this style, if it is of the same engine."""
    rows = Deployment.objects.current().filter(voice=style_run.style)
    rows = rows.filter(
        place=str(settings.VOICES_DIR), pack__engine=style_run.run.run_recipe.student
    )
    row = rows.select_related("pack").last()
    return media_file(row.pack.file.name) if row else None


def evolve_slice(style_run: StyleRun) -> Outcome:
    recipe = style_run.run.run_recipe
    alone = batch_student_of(student_of(recipe)) is not None  # a GPU takes the whole batch
    if not alone and not work_waits():
        help_ask(style_run)
    evolution = style_runner(style_run).evolution(checkpoint_read(style_run))
    pulse, before = Pulse(style_run, evolution), evolution.best_score
    evolution.advance(
        seconds=settings.SLICE_SECONDS / SHORTER**style_run.interruptions,
        should_stop=pulse.should_stop,
        evaluate_batch=None if alone else LeadingEvaluator(style_run, evolution.evaluator),
    )
    improved = evolution.best_score != before
    return _outcome(style_run, evolution, pulse.figures(), improved=improved)


class Pulse:
    """Stores the search's figures every second and checks whether it should stop."""

    def __init__(self, style_run: StyleRun, evolution: Evolution) -> None:
        self._style_run, self._evolution = style_run, evolution
        self._beaten, self._begun_with = time.monotonic(), evolution.evaluations

    def should_stop(self) -> bool:
        if time.monotonic() - self._beaten < BEAT_SECONDS:
            return False
        self._beaten = time.monotonic()
        advanced = self._evolution.evaluations > self._begun_with
        return not lease_beat(self._style_run, has_advanced=advanced, **self.figures())

    def figures(self) -> dict[str, Any]:
        evolution = self._evolution
        figures: dict[str, Any] = {
            "step": evolution.step,
            "evaluations": evolution.evaluations,
            "seconds": evolution.seconds,
            "stopped": evolution.stopped,
            "diversity": evolution.diversity or None,
        }
        if score := evolution.best_score:
            figures |= {
                "best_score": score.total,
                "target_similarity": score.target,
                "self_similarity": score.self_,
                "feature_similarity": score.feature,
            }
        if start := evolution.start_score:
            figures |= {
                "start_voice": evolution.start_name,
                "base_voice": evolution.base_voice,
                "start_score": start.total,
            }
        return figures


def _outcome(
    style_run: StyleRun, evolution: Evolution, figures: dict[str, Any], *, improved: bool
) -> Outcome:
    fields = dict(figures)
    written, replaced = [], []
    filename = f"{style_run.slice}-{style_run.lease[:8]}"
    state = evolution.checkpoint()
    contents = {"checkpoint": (f"{filename}.npz", state)}
    if evolution.best and (improved or not style_run.preview):
        sample = encode_wav(_sample(evolution.recipe, evolution.best))
        contents["preview"] = (f"{filename}.wav", sample)
    for name, (file_name, content) in contents.items():
        file = getattr(style_run, name)
        replaced += [file.name] if file else []
        file.save(file_name, ContentFile(content), save=False)
        written.append(file.name)
        fields[name] = file.name
    return Outcome(
        stage=Stage.VALIDATE if evolution.done else Stage.EVOLVE,
        fields={**fields, "checkpoint_sha256": sha256(state)},
        points=_points(style_run, evolution),
        packs=_packs(style_run, evolution),
        dropped=(dropped := _dropped(style_run, evolution)),
        written=written,
        replaced=[
            *replaced,
            *(name for pack in dropped for name in (str(pack.file.name), sample_name(pack))),
        ],
    )


@waits_for_database
def _points(style_run: StyleRun, evolution: Evolution) -> list[ScorePoint]:
    last = style_run.points.order_by("-step").values_list("step", flat=True).first()
    return [
        ScorePoint(
            style_run=style_run,
            step=point.step,
            seconds=seconds,
            score=point.score,
            target_similarity=point.target,
            self_similarity=point.self_,
            feature_similarity=point.feature,
            diversity=diversity,
        )
        for point, (seconds, diversity) in zip(evolution.points, evolution.trace, strict=True)
        if last is None or point.step > last
    ]


@waits_for_database
def _packs(style_run: StyleRun, evolution: Evolution) -> list[VoicePack]:
    """Save the packs not saved yet: the search's start, its milestones and its result."""
    known = set(style_run.packs.values_list("kind", "step"))
    wanted = [
        (VoicePack.Kind.MILESTONE if step else VoicePack.Kind.START, step, pack)
        for step, pack in evolution.milestones.items()
        if step == 0 or step < (evolution.step if evolution.done else evolution.steps)
    ]
    if evolution.done and evolution.best:
        wanted.append((VoicePack.Kind.EVOLVED, evolution.step, evolution.best))
    return [
        _pack(style_run, kind, step, pack, _scores(evolution, step))
        for kind, step, pack in wanted
        if (kind, step) not in known
    ]


@waits_for_database
def _dropped(style_run: StyleRun, evolution: Evolution) -> list[VoicePack]:
    """Return saved milestones that are obsolete because the search ended early."""
    if not evolution.done:
        return []
    rows = style_run.packs.filter(kind=VoicePack.Kind.MILESTONE, decisions=None, deployments=None)
    return list(rows.exclude(step__in=evolution.milestones))


def _scores(evolution: Evolution, step: int) -> dict[str, float]:
    point = [point for point in evolution.points if point.step <= step][-1]
    return {
        "score": point.score,
        "target": point.target,
        "self": point.self_,
        "feature": point.feature,
    }


def _pack(
    style_run: StyleRun,
    kind: str,
    step: int,
    pack: voicepack.VoicePack,
    scores: dict[str, float],
) -> VoicePack:
    row = VoicePack(
        style_run=style_run,
        style=style_run.style,
        kind=kind,
        step=step,
        engine=pack.engine,
        scores=scores,
    )
    row.file.name, path = field_path(row, "file")
    row.sha256 = voicepack.save(pack, path)
    write_wav(media_path(sample_name(row)), _sample(style_run.run.run_recipe, pack))
    for name in (row.file.name, sample_name(row)):
        media.publish(name)
    return row


def _sample(recipe: RunRecipe, pack: voicepack.VoicePack) -> Audio:
    """Synthesize the first search text, the same for every voice of the search."""
    return cached_speech(student_of(recipe), recipe.search_texts[0], pack, seed=recipe.seed)
