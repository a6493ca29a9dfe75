"""What a slice works with: engines kept per process, prompts and files found by their names."""

import hashlib
import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from distillation import engines
from distillation.engines.base import Prompt, Student, Teacher
from distillation.models import StyleRun, VoicePack
from distillation.recipe import RunRecipe
from distillation.services.faults import RunError
from distillation.stages.clips import clip_path
from distillation.stages.reference import make_prompt

PROMPT_OPTIONS = ("prompt", "transcript")


def student_of(recipe: RunRecipe) -> Student:
    of_machine = engines.STUDENTS[recipe.student].machine_options(settings.MODEL_DIR)
    options = {**of_machine, **recipe.student_options}
    return _student(recipe.student, json.dumps(options, sort_keys=True))


def teacher_of(recipe: RunRecipe) -> Teacher:
    options = {k: v for k, v in recipe.teacher_options.items() if k not in PROMPT_OPTIONS}
    info = engines.TEACHERS[recipe.teacher]
    of_machine = info.machine_options(settings.MODEL_DIR, lang=recipe.lang)
    return engines.teacher(recipe.teacher, {**options, **of_machine})


@lru_cache(maxsize=2)
def _student(name: str, options: str) -> Student:
    return engines.student(name, json.loads(options))


def prompt_of(style_run: StyleRun) -> Prompt:
    """Return what conditions the teacher, its files as paths of this machine."""
    joined = media_path(prompt_name(style_run.run_id, style_run.style))
    recipe = style_run.run.run_recipe
    return make_prompt(recipe, style_run.style, place=media_path, joined_to=joined)


def prompt_name(run_id: int, style: str) -> str:
    """Name the sound in which the takes of a style's prompt are joined."""
    return f"runs/{run_id}/reference_audio/{style}/prompt.wav"


def media_path(name: str | None) -> Path:
    return Path(default_storage.path(name or ""))


def audio_name(run_id: int) -> str:
    """Name the folder of the held-out sentences that validation let the voices speak."""
    return f"runs/{run_id}/validation/audio"


def held_out_name(run_id: int, style: str, number: int, who: str) -> str:
    return f"{audio_name(run_id)}/{style}/{number}-{who}.wav"


def sample_name(pack: VoicePack) -> str:
    """Name the sentence that a pack spoke when it was kept: it lies beside the pack."""
    name = pack.file.name
    return PurePosixPath(name).with_suffix(".wav").as_posix() if name else ""


def clip_name(target: str | None, number: int) -> str:
    """Name a clip of a target that has several, counted from 1; nothing without a target."""
    return clip_path(PurePosixPath(target), number).as_posix() if target else ""


def field_path(row: Any, field: str, filename: str = "") -> tuple[str, Path]:
    """Return the name that a row's file field gives to a new file, and the path it stands for."""
    name = row._meta.get_field(field).generate_filename(row, filename)
    path = media_path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    return name, path


def files_delete(names: Iterable[str]) -> None:
    for name in filter(None, names):
        default_storage.delete(name)


def inputs_check(recipe: RunRecipe, style: str) -> None:
    """Refuse takes and clips that are gone or differ from those the recipe was made of."""
    own = recipe.style(style)
    prompt = recipe.teacher_options.get("prompt")
    heard = (*own.takes.values(), *own.targets, *dict(own.prompt).values())
    for name in (*heard, prompt) if prompt else heard:
        path = media_path(name)
        if not path.exists():
            raise RunError(
                "take_missing",
                _("The take %(name)s is gone; launch a new run from the takes there are.")
                % {"name": name},
            )
        if recipe.inputs.get(name) not in (None, sha256_of(path.read_bytes())):
            raise RunError(
                "take_changed",
                _("The take %(name)s is not the one the recipe names; launch a new run.")
                % {"name": name},
            )


def checkpoint_read(style_run: StyleRun) -> bytes | None:
    """Return the last checkpoint, None before the first; RunError if it is damaged."""
    if not style_run.checkpoint:
        return None
    path = media_path(style_run.checkpoint.name)
    data = path.read_bytes() if path.exists() else b""
    if sha256_of(data) != style_run.checkpoint_sha256:
        raise RunError(
            "checkpoint_damaged",
            _("%(style)s: the checkpoint %(name)s is gone or damaged; “Retry” evolves it anew.")
            % {"style": style_run.style, "name": style_run.checkpoint.name},
        )
    return data


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
