"""Pipeline: the four stages over a folder, without Django; finished work is not repeated."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Protocol

from distillation import engines, voicepack
from distillation.engines.base import EngineError, Options, Prompt, Student, Teacher
from distillation.manifest import Manifest
from distillation.pipeline import release
from distillation.pipeline.jobs import Jobs
from distillation.pipeline.notes import (
    aside,
    digest_of,
    is_current,
    made_with,
    note_of,
    read_json,
    recipe_in,
    sha256_of,
    write_bytes,
    write_json,
)
from distillation.recipe import RunRecipe, StyleRecipe
from distillation.stages import checkpoint as checkpoints
from distillation.stages.base import StageError
from distillation.stages.clips import clips_digest
from distillation.stages.deploy import deploy
from distillation.stages.evaluation import BatchEvaluator
from distillation.stages.evolve import Evolution
from distillation.stages.initialization import stock_of
from distillation.stages.reference import Target, make_prompt, make_target, take_clips
from distillation.stages.stopping import GOAL, MINUTES, PATIENCE
from distillation.stages.validate import KINDS, build_report, validate_style, write_report

CHECKPOINT_SECONDS = 20.0
PROMPT_OPTIONS = ("prompt", "transcript")  # of `teacher_options`; the rest is the engine's
ENDED = {
    GOAL: "the score to reach was reached",
    PATIENCE: "nothing better was found for as long as --patience says",
    MINUTES: "its minutes are over",
}


class Interrupted(Exception):
    """Somebody asked to stop; what was done is saved."""


class ProgressListener(Protocol):
    """Who is told how far the stages are."""

    def spoken(self, stage: str, style: str, done: int, of: int) -> None: ...

    def walked(self, style: str, evolution: Evolution) -> None: ...

    def said(self, message: str) -> None: ...


class Pipeline:
    """The stages of one recipe in one folder.

    Parameters
    ----------
    recipe : RunRecipe
        Its takes and prompt are paths.
    out : path
        Gets ``reference_audio/ evolved_voices/ checkpoints/ validation/`` and `recipe.json`.
    watcher : ProgressListener
        Told of progress.
    should_stop : callable
        Asked between candidates and sentences; True raises `Interrupted` once all is saved.
    student_options, teacher_options : dict, optional
        Of this machine (the models' folder), beside the recipe's own.
    jobs : int
        Processes that judge candidates; with 1 this one does.
    """

    def __init__(
        self,
        recipe: RunRecipe,
        out: Path,
        *,
        watcher: ProgressListener,
        should_stop: Callable[[], bool],
        student_options: Options | None = None,
        teacher_options: Options | None = None,
        jobs: int = 1,
    ) -> None:
        self.recipe = recipe
        self.out = out
        self._watcher = watcher
        self._should_stop = should_stop
        self._options = {**(student_options or {}), **recipe.student_options}
        self._teacher_options = teacher_options or {}
        self._jobs = jobs
        self._student: Student | None = None

    def target(self, style: str) -> Path:
        return self.out / "reference_audio" / style / "target.wav"

    def pack(self, style: str, kind: str = "") -> Path:
        return self.out / "evolved_voices" / kind / f"{style}.pt"

    @property
    def report(self) -> Path:
        return self.out / "validation" / "validation_report.json"

    def reference(self) -> None:
        """Write the target of every style that has none of the same inputs yet."""
        for style in self.recipe.styles:
            inputs, target = self._reference_inputs(style), self.target(style.key)
            made = None if self._is_made(target, inputs) else self._make_target(style, target)
            write_json(self.out / "recipe.json", self.recipe.to_json())  # a teacher was there
            if made is None:
                self._watcher.said(f"{style.key}: the target is there already.")
                continue
            about = {"inputs": inputs, **made.to_json(), "recipe": self.recipe.to_json()}
            write_json(target.with_suffix(".json"), about)

    def _is_made(self, target: Path, inputs: str) -> bool:
        note = read_json(target.with_suffix(".json")) or {}
        known = (note.get("inputs"), note.get("sha256"))
        return target.exists() and known == (inputs, clips_digest(target))

    def _make_target(self, style: StyleRecipe, path: Path) -> Target:
        if style.targets:
            taken = take_clips(style, [Path(clip) for clip in style.targets], path=path)
            self._watcher.said(f"{style.key}: clips given as its target: {taken.clips}.")
            return taken
        return make_target(
            style,
            self._teacher(),
            self._prompt(style),
            seed=self.recipe.seed,
            path=path,
            on_progress=self._beat("reference", style.key),
        )

    def evolve(self) -> None:
        """Search every style that is not finished, from its checkpoint if there is one."""
        stock, weights = stock_of(self.recipe, self.student), self.student.weights
        for style in self.recipe.style_keys:
            identity = checkpoints.identity(self.recipe, style, self.target(style), stock, weights)
            if self._is_evolved(style, identity):
                self._watcher.said(f"{style}: the voice is evolved already.")
            else:
                self._evolve(style, identity)

    def _is_evolved(self, style: str, identity: str) -> bool:
        """Tell whether the voice is there with all that later stages want beside it."""
        note = note_of(self.pack(style))
        if not is_current(note, identity, self.pack(style)):
            return False
        about = read_json(note) or {}
        whole = about.get("target") == clips_digest(self.target(style)) and "base_voice" in about
        return whole and self.pack(style, "start").exists() and recipe_in(note) is not None

    def validate(self) -> dict[str, Any]:
        """Validate every style and write the report; return it."""
        inputs = self._validate_inputs()
        before = read_json(self.report) or {}
        if before.get("inputs") == inputs and self._is_audible(before):
            self._watcher.said("The voices are validated already.")
            return before
        reports = [self._validate(style) for style in self.recipe.styles]
        mute = list(map(self._is_mute, self.recipe.styles, reports))
        again = any(mute) or any(map(self._changed, self.recipe.styles)) or _is_unmade(reports)
        report = {**build_report(self.recipe, reports), "inputs": "" if again else inputs}
        write_report(self.report, report)
        return report

    def deploy(self, voices_dir: Path, *, force: bool) -> Manifest:
        """Deploy the styles whose packs passed validation, or all of them with `force`.

        Raises
        ------
        StageError
            `not_validated`: a pack that did not pass, or another than was validated.
        """
        styles = self.recipe.style_keys
        report = read_json(self.report) or {}
        packs = {style: self.pack(style) for style in styles}
        if not force and (why := release.unfit(packs, self.recipe.student, report)):
            raise StageError("not_validated", f"{why}, or deploy anyway with --force.")
        about = {
            style: {"style": style, **release.about(style, pack, self.recipe, report)}
            for style, pack in packs.items()
        }
        return deploy(packs, voices_dir=voices_dir, engine=self.recipe.student, about=about)

    def _evolve(self, style: str, identity: str) -> None:
        stored = self.out / "checkpoints" / f"{style}.npz"
        evolution = self._evolution(style, identity, stored)
        if evolution.evaluations:
            self._watcher.said(f"{style}: going on at step {evolution.step}.")
        watch = self._watch(style, stored)
        with self._batch_evaluator(evolution, self.target(style)) as evaluate_batch:
            evolution.advance(
                on_step=watch, should_stop=self._should_stop, evaluate_batch=evaluate_batch
            )
        write_bytes(stored, evolution.checkpoint())
        if not evolution.done:
            raise Interrupted(f"{style}: stopped at step {evolution.step}; saved in {stored}.")
        if why := ENDED.get(evolution.stopped):
            self._watcher.said(
                f"{style}: ended at step {evolution.step} of {self.recipe.steps}: {why}."
            )
        self._keep(style, identity, evolution)

    def _watch(self, style: str, stored: Path) -> Callable[[Evolution], None]:
        """Return what shows each step, and saves the search every so often."""
        saved_at = time.monotonic()

        def watch(evolution: Evolution) -> None:
            nonlocal saved_at
            self._watcher.walked(style, evolution)
            if time.monotonic() - saved_at >= CHECKPOINT_SECONDS:
                write_bytes(stored, evolution.checkpoint())
                saved_at = time.monotonic()

        return watch

    def _batch_evaluator(
        self, evolution: Evolution, target: Path
    ) -> AbstractContextManager[BatchEvaluator | None]:
        if self._jobs == 1 or evolution.done or evolution.evaluator.prefers_batch:
            return nullcontext()
        return Jobs(self._jobs, self.recipe, self._options, target, evolution.evaluator)

    def _evolution(self, style: str, identity: str, stored: Path) -> Evolution:
        """Return the search of these inputs: of the checkpoint, of one put aside, or a new one."""
        self._change(style, identity, stored)
        parts = (self.recipe, style, self.student, self.target(style))
        checkpoint = stored.read_bytes() if stored.exists() else None
        try:
            return Evolution(*parts, checkpoint)
        except StageError as error:
            if error.code != "bad_checkpoint":
                raise
            self._watcher.said(f"{style}: {error} Starting anew.")
            return Evolution(*parts)

    def _change(self, style: str, identity: str, stored: Path) -> None:
        """Put a checkpoint of other inputs aside; take that of these back, if there is one."""
        try:
            before = checkpoints.identity_of(stored.read_bytes()) if stored.exists() else ""
        except StageError:
            return  # damaged: who reads it says so
        if before == identity:
            return
        if before:
            kept = stored.replace(aside(stored, before))
            self._watcher.said(
                f"{style}: the search so far had other options, another target or model; it is "
                f"kept in {kept} and goes on with them."
            )
        if aside(stored, identity).exists():
            aside(stored, identity).replace(stored)
        elif before:
            self._watcher.said(f"{style}: Starting anew.")

    def _keep(self, style: str, identity: str, evolution: Evolution) -> None:
        packs = {"": evolution.best, "start": evolution.start}
        for kind, pack in packs.items():
            if pack is None:
                raise StageError("base_voices", f"{style}: the search gave no voice.")
            voicepack.save(pack, self.pack(style, kind))
        for step, pack in evolution.milestones.items():
            voicepack.save(pack, self.pack(f"{style}-{step}", "milestones"))
        about = {
            "inputs": identity,
            "target": clips_digest(self.target(style)),
            "sha256": sha256_of(self.pack(style)),
            "start": evolution.start_name,
            "base_voice": evolution.base_voice,
            "start_score": evolution.start_score and evolution.start_score.to_json(),
            "best_score": evolution.best_score and evolution.best_score.to_json(),
            "step": evolution.step,
            "stopped": evolution.stopped,
            "evaluations": evolution.evaluations,
            "points": evolution.points,
            "recipe": made_with(self.recipe, style, self.target(style)).to_json(),
        }
        write_json(note_of(self.pack(style)), about)

    def _is_audible(self, report: dict[str, Any]) -> bool:
        """Tell whether every file is there that the report names."""
        files = [one for style in report["styles"].values() for one in style["audio"]]
        names = {one[kind] for one in files for kind in KINDS if one[kind]}
        return all((self.report.parent / "audio" / name).exists() for name in names)

    def _validate(self, style: StyleRecipe) -> dict[str, Any]:
        teacher, prompt = self._who_speaks(style)
        engine = self.recipe.student
        return validate_style(
            self.recipe,
            style.key,
            self.student,
            teacher,
            prompt,
            target=self.target(style.key),
            start=voicepack.load(self.pack(style.key, "start"), engine=engine),
            evolved=voicepack.load(self.pack(style.key), engine=engine),
            base_voice=str((read_json(note_of(self.pack(style.key))) or {}).get("base_voice", "")),
            audio_dir=self.report.parent / "audio",
            on_progress=self._beat("validate", style.key),
        ).to_json()

    def _is_mute(self, style: StyleRecipe, report: dict[str, Any]) -> bool:
        """Tell whether a teacher that can say anything left some out: then it is asked again."""
        talks = self.recipe.teacher != "recordings" and self._has_teacher(style)
        spoken = [bool(one["target"]) for one in report["audio"]]
        mute = talks and not all(spoken)
        if mute:
            many = f"{sum(spoken)} of {len(spoken)}" if any(spoken) else "no"
            self._watcher.said(
                f"{style.key}: the teacher {self.recipe.teacher} spoke {many} held-out "
                f"sentence{'s' if any(spoken) else ''}; once it can be reached, the same command "
                "validates again, with it."
            )
        return mute

    def _has_teacher(self, style: StyleRecipe) -> bool:
        return bool(style.takes or style.prompt or self.recipe.teacher_options)

    def _who_speaks(self, style: StyleRecipe) -> tuple[Teacher | None, Prompt | None]:
        """Return the teacher of the held-out sentences; none where there is none any more."""
        if not self._has_teacher(style):
            return None, None
        if changed := self._changed(style):
            self._watcher.said(
                f"{style.key}: validated without the teacher. {changed} is another file than the "
                "target was made of; put that back, or name the teacher again."
            )
            return None, None
        try:
            return self._teacher(), self._prompt(style)
        except EngineError as error:
            self._watcher.said(f"{style.key}: validated without the teacher. {error}")
            return None, None

    def _changed(self, style: StyleRecipe) -> str:
        """Return a file the teacher would hear or play that is not what it was; empty if none."""
        prompt = self.recipe.teacher_options.get("prompt", "")
        names = (*style.takes.values(), *(path for _, path in style.prompt), prompt)
        known = {name: self.recipe.inputs[name] for name in names if name in self.recipe.inputs}
        there = (name for name in known if Path(name).exists())
        return next((name for name in there if sha256_of(Path(name)) != known[name]), "")

    @property
    def student(self) -> Student:
        """The recipe's student, made when first wanted."""
        if self._student is None:
            self._student = engines.student(self.recipe.student, self._options)
        return self._student

    def _teacher(self) -> Teacher:
        options = self.recipe.teacher_options.items()
        own = {name: value for name, value in options if name not in PROMPT_OPTIONS}
        return engines.teacher(self.recipe.teacher, {**self._teacher_options, **own})

    def _prompt(self, style: StyleRecipe) -> Prompt:
        joined = self.target(style.key).with_name("prompt.wav")
        return make_prompt(self.recipe, style.key, place=Path, joined_to=joined)

    def _beat(self, stage: str, style: str) -> Callable[[int, int], None]:
        def beat(done: int, of: int) -> None:
            self._watcher.spoken(stage, style, done, of)
            if self._should_stop():
                raise Interrupted(f"{style}: stopped in stage {stage}, which begins anew.")

        return beat

    def _reference_inputs(self, style: StyleRecipe) -> str:
        if style.targets:
            return digest_of([sha256_of(Path(clip)) for clip in style.targets])
        own = {f"prompt: {text}": path for text, path in style.prompt}
        files = {**style.takes, **own, "prompt": self.recipe.teacher_options.get("prompt", "")}
        hashes = {name: sha256_of(Path(path)) for name, path in files.items() if path}
        spoken = [style.key, style.speed, style.reference_texts, hashes, self.recipe.seed]
        return digest_of([spoken, self.recipe.teacher, self.recipe.teacher_options])

    def _validate_inputs(self) -> str:
        files = [
            sha256_of(path)
            for style in self.recipe.style_keys
            for path in (self.pack(style, "start"), self.pack(style))
        ]
        targets = [clips_digest(self.target(style)) for style in self.recipe.style_keys]
        return digest_of([self.recipe.to_json(), targets, files])


def _is_unmade(reports: Sequence[dict[str, Any]]) -> bool:
    """Tell whether a check could not be made: the next validation may be able to."""
    return any(check["value"] is None for report in reports for check in report["checks"])
