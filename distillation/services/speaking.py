"""The slices before and after the search: the target is spoken, the voices are judged."""

from pathlib import Path
from typing import Any

from distillation import voicepack
from distillation.engines.base import EngineError, Prompt
from distillation.models import Stage, StyleRun, VoicePack
from distillation.recipe import RunRecipe
from distillation.services.faults import SliceStopped
from distillation.services.leases import lease_beat
from distillation.services.outcome import Outcome
from distillation.services.tools import (
    audio_name,
    field_path,
    inputs_check,
    media_path,
    prompt_of,
    student_of,
    teacher_of,
)
from distillation.stages.reference import make_target, take_clips
from distillation.stages.validate import validate_style


def reference_slice(style_run: StyleRun) -> Outcome:
    recipe = style_run.run.run_recipe
    style = recipe.style(style_run.style)
    inputs_check(recipe, style.key)
    name, path = field_path(style_run, "target")
    if style.targets:
        target = take_clips(style, [media_path(clip) for clip in style.targets], path=path)
    else:
        target = make_target(
            style,
            teacher_of(recipe),
            prompt_of(style_run),
            seed=recipe.seed,
            path=path,
            on_progress=_beat_of(style_run),
        )
    info = {key: value for key, value in target.to_json().items() if key != "path"}
    return Outcome(stage=Stage.EVOLVE, fields={"target": name, "target_info": info})


def validate_slice(style_run: StyleRun) -> Outcome:
    recipe = style_run.run.run_recipe
    report = validate_style(
        recipe,
        style_run.style,
        student_of(recipe),
        teacher_of(recipe),
        _prompt_still_there(style_run),
        target=Path(style_run.target.path),
        start=_pack_of(style_run, recipe, VoicePack.Kind.START),
        evolved=_pack_of(style_run, recipe, VoicePack.Kind.EVOLVED),
        base_voice=style_run.base_voice,
        audio_dir=media_path(audio_name(style_run.run_id)),
        on_progress=_beat_of(style_run),
    )
    return Outcome(stage=None, fields={"report": report.to_json()})


def _prompt_still_there(style_run: StyleRun) -> Prompt | None:
    """Return what conditions the teacher; None where it is gone: the voice does without by now."""
    try:
        return prompt_of(style_run)
    except EngineError:
        return None


def _pack_of(style_run: StyleRun, recipe: RunRecipe, kind: str) -> voicepack.VoicePack:
    row = style_run.packs.get(kind=kind)
    return voicepack.load(media_path(row.file.name), engine=recipe.student)


def _beat_of(style_run: StyleRun) -> Any:
    """Return a progress callback that ends the slice when its run was paused or cancelled."""

    def beat(*_progress: Any) -> None:
        if not lease_beat(style_run):
            raise SliceStopped

    return beat
