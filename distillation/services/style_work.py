"""One style's workspace in the media storage, and the slices before and after its search."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from distillation.engines.base import Student
from distillation.models import Stage, StyleRun, VoicePack
from distillation.recipe import RunRecipe
from distillation.services.errors import RunError, SliceStopped
from distillation.services.leases import lease_beat
from distillation.services.run_files import audio_name, field_path, media_path, prompt_name
from distillation.services.slice_outcome import Outcome
from distillation.stages.base import Progress
from distillation.stages.style_runner import StyleRunner, changed_inputs, make_student, make_teacher

KINDS = {"start": VoicePack.Kind.START, "evolved": VoicePack.Kind.EVOLVED}


class MediaWorkspace:
    """One style's files in the media storage, under the names stored in its rows."""

    def __init__(self, style_run: StyleRun) -> None:
        self._style_run = style_run
        self.target_name = str(style_run.target.name or field_path(style_run, "target")[0])

    @property
    def target(self) -> Path:
        return media_path(self.target_name)

    @property
    def joined_prompt(self) -> Path:
        return media_path(prompt_name(self._style_run.run_id, self._style_run.style))

    @property
    def audio_dir(self) -> Path:
        return media_path(audio_name(self._style_run.run_id))

    def input(self, name: str) -> Path:
        return media_path(name)

    def pack(self, kind: str) -> Path:
        row = self._style_run.packs.get(kind=KINDS[kind])
        return media_path(row.file.name)


def style_runner(style_run: StyleRun, on_progress: Progress | None = None) -> StyleRunner:
    recipe = style_run.run.run_recipe
    return StyleRunner(
        recipe,
        style_run.style,
        MediaWorkspace(style_run),
        student=lambda: student_of(recipe),
        teacher=lambda: make_teacher(recipe, settings.MODEL_DIR),
        on_progress=on_progress,
    )


def reference_slice(style_run: StyleRun) -> Outcome:
    runner = style_runner(style_run, _beat_of(style_run))
    inputs_check(runner.recipe, style_run.style)
    info = runner.make_target().to_json()
    del info["path"]
    name = MediaWorkspace(style_run).target_name
    return Outcome(stage=Stage.EVOLVE, fields={"target": name, "target_info": info})


def validate_slice(style_run: StyleRun) -> Outcome:
    runner = style_runner(style_run, _beat_of(style_run))
    report = runner.validate(base_voice=style_run.base_voice)
    return Outcome(stage=None, fields={"report": report.to_json()})


def student_of(recipe: RunRecipe) -> Student:
    """Return the recipe's student, cached for the next slices in this process."""
    options = tuple(sorted(recipe.student_options.items()))
    return _student(recipe.student, options, settings.MODEL_DIR)


@lru_cache(maxsize=2)
def _student(name: str, options: tuple[tuple[str, str], ...], model_dir: Path) -> Student:
    return make_student(name, dict(options), model_dir)


def inputs_check(recipe: RunRecipe, style: str) -> None:
    """Raise if takes or clips are missing or differ from those the recipe was made of."""
    for name, how in changed_inputs(recipe, style, media_path):
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
        if not lease_beat(style_run):
            raise SliceStopped

    return beat
