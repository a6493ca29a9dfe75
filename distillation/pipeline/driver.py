"""Runs the four stages over a folder, without Django, skipping finished work."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from corpus.files import sha256_of, sha256_of_json, write_bytes, write_json
from distillation import voicepack
from distillation.engines.base import Student, Teacher
from distillation.manifest import Manifest
from distillation.pipeline import reports
from distillation.pipeline.held_out_teacher import HeldOutTeacher
from distillation.pipeline.jobs import Jobs, atlas_helpers
from distillation.pipeline.workspace import (
    FolderWorkspace,
    is_current,
    made_with,
    note_path,
    read_json,
    recipe_in,
    set_aside_path,
)
from distillation.recipe import RunRecipe
from distillation.stages import checkpoint as checkpoints
from distillation.stages.base import StageError
from distillation.stages.clips import clips_digest
from distillation.stages.deploy import deploy, pack_in_service
from distillation.stages.evaluation import BatchEvaluator
from distillation.stages.evolve import Evolution
from distillation.stages.initialization import stock_of
from distillation.stages.reference import Target
from distillation.stages.run_report import build_report, write_report
from distillation.stages.search_progress import GOAL, MINUTES, PATIENCE
from distillation.stages.style_runner import (
    StyleRunner,
    make_student,
    make_teacher,
)
from distillation.stages.voice_atlas import atlas_folder

CHECKPOINT_SECONDS = 20.0
ENDED = {
    GOAL: "the score to reach was reached",
    PATIENCE: "nothing better was found for as long as --patience says",
    MINUTES: "its minutes are over",
}


class Interrupted(Exception):
    """Stopped on request; finished work is saved."""


class ProgressListener(Protocol):
    """Receives the progress of the stages."""

    def sentence_spoken(self, stage: str, style: str, done: int, of: int) -> None: ...

    def candidate_evaluated(self, style: str, evolution: Evolution) -> None: ...

    def message(self, text: str) -> None: ...


class Pipeline:
    """The stages of one recipe in one folder.

    Parameters
    ----------
    recipe : RunRecipe
        Its takes and prompt are paths.
    out : path
        Output folder: targets, voices, checkpoints, reports and `recipe.json`.
    listener : ProgressListener
        Receives progress.
    should_stop : callable
        Called between candidates and sentences; True raises `Interrupted` after saving.
    model_dir : path
        Folder of models on this machine.
    jobs : int
        Number of processes that evaluate candidates; with 1 it is this process.
    teacher_keys : mapping of str to str, optional
        As `style_runner.make_teacher` has them.
    """

    def __init__(
        self,
        recipe: RunRecipe,
        out: Path,
        *,
        listener: ProgressListener,
        should_stop: Callable[[], bool],
        model_dir: Path,
        jobs: int = 1,
        teacher_keys: Mapping[str, str] | None = None,
    ) -> None:
        self.recipe = recipe
        self.out = out
        self._listener = listener
        self._should_stop = should_stop
        self._model_dir = model_dir
        self._atlas_dir = atlas_folder(model_dir, out)
        self._jobs = jobs
        self._teacher_keys = teacher_keys

    @cached_property
    def student(self) -> Student:
        """The recipe's student, made when first needed."""
        return make_student(self.recipe.student, self.recipe.student_options, self._model_dir)

    @cached_property
    def teacher(self) -> Teacher:
        """The recipe's teacher, made when first needed."""
        return make_teacher(self.recipe, self._model_dir, keys=self._teacher_keys)

    @property
    def _held_out_teacher(self) -> HeldOutTeacher:
        return HeldOutTeacher(self.recipe, lambda: self.teacher, self._listener.message)

    @property
    def report(self) -> Path:
        return self.out / "validation" / "validation_report.json"

    def files(self, style: str) -> FolderWorkspace:
        """Return the workspace of a style."""
        return FolderWorkspace(self.out, style)

    def reference(self) -> None:
        """Write the target of every style that has none made from the same inputs."""
        for style in self.recipe.style_keys:
            runner = self._runner(style, "reference")
            inputs, path = self._reference_inputs(runner), runner.workspace.target
            made = None if _is_made(path, inputs) else self._make_target(runner)
            write_json(self.out / "recipe.json", self.recipe.to_json())  # now that a target exists
            if made is None:
                self._listener.message(f"{style}: the target is there already.")
                continue
            about = {"inputs": inputs, **made.to_json(), "recipe": self.recipe.to_json()}
            write_json(path.with_suffix(".json"), about)

    def evolve(self) -> None:
        """Search the voice of every unfinished style, from its checkpoint if there is one."""
        stock, weights = stock_of(self.recipe, self.student), self.student.weights
        for style in self.recipe.style_keys:
            target = self.files(style).target
            context = self._runner(style, "evolve").search_context()
            identity = checkpoints.identity(self.recipe, style, target, stock, weights, context)
            if self._is_evolved(style, identity):
                self._listener.message(f"{style}: the voice is evolved already.")
            else:
                self._evolve(style, identity)

    def validate(self, voices_dir: Path) -> dict[str, Any]:
        """Validate every style of the recipe and write the report; return it.

        Each is also compared with the voice of this style in `voices_dir`, if there is one.

        Earlier results of other styles are kept if their voices and the held-out sentences are
        unchanged, so that styles validated one by one are compared with each other.
        """
        deployed = {style: self._in_service(style, voices_dir) for style in self.recipe.style_keys}
        inputs, before = self._validate_inputs(deployed), reports.readable(self.report)
        others = reports.still_valid(before, self.recipe, self.out)
        known = {*self.recipe.style_keys, *(report["style"] for report in others)}
        same = before.get("inputs") == inputs and known == set(before["styles"])
        if same and reports.is_audible(self.report, before):
            self._listener.message("The voices are validated already.")
            return before
        validated = [self._validate(style, pack) for style, pack in deployed.items()]
        again = any(map(self._held_out_teacher.is_unfinished, validated))
        report = build_report(self.recipe, [*others, *validated])
        report["inputs"] = "" if again else inputs
        write_report(self.report, report)
        return report

    def deploy(
        self, voices_dir: Path, *, override: str = "", plain_delivery: bool = False
    ) -> Manifest:
        """Deploy the styles if nothing speaks against their packs, or anyway with an `override`.

        Each voice gets the delivery that validation fitted, unless `plain_delivery`. An
        override is why it is deployed nevertheless; the manifest keeps it with what it admitted.

        Raises
        ------
        StageError
            `not_validated`: a pack did not pass, got worse on held-out sentences, or is not the
            one that was validated; `bad_report`.
        """
        styles, report = self.recipe.style_keys, reports.read(self.report)
        packs = {style: self.files(style).pack() for style in styles}
        why = reports.unfit(packs, self.recipe.student, report)
        if why and not override:
            raise StageError("not_validated", f"{why}, or deploy anyway with --override REASON.")
        overridden = {"override": reports.overridden(override, why)} if why else {}
        about = {
            style: {
                "style": style,
                **reports.about(style, pack, self.recipe, report),
                **overridden,
            }
            for style, pack in packs.items()
        }
        return deploy(
            packs,
            voices_dir=voices_dir,
            engine=self.recipe.student,
            about=about,
            deliveries={}
            if plain_delivery
            else reports.deliveries(self.report, report, packs, self.recipe.student),
        )

    def _runner(self, style: str, stage: str) -> StyleRunner:
        return StyleRunner(
            self.recipe,
            style,
            self.files(style),
            student=lambda: self.student,
            teacher=lambda: self.teacher,
            atlas_dir=self._atlas_dir,
            on_progress=self._progress(stage, style),
        )

    def _progress(self, stage: str, style: str) -> Callable[[int, int], None]:
        def on_progress(done: int, of: int) -> None:
            self._listener.sentence_spoken(stage, style, done, of)
            if self._should_stop():
                raise Interrupted(
                    f"{style}: stopped in stage {stage}, which restarts from its beginning."
                )

        return on_progress

    def _make_target(self, runner: StyleRunner) -> Target:
        made = runner.make_target()
        if runner.style.targets:
            self._listener.message(f"{runner.style.key}: clips given as its target: {made.clips}.")
        for warning in made.warnings:
            self._listener.message(f"{runner.style.key}: warning: {warning.in_words()}")
        return made

    def _is_evolved(self, style: str, identity: str) -> bool:
        """Return whether the voice exists, with everything later stages need."""
        files = self.files(style)
        note = note_path(files.pack())
        if not is_current(note, identity, files.pack()):
            return False
        about = read_json(note) or {}
        whole = about.get("target") == clips_digest(files.target) and "base_voice" in about
        return whole and files.pack("start").exists() and recipe_in(note) is not None

    def _evolve(self, style: str, identity: str) -> None:
        stored = self.files(style).checkpoint
        evolution = self._evolution(style, identity, stored)
        if evolution.evaluations:
            self._listener.message(f"{style}: going on at step {evolution.step}.")
        on_step = self._saving(style, stored)
        self._measure_base_voices(style, evolution)
        with self._batch_evaluator(evolution, style) as evaluate_batch:
            evolution.advance(
                on_step=on_step, should_stop=self._should_stop, evaluate_batch=evaluate_batch
            )
        write_bytes(stored, evolution.checkpoint())
        if not evolution.done:
            raise Interrupted(f"{style}: stopped at step {evolution.step}; saved in {stored}.")
        if why := ENDED.get(evolution.stopped):
            self._listener.message(
                f"{style}: ended at step {evolution.step} of {evolution.steps}: {why}."
            )
        self._keep(style, identity, evolution)

    def _measure_base_voices(self, style: str, evolution: Evolution) -> None:
        if evolution.is_prepared or self._jobs == 1 or evolution.evaluator.prefers_batch:
            return  # `advance` does it

        def go_on() -> bool:
            self._listener.candidate_evaluated(style, evolution)
            return not self._should_stop()

        with atlas_helpers(self._jobs - 1, self.recipe, self._model_dir, self._atlas_dir):
            evolution.prepare(go_on)

    def _saving(self, style: str, stored: Path) -> Callable[[Evolution], None]:
        """Return a callback that reports each candidate and periodically saves the search."""
        saved_at = time.monotonic()

        def on_step(evolution: Evolution) -> None:
            nonlocal saved_at
            self._listener.candidate_evaluated(style, evolution)
            if time.monotonic() - saved_at >= CHECKPOINT_SECONDS:
                write_bytes(stored, evolution.checkpoint())
                saved_at = time.monotonic()

        return on_step

    def _batch_evaluator(
        self, evolution: Evolution, style: str
    ) -> AbstractContextManager[BatchEvaluator | None]:
        if self._jobs == 1 or evolution.done or evolution.evaluator.prefers_batch:
            return nullcontext()
        target = self.files(style).target
        context = self._runner(style, "evolve").search_context()
        return Jobs(self._jobs, self.recipe, self._model_dir, target, evolution.evaluator, context)

    def _evolution(self, style: str, identity: str, stored: Path) -> Evolution:
        """Return the search: resumed from the current or a set-aside checkpoint, or new."""
        self._swap_checkpoint(style, identity, stored)
        runner = self._runner(style, "evolve")
        try:
            return runner.evolution(stored.read_bytes() if stored.exists() else None)
        except StageError as error:
            if error.code != "bad_checkpoint":
                raise
            self._listener.message(f"{style}: {error} Restarting the search.")
            return runner.evolution()

    def _swap_checkpoint(self, style: str, identity: str, stored: Path) -> None:
        """Set aside a checkpoint of other inputs; restore one of these inputs if there is one."""
        try:
            before = checkpoints.identity_of(stored.read_bytes()) if stored.exists() else ""
        except StageError:
            return  # damaged: reported when it is read
        if before == identity:
            return
        if before:
            kept = stored.replace(set_aside_path(stored, before))
            self._listener.message(
                f"{style}: the search so far had other options, another target or model; it is "
                f"kept in {kept} and continues with them."
            )
        if set_aside_path(stored, identity).exists():
            set_aside_path(stored, identity).replace(stored)
        elif before:
            self._listener.message(f"{style}: Restarting the search.")

    def _keep(self, style: str, identity: str, evolution: Evolution) -> None:
        files = self.files(style)
        for kind, pack in (("evolved", evolution.best), ("start", evolution.start)):
            if pack is None:
                raise StageError("base_voices", f"{style}: the search gave no voice.")
            voicepack.save(pack, files.pack(kind))
        for step, pack in evolution.milestones.items():
            voicepack.save(pack, files.milestone(step))
        about = {
            "inputs": identity,
            "target": clips_digest(files.target),
            "sha256": sha256_of(files.pack()),
            "start": evolution.start_name,
            "base_voice": evolution.base_voice,
            "start_score": evolution.start_score and evolution.start_score.to_json(),
            "best_score": evolution.best_score and evolution.best_score.to_json(),
            "step": evolution.step,
            "stopped": evolution.stopped,
            "evaluations": evolution.evaluations,
            "points": evolution.points,
            "recipe": made_with(self.recipe, style, files.target).to_json(),
        }
        write_json(note_path(files.pack()), about)

    def _in_service(self, style: str, voices_dir: Path) -> Path | None:
        """Return the deployed pack of a style; None if it is the evolved voice itself."""
        path = pack_in_service(voices_dir, style, self.recipe.student)
        own = self.files(style).pack()
        return path if path and sha256_of(path) != sha256_of(own) else None

    def _validate(self, style: str, deployed: Path | None) -> dict[str, Any]:
        about = read_json(note_path(self.files(style).pack())) or {}
        runner = self._runner(style, "validate")
        return runner.validate(
            base_voice=str(about.get("base_voice", "")),
            deployed=deployed,
            with_teacher=self._held_out_teacher.can_speak(runner),
        ).to_json()

    def _reference_inputs(self, runner: StyleRunner) -> str:
        style = runner.style
        if style.targets:
            return sha256_of_json([sha256_of(Path(clip)) for clip in style.targets])
        own = {f"prompt: {text}": path for text, path in style.prompt}
        files = {**style.takes, **own, "prompt": self.recipe.teacher_options.get("prompt", "")}
        hashes = {name: sha256_of(Path(path)) for name, path in files.items() if path}
        spoken = [style.key, style.speed, style.reference_texts, hashes, self.recipe.seed]
        return sha256_of_json([spoken, self.recipe.teacher, self.recipe.teacher_options])

    def _validate_inputs(self, deployed: Mapping[str, Path | None]) -> str:
        every = [self.files(style) for style in self.recipe.style_keys]
        packs = [sha256_of(files.pack(kind)) for files in every for kind in ("start", "evolved")]
        targets = [clips_digest(files.target) for files in every]
        compared = [path and sha256_of(path) for path in deployed.values()]
        return sha256_of_json([self.recipe.to_json(), targets, packs, compared])


def _is_made(target: Path, inputs: str) -> bool:
    note = read_json(target.with_suffix(".json")) or {}
    known = (note.get("inputs"), note.get("sha256"))
    return target.exists() and known == (inputs, clips_digest(target))
