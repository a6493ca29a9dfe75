"""Progress bars of the command line: model downloads, and each style's search."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from distillation.stages.evolve import Evolution


@contextmanager
def steps_shown(console: Console, total: int) -> Iterator[Callable[[str], None]]:
    """Show a bar of `total` steps; call the yielded function with each step's name as it begins.

    Prints plain lines if the output is not a terminal.
    """
    columns = (
        SpinnerColumn(),
        BarColumn(bar_width=24),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
    )
    disable, done = not console.is_terminal, -1
    with Progress(*columns, console=console, disable=disable, transient=True) as progress:
        bar = progress.add_task("", total=total)

        def say(name: str) -> None:
            nonlocal done
            done += 1
            progress.update(bar, completed=done, description=name)
            if disable:
                console.print(name)

        yield say


class Bars:
    """Shows the progress of each style; plain lines if the output is not a terminal."""

    def __init__(self, console: Console, steps: int) -> None:
        self._console = console
        self._steps = steps
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
        if evolution.step == 0:
            self._show("start", style, evolution.evaluations, evolution.start_total, text)
        else:
            self._show("evolve", style, evolution.step, self._steps, text)

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
