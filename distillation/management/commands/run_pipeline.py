"""run_pipeline: the four stages from the command line, without web, database or broker."""

from __future__ import annotations

import signal
from threading import Thread
from types import FrameType, TracebackType
from typing import Any, Self

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from corpus.audio.types import AudioError
from distillation.engines import EngineError, default_student
from distillation.manifest import ManifestError, ManifestVoice
from distillation.pipeline.driver import Interrupted, Pipeline
from distillation.pipeline.options import Options, PlanError, add_arguments
from distillation.pipeline.planning import Plan, plan
from distillation.pipeline.workspace import locked
from distillation.services.errors import RunError
from distillation.services.voices_dir import is_published, voices_dir, voices_of_command
from distillation.stages.base import StageError
from distillation.stages.evolve import Evolution
from distillation.voicepack import PackError

WIDTH = 110  # of a table that goes into a file or pipe
FAILED, REFUSED, NOT_PASSED, INTERRUPTED = 1, 2, 3, 130
FAULTS = (StageError, EngineError, PackError, AudioError, ManifestError, RunError, OSError)


class Command(BaseCommand):
    help = (
        "Distil voices: reference, evolve, validate, deploy. After an interruption, the same "
        "command continues where it stopped; finished work is repeated only if its inputs changed. "
        "Exit status: 0 done, 1 a stage failed, 2 invalid options, 3 validation not passed, 130 "
        "interrupted."
    )
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        add_arguments(parser)

    def handle(self, *_args: Any, **given: Any) -> None:
        self._console = Console(highlight=False)
        if not self._console.is_terminal:
            self._console.width = WIDTH
        self._stopping = False
        try:
            wanted = plan(_options(given))
        except (PlanError, OSError) as error:
            raise CommandError(str(error), returncode=REFUSED) from error
        for note in wanted.notes:
            self._console.print(note)
        before = [signal.signal(sign, self._stop) for sign in (signal.SIGINT, signal.SIGTERM)]
        try:
            passed = self._run(wanted)
        except Interrupted as error:
            message = f"{error}\nThe same command continues from there."
            raise CommandError(message, returncode=INTERRUPTED) from error
        except KeyboardInterrupt as error:
            message = "Stopped at once. The same command continues from what was saved last."
            raise CommandError(message, returncode=INTERRUPTED) from error
        except FAULTS as error:
            raise CommandError(str(error), returncode=FAILED) from error
        finally:
            for sign, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
                signal.signal(sign, handler)
        if not passed:
            raise CommandError("Validation was not passed.", returncode=NOT_PASSED)

    def _stop(self, _sign: int, _frame: FrameType | None) -> None:
        if self._stopping:
            raise KeyboardInterrupt
        self._stopping = True
        message = "Stopping after this candidate; Ctrl-C again stops at once."
        Thread(target=self._console.print, args=(message,)).start()  # this one may be printing

    def _run(self, wanted: Plan) -> bool:
        with locked(wanted.out), Bars(self._console) as bars:
            pipeline = Pipeline(
                wanted.recipe,
                wanted.out,
                listener=bars,
                should_stop=lambda: self._stopping,
                model_dir=wanted.model_dir,
                jobs=wanted.jobs,
                teacher_keys=settings.TEACHER_KEYS,
            )
            if "reference" in wanted.stages:
                pipeline.reference()
            if "evolve" in wanted.stages:
                pipeline.evolve()
            report = self._validated(pipeline, wanted) if "validate" in wanted.stages else None
        if report:
            self._console.print(_table(report))
            self._console.print(f"Report: {pipeline.report}")
        passed = report is None or bool(report["passed"])
        if "deploy" in wanted.stages and (passed or wanted.override):
            self._deploy(pipeline, wanted)
        return passed

    @staticmethod
    def _validated(pipeline: Pipeline, wanted: Plan) -> dict[str, Any]:
        if is_published(wanted.voices_dir):
            voices_dir()  # what is in service elsewhere is compared with, too
        return pipeline.validate(wanted.voices_dir)

    def _deploy(self, pipeline: Pipeline, wanted: Plan) -> None:
        with voices_of_command(wanted.voices_dir) as folder:
            deployed = pipeline.deploy(
                folder, override=wanted.override, plain_delivery=wanted.plain_delivery
            )
        names = wanted.recipe.style_keys
        voices = ", ".join(name + _spoken(deployed.voices[name]) for name in names)
        self._console.print(f"Deployed in {wanted.voices_dir}: {voices}.")
        if is_published(wanted.voices_dir):
            self._console.print("Published in the bucket of STORAGE_URL.")


class Bars:
    """Shows the progress of each style; plain lines if the output is not a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("{task.fields[style]:12}"),
            TextColumn("{task.fields[stage]:9}"),
            BarColumn(bar_width=24),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TextColumn("{task.fields[scores]}"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._tasks: dict[tuple[str, str], TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def sentence_spoken(self, stage: str, style: str, done: int, of: int) -> None:
        """Show the number of sentences spoken in a stage."""
        self._show(stage, style, done, of, "")

    def candidate_evaluated(self, style: str, evolution: Evolution) -> None:
        """Show the search's step and best figures."""
        score = evolution.best_score
        text = f"score {score.total:6.2f}  similarity {score.target:.3f}" if score else ""
        if evolution.start is None:
            self._show("start", style, evolution.evaluations, evolution.start_total, text)
        else:
            self._show("evolve", style, evolution.step, evolution.steps, text)

    def message(self, text: str) -> None:
        """Print a line above the bars."""
        self._console.print(text)

    def _show(self, stage: str, style: str, done: int, of: int, scores: str) -> None:
        key = (stage, style)
        if key not in self._tasks:
            self._tasks[key] = self._progress.add_task("", style=style, stage=stage, scores="")
        self._progress.update(self._tasks[key], completed=done, total=of, scores=scores)
        if not self._console.is_terminal and done % max(1, of // 4) == 0:
            self._console.print(f"{style}: {stage} {done}/{of} {scores}".rstrip())


def _options(given: dict[str, Any]) -> Options:
    model_dir = given["model_dir"] or settings.MODEL_DIR
    return Options(
        stage=given["stage"],
        reference_audio=given["reference_audio"],
        reference_text=given["reference_text"],
        tts_url=given["tts_url"],
        target_audio=tuple(given["target_audio"] or ()),
        steps=given["steps"],
        minutes=given["minutes"],
        goal=given["goal"],
        patience=given["patience"],
        weights=tuple(given["weights"] or ()),
        precision=given["precision"],
        base_voices=tuple(given["base_voices"] or ()),
        styles=tuple(given["styles"] or ()),
        student=given["student"],
        teacher=given["teacher"],
        strategy=given["strategy"],
        seed=given["seed"],
        speaker=given["speaker"],
        mix_speakers=given["mix_speakers"],
        out=given["out"] or settings.DATA_DIR / "pipeline",
        voices_dir=given["voices_dir"] or settings.VOICES_DIR,
        model_dir=model_dir,
        override=given["override"],
        corpus_dir=settings.BASE_DIR / "fixtures" / "corpus",
        default_student=settings.STUDENT or default_student(model_dir),
        default_precision=settings.KOKORO_PRECISION,
        prompt_styles=tuple(given["prompt_style"] or ()),
        jobs=given["jobs"],
        plain_delivery=given["plain_delivery"],
    )


def _table(report: dict[str, Any]) -> Table:
    table = Table(title="Held-out sentences")
    for heading in ("style", "score", "target", "self", "feature", "natural 1-5", "passed"):
        table.add_column(heading, justify="left" if heading == "style" else "right")
    for style, found in report["styles"].items():
        before, after = found["start"]["score"], found["evolved"]["score"]
        cells = [f"{before['total']:.2f} → {after['total']:.2f}"]
        parts = ("target", "self", "feature")
        cells += [f"{before[part]:.3f} → {after[part]:.3f}" for part in parts]
        table.add_row(style, *cells, _natural(found), "yes" if found["passed"] else "no")
    not_made = {
        check["reason"]
        for found in report["styles"].values()
        for check in found["checks"]
        if check["value"] is None
    }
    table.caption = "\n".join([f"styles: {report['differentiation']['reason']}", *not_made])
    return table


def _spoken(voice: ManifestVoice) -> str:
    """Return what is added to a voice that was deployed; empty if nothing is."""
    if voice.delivery.is_plain:
        return ""
    figures = f"speed {voice.speed:g}, gain {voice.gain_db:+.1f} dB"
    return f" ({figures}, pitch range {voice.pitch_range:g})"


def _natural(found: dict[str, Any]) -> str:
    """Return the opinion scores before and after; a dash if they were not predicted."""
    natural = found.get("naturalness")
    if not natural:
        return "—"
    return f"{natural['start']['mean']:.2f} → {natural['evolved']['mean']:.2f}"
