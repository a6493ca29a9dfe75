"""The folder of a run: its files by style, their notes, the lock, and earlier stages' results."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, NamedTuple

from corpus.files import sha256_of
from distillation.pipeline.options import Options, PlanError
from distillation.recipe import RunRecipe
from distillation.recipe_builder import TargetPlan
from distillation.stages.base import StageError
from distillation.stages.clips import clips_digest

LOCK_NAME = ".lock"
REQUIRED = {
    "evolve": ("reference_audio/{}/target.wav", "target", "reference"),
    "validate": ("evolved_voices/{}.pt", "evolved voice", "evolve"),
    "deploy": ("evolved_voices/{}.pt", "evolved voice", "evolve"),
}
SEARCHED = ("strategy", "steps", "minutes", "goal", "patience")  # used by the search only
REPORTED = (*SEARCHED, "weights", "seed", "base_voices", "student_options")  # shown once per report


@dataclass(frozen=True)
class FolderWorkspace:
    """One style's files in the folder of a run; file names in the recipe already are paths."""

    out: Path
    style: str

    @property
    def target(self) -> Path:
        return self.out / "reference_audio" / self.style / "target.wav"

    @property
    def target_texts(self) -> tuple[str, ...]:
        note = read_json(self.target.with_suffix(".json")) or {}
        return tuple(note.get("texts", ()))

    @property
    def joined_prompt(self) -> Path:
        return self.target.with_name("prompt.wav")

    @property
    def audio_dir(self) -> Path:
        return self.out / "validation" / "audio"

    @property
    def checkpoint(self) -> Path:
        return self.out / "checkpoints" / f"{self.style}.npz"

    def input(self, name: str) -> Path:
        return Path(name)

    def pack(self, kind: str = "evolved") -> Path:
        folder = self.out / "evolved_voices"
        return (
            folder / f"{self.style}.pt" if kind == "evolved" else folder / kind / f"{self.style}.pt"
        )

    def milestone(self, step: int) -> Path:
        return self.out / "evolved_voices" / "milestones" / f"{self.style}-{step}.pt"

    def of_style(self, style: str) -> FolderWorkspace:
        return replace(self, style=style)


def note_path(pack: Path) -> Path:
    """Return the path of the JSON metadata of a voice: what it was made with."""
    return pack.with_suffix(".json")


def set_aside_path(stored: Path, identity: str) -> Path:
    """Return the path where a checkpoint of other inputs is set aside."""
    return stored.with_stem(f"{stored.stem}-{identity[:8]}")


def is_current(note: Path, inputs: str, result: Path) -> bool:
    """Return whether the result exists, is unchanged, and was made from these inputs."""
    about = read_json(note)
    if not about or about.get("inputs") != inputs or not result.exists():
        return False
    return bool(about.get("sha256") == sha256_of(result))


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the JSON object in the file, or None if it is missing or not readable."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return data if isinstance(data, dict) else None


def recipe_in(note: Path) -> RunRecipe | None:
    """Return the recipe a target or voice was made with, or None if its note has none."""
    return as_recipe((read_json(note) or {}).get("recipe"))


def made_with(recipe: RunRecipe, style: str, target: Path) -> RunRecipe:
    """Return the recipe of a style's search, with the teacher that made its target.

    Targets in a folder may be made by different teachers; takes, prompts and the licence of a
    teacher's weights must be recorded with the voice.
    """
    own = recipe_in(target.with_suffix(".json"))
    if own is None or style not in own.style_keys:
        return recipe
    made_by = own.style(style), own.teacher, own.teacher_options
    if made_by == (recipe.style(style), recipe.teacher, recipe.teacher_options):
        return recipe
    newer = {name: at for name, at in recipe.versions.items() if name in own.versions}
    return replace(
        recipe,
        styles=(own.style(style),),
        teacher=own.teacher,
        teacher_options=own.teacher_options,
        versions=own.versions | newer,
        inputs=own.inputs,
    )


def as_recipe(data: Any) -> RunRecipe | None:
    """Return the recipe, or None if the JSON is not a recipe."""
    try:
        return RunRecipe.from_json(data) if isinstance(data, dict) else None
    except (KeyError, TypeError, ValueError):
        return None


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Let only one process at a time work in the folder; the lock ends with the process.

    Raises
    ------
    StageError
        `out_in_use`: another process is working there.
    """
    out.mkdir(parents=True, exist_ok=True)
    with (out / LOCK_NAME).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise _in_use(out) from error
        if not _is_at(file, out / LOCK_NAME):  # its last holder has just removed it
            raise _in_use(out)
        try:
            yield
        finally:
            (out / LOCK_NAME).unlink(missing_ok=True)
            with suppress(OSError):  # not empty: it contains results
                out.rmdir()


def _in_use(out: Path) -> StageError:
    message = f"{out}: another run_pipeline works here; wait, or name another --out."
    return StageError("out_in_use", message)


def _is_at(file: IO[str], path: Path) -> bool:
    """Return whether the open file is still the one at the path."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


class Texts(NamedTuple):
    """Sentences used by a folder's searches, and those used only for validation."""

    search: tuple[str, ...]
    held_out: tuple[str, ...]


def styles_available(options: Options, wanted: Sequence[str]) -> tuple[str, ...]:
    """Return the styles that have what the stage needs.

    Raises
    ------
    PlanError
        No style has it, a requested style lacks it, or a style that had it lost it.
    """
    if options.stage not in REQUIRED:
        return tuple(wanted)
    pattern, what, before = REQUIRED[options.stage]
    places = {key: options.out / pattern.format(key) for key in wanted}
    missing = [key for key, place in places.items() if not place.exists()]
    lost = [key for key in missing if note_path(places[key]).exists()]
    if short := missing if options.styles or len(missing) == len(wanted) else lost:
        raise PlanError(
            f"--stage {options.stage}: no {what} for {', '.join(short)} ({places[short[0]]} is not "
            f"there); run --stage {before} first, or name its folder with --out."
        )
    return tuple(key for key in wanted if key not in missing)


def left_out(options: Options, styles: Collection[str]) -> list[str]:
    """Return the styles that have a target but no voice yet to validate or deploy.

    Empty if the styles were named.
    """
    if options.stage not in ("validate", "deploy") or options.styles:
        return []
    made = sorted(path.parent.name for path in options.out.glob("reference_audio/*/target.json"))
    return [key for key in made if key not in styles]


def check_evolved(options: Options, styles: Sequence[str]) -> None:
    """Refuse to validate a voice without its start or against a target that is not its own.

    Raises
    ------
    PlanError
    """
    for key in styles if options.stage == "validate" else ():
        start = options.out / "evolved_voices" / "start" / f"{key}.pt"
        target = options.out / "reference_audio" / key / "target.wav"
        note = read_json(options.out / "evolved_voices" / f"{key}.json") or {}
        why = "" if start.exists() else f"{start} is not there"
        if target.exists() and note.get("target") != clips_digest(target):
            why = f"{target} is another target than the voice {key} was evolved towards"
        if why:
            raise PlanError(f"--stage validate: {why}; run --stage evolve again.")


def with_evolved_options(options: Options, styles: Sequence[str]) -> Options:
    """Return the options, completed from the recipes of the voices to validate or deploy."""
    recipes = _evolved(options, styles)
    if not recipes:
        return options
    students = sorted({recipe.student for recipe in recipes})
    if len(students) > 1:
        raise PlanError(f"--styles: evolved for {' and '.join(students)}; name those of one.")
    made = recipes[0]
    return replace(
        options,
        weights=options.weights or tuple(f"{part}={w}" for part, w in made.weights.items()),
        precision=options.precision or made.student_options.get("precision", ""),
        **{name: getattr(made, name) for name in SEARCHED},
        student=options.student or made.student,
        base_voices=made.base_voices,
        seed=made.seed if options.seed is None else options.seed,
    )


def evolved_with_other_options(options: Options, styles: Sequence[str]) -> list[str]:
    """Return the styles evolved with other options than the first, whose options a report shows."""
    shown = [[getattr(made, name) for name in REPORTED] for made in _evolved(options, styles)]
    return [key for key, how in zip(styles, shown, strict=False) if how != shown[0]]


def searched(options: Options, styles: Sequence[str]) -> set[str]:
    """Return the search texts of all voices to validate: styles may be evolved one by one."""
    return {text for made in _evolved(options, styles) for text in made.search_texts}


def _evolved(options: Options, styles: Sequence[str]) -> list[RunRecipe]:
    """Return the recipe each voice to validate or deploy was evolved with."""
    if options.stage not in ("validate", "deploy"):
        return []
    notes = [note_path(options.out / "evolved_voices" / f"{key}.pt") for key in styles]
    recipes = [recipe_in(note) for note in notes]
    if None in recipes:
        raise PlanError(
            f"--stage {options.stage}: {notes[recipes.index(None)]} does not say how the voice "
            "was evolved; run --stage evolve again."
        )
    return [recipe for recipe in recipes if recipe]


def target_plan(options: Options, styles: Sequence[str]) -> TargetPlan | None:
    """Return how the targets were made; None if unknown, or if a teacher is named now.

    If the targets were made by different teachers, no teacher speaks the held-out sentences.
    """
    named = options.teacher or options.tts_url or options.reference_audio or options.prompt_styles
    recipes = {} if named or options.stage not in REQUIRED else _of_targets(options.out, styles)
    if not recipes:
        return None
    found = {key: recipe.style(key) for key, recipe in recipes.items()}
    inputs = {name: digest for one in recipes.values() for name, digest in one.inputs.items()}
    speaking = [recipe for key, recipe in recipes.items() if not found[key].targets]
    alike = all(_teacher_of(recipe) == _teacher_of(speaking[0]) for recipe in speaking)
    if not speaking or not alike:
        without_teacher = tuple(replace(style, takes={}, prompt=()) for style in found.values())
        return TargetPlan(styles=without_teacher, inputs=inputs, alike=alike)
    return TargetPlan(
        styles=tuple(found.values()),
        teacher=speaking[0].teacher,
        options=speaking[0].teacher_options,
        versions=speaking[0].versions,
        inputs=inputs,
    )


def hashes(out: Path) -> dict[str, str]:
    """Return the hash of each file that a target in the folder was made of."""
    recipes = map(recipe_in, out.glob("reference_audio/*/target.json"))
    return {name: digest for one in recipes if one for name, digest in one.inputs.items()}


def spoken(out: Path) -> set[str]:
    """Return the texts spoken in the folder's targets."""
    notes = (read_json(path) or {} for path in out.glob("reference_audio/*/target.json"))
    return {text for note in notes for text in note.get("texts", ())}


def earlier_texts(options: Options, styles: Collection[str]) -> Texts | None:
    """Return the search and held-out texts of the folder; None to choose new ones.

    If the stage reference remakes all existing targets, nothing depends on the previous choice.
    """
    notes = sorted(options.out.glob("reference_audio/*/target.json"))
    found = (as_recipe(read_json(options.out / "recipe.json")), *map(recipe_in, notes))
    before = next(filter(None, found), None)
    there = {note.parent.name for note in notes}
    if not before or (options.stage not in REQUIRED and there <= set(styles)):
        return None
    return Texts(before.search_texts, before.held_out_texts)


def clips(options: Options, styles: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the clips given for each target, if known for all."""
    recipes = _of_targets(options.out, styles) if options.stage in REQUIRED else {}
    return {key: recipe.style(key).targets for key, recipe in recipes.items()}


def _of_targets(out: Path, styles: Sequence[str]) -> dict[str, RunRecipe]:
    """Return the recipe each target was made with; empty unless known for all."""
    found = {key: recipe_in(out / "reference_audio" / key / "target.json") for key in styles}
    recipes = {key: one for key, one in found.items() if one and key in one.style_keys}
    return recipes if len(recipes) == len(found) else {}


def _teacher_of(recipe: RunRecipe) -> tuple[str, dict[str, str], str]:
    """Return teacher, options and prompt hash: a prompt of the same name may have changed."""
    prompt = recipe.inputs.get(recipe.teacher_options.get("prompt", ""), "")
    return recipe.teacher, recipe.teacher_options, prompt
