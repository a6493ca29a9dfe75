"""What earlier stages left in the folder: its styles, and what they were made with."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from distillation.pipeline.notes import read_json
from distillation.pipeline.options import Options, PlanError
from distillation.recipe import RecipeError, RunRecipe, StyleRecipe

NEEDED = {
    "evolve": ("reference_audio/{}/target.wav", "target", "reference"),
    "validate": ("evolved_voices/{}.pt", "evolved voice", "evolve"),
    "deploy": ("evolved_voices/{}.pt", "evolved voice", "evolve"),
}
SEARCHED = ("strategy", "steps", "minutes", "goal", "patience")  # over when a voice is validated


class Texts(NamedTuple):
    """Sentences of a folder's searches, and those only validation hears."""

    search: tuple[str, ...]
    held_out: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Taught:
    """What the teacher says of each style, and who it is."""

    styles: tuple[StyleRecipe, ...]
    teacher: str = "recordings"
    options: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)  # the hash of each file, also of one gone
    alike: bool = True  # one teacher spoke them all


def styles_there(options: Options, wanted: Sequence[str]) -> tuple[str, ...]:
    """Return those of the styles that have what the stage needs.

    Raises
    ------
    PlanError
        None has, or one that was asked for has not.
    """
    if options.stage not in NEEDED:
        return tuple(wanted)
    pattern, what, before = NEEDED[options.stage]
    there = tuple(key for key in wanted if (options.out / pattern.format(key)).exists())
    missing = [key for key in wanted if key not in there]
    if missing and (options.styles or not there):
        where = options.out / pattern.format(missing[0])
        raise PlanError(
            f"--stage {options.stage}: no {what} for {', '.join(missing)} ({where} is not there); "
            f"run --stage {before} first, or name its folder with --out."
        )
    return there


def as_evolved(options: Options, styles: Sequence[str]) -> Options:
    """Return the options completed by what the voices to validate or deploy were evolved with."""
    recipes = _evolved(options, styles)
    if not recipes:
        return options
    students = sorted({str(recipe.get("student")) for recipe in recipes if recipe})
    if len(students) > 1:
        raise PlanError(f"--styles: evolved for {' and '.join(students)}; name those of one.")
    made = recipes[0]
    weights = tuple(f"{part}={weight}" for part, weight in made.get("weights", {}).items())
    return replace(
        options,
        weights=options.weights or weights,
        precision=options.precision or made.get("student_options", {}).get("precision", ""),
        **{name: made.get(name, getattr(options, name)) for name in SEARCHED},
        student=options.student or made.get("student", ""),
        base_voices=tuple(made.get("base_voices", ())) or options.base_voices,
        seed=made.get("seed") if options.seed is None else options.seed,
    )


def evolved_otherwise(options: Options, styles: Sequence[str]) -> list[str]:
    """Return the styles evolved with other options than the first, which a report shows."""
    recipes = _evolved(options, styles)
    told = [{name: made.get(name) for name in (*SEARCHED, "weights", "seed")} for made in recipes]
    return [key for key, how in zip(styles, told, strict=False) if how != told[0]]


def heard(options: Options, styles: Sequence[str]) -> set[str]:
    """Return what the searches of voices to validate heard: styles may be evolved one by one."""
    recipes = _evolved(options, styles)
    return {text for recipe in recipes for text in recipe.get("search_texts", ())}


def _evolved(options: Options, styles: Sequence[str]) -> list[dict[str, Any]]:
    if options.stage not in ("validate", "deploy"):
        return []
    notes = (read_json(options.out / "evolved_voices" / f"{key}.json") or {} for key in styles)
    return [note.get("recipe", {}) for note in notes]


def taught(options: Options, styles: Sequence[str]) -> Taught | None:
    """Return how the targets were made; None where that is not known, or a teacher is named now.

    Targets of different teachers have none in common: then nobody speaks held-out sentences.
    """
    named = options.teacher or options.tts_url or options.reference_audio or options.prompt_styles
    recipes = {} if named or options.stage not in NEEDED else _of_targets(options.out, styles)
    if not recipes:
        return None
    found = {key: recipe.style(key) for key, recipe in recipes.items()}
    inputs = {name: digest for one in recipes.values() for name, digest in one.inputs.items()}
    speaking = [recipe for key, recipe in recipes.items() if not found[key].targets]
    alike = all(_who(recipe) == _who(speaking[0]) for recipe in speaking)
    if not speaking or not alike:
        mute = tuple(replace(style, takes={}, prompt=()) for style in found.values())
        return Taught(styles=mute, inputs=inputs, alike=alike)
    return Taught(
        styles=tuple(found.values()),
        teacher=speaking[0].teacher,
        options=speaking[0].teacher_options,
        versions=speaking[0].versions,
        inputs=inputs,
    )


def spoken(out: Path) -> set[str]:
    """Return what the targets of the folder say."""
    notes = (read_json(path) or {} for path in out.glob("reference_audio/*/target.json"))
    return {text for note in notes for text in note.get("texts", ())}


def texts_before(options: Options, styles: Collection[str]) -> Texts | None:
    """Return what the folder's searches hear and what is held out of them; None to choose anew.

    Where the stage reference makes all the targets there are, nothing hangs on what was chosen.
    """
    there = {path.parent.name for path in options.out.glob("reference_audio/*/target.json")}
    before = read_json(options.out / "recipe.json")
    if not before or (options.stage not in NEEDED and there <= set(styles)):
        return None
    return Texts(tuple(before["search_texts"]), tuple(before["held_out_texts"]))


def clips(options: Options, styles: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the clips each target was given, as far as it is known."""
    recipes = _of_targets(options.out, styles) if options.stage in NEEDED else {}
    return {key: recipe.style(key).targets for key, recipe in recipes.items()}


def _of_targets(out: Path, styles: Sequence[str]) -> dict[str, RunRecipe]:
    """Return the recipe each target was made with; nothing unless it is known of all."""
    recipes = {}
    for key in styles:
        note = read_json(out / "reference_audio" / key / "target.json") or {}
        try:
            recipes[key] = RunRecipe.from_json(note["recipe"])
            recipes[key].style(key)
        except (KeyError, TypeError, RecipeError):  # of another version
            return {}
    return recipes


def _who(recipe: RunRecipe) -> tuple[str, dict[str, str]]:
    return recipe.teacher, recipe.teacher_options
