"""Initial values of the launch form: the defaults, or those of an earlier run."""

from typing import Any

from django.conf import settings

from corpus.models import Recording, Speaker, StyleLabel
from distillation.engines import STUDENTS
from distillation.models import Run
from distillation.recipe import WEIGHTS, RunRecipe
from distillation.services.in_use import default_student
from distillation.services.presets import NORMAL
from distillation.services.requirements import launch_requirements
from distillation.services.targets import clips_there


def launch_defaults() -> dict[str, Any]:
    """Return the initial values of the launch form."""
    return {
        "preset": NORMAL,
        "styles": _styles_ready(),
        "seed": RunRecipe.seed,
        "student": default_student(),
        "precision": settings.KOKORO_PRECISION,
        "teacher": settings.TEACHER,
        "tts_url": settings.TTS_URL,
        **{f"weight_{part}": weight for part, weight in WEIGHTS.items()},
    }


def _styles_ready() -> list[str]:
    """Return the styles that have what a run needs; all, where none has."""
    keys = list(StyleLabel.objects.values_list("key", flat=True))
    needs = launch_requirements(student=default_student(), teacher=settings.TEACHER, styles=keys)
    return [one.style.key for one in needs.styles if one.met] or keys


def launch_again(run: Run) -> dict[str, Any]:
    """Return the initial values of the form for relaunching a run with changes."""
    recipe = run.run_recipe
    plain = ("steps", "minutes", "goal", "patience", "strategy", "student", "teacher")
    clips = [name for style in recipe.styles for name in style.targets]
    prompt = recipe.teacher_options.get("prompt")
    return {
        "name": run.name,
        "preset": NORMAL,
        "styles": list(recipe.style_keys),
        **{name: getattr(recipe, name) or None for name in plain},
        "seed": recipe.seed,
        "base_voices": _chosen_voices(recipe),
        "precision": recipe.student_options.get("precision", settings.KOKORO_PRECISION),
        "tts_url": recipe.teacher_options.get("url", ""),
        "own_prompts": any(style.prompt for style in recipe.styles),
        **_speakers(recipe),
        "prompt": Recording.objects.usable().filter(wav=prompt).first() if prompt else None,
        "target_takes": list(Recording.objects.usable().filter(wav__in=clips)),
        "target_files": clips,
        **{f"weight_{part}": weight for part, weight in recipe.weights.items()},
    }


def launch_gone(run: Run) -> list[str]:
    """Return the names of a run's takes and clips that can no longer be used for a relaunch."""
    recipe = run.run_recipe
    named = {name for style in recipe.styles for name in style.targets}
    named |= {recipe.teacher_options.get("prompt", "")} - {""}
    takes = Recording.objects.filter(wav__in=named).select_related("sentence", "style")
    usable = set(Recording.objects.usable().filter(wav__in=named).values_list("wav", flat=True))
    told = {take.wav.name: f"{take.style.key} · {take.sentence.sentence_id}" for take in takes}
    return sorted(told.get(name, name) for name in named - usable - set(clips_there()))


def _speakers(recipe: RunRecipe) -> dict[str, Any]:
    """Return whose takes the run used: a speaker, or several."""
    takes = Recording.objects.filter(wav__in=recipe.inputs)
    found = list(Speaker.objects.filter(pk__in=takes.order_by().values("speaker")))
    return {"speaker": found[0] if len(found) == 1 else None, "mix_speakers": len(found) > 1}


def _chosen_voices(recipe: RunRecipe) -> list[str]:
    """Return the base voices, or none if all were used: another student has different ones."""
    there = STUDENTS[recipe.student].stock_voices(settings.MODEL_DIR)
    return [] if set(there) <= set(recipe.base_voices) else list(recipe.base_voices)
