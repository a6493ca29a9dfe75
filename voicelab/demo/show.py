"""The demo's output: a progress bar per style, the result table, files, URLs, timings."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from rich.box import SIMPLE_HEAVY
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from distillation.models import Run, StyleRun

console = Console()
COLUMNS = ("style", "similarity", "score", "naturalness", "searched", "passed")
QUIET_SECONDS = 10  # between lines if the output is not a terminal


class Stopwatch:
    """Measures the seconds of each named part, for the last line of the output."""

    def __init__(self) -> None:
        self.parts: dict[str, float] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        console.rule(f"[bold]{name}", align="left", style="dim")
        try:
            yield
        finally:
            self.parts[name] = self.parts.get(name, 0) + time.monotonic() - started

    def line(self) -> str:
        each = " · ".join(f"{name} {seconds:.0f} s" for name, seconds in self.parts.items())
        return f"Took {sum(self.parts.values()):.0f} s: {each}"


def run_watch(run: Run) -> Run:
    """Show the progress of the run's styles until it ends; return the ended run."""
    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[figures]}"),
        TimeRemainingColumn(),
    )
    printed_at = 0.0
    with Progress(*columns, console=console) as progress:
        bars: dict[int, TaskID] = {}
        while True:
            run.refresh_from_db()
            styles = list(run.style_runs.all())
            for style in styles:
                if style.pk not in bars:
                    bars[style.pk] = progress.add_task(style.style, figures="")
                progress.update(
                    bars[style.pk], completed=style.step, total=style.steps, figures=_figures(style)
                )
            if not run.is_active:
                return run
            if not console.is_terminal and time.monotonic() - printed_at > QUIET_SECONDS:
                printed_at = time.monotonic()
                for style in styles:
                    console.print(f"{style.style:<12} {style.step}/{style.steps} {_figures(style)}")
            time.sleep(0.5)


def _figures(style: StyleRun) -> str:
    if style.best_score is None:
        measured = f" · {style.evaluations} base voices measured" if style.evaluations else ""
        later = style.run.run_recipe.begins_from_speaker(style.style)
        waits = " · waits for the speaker" if later and style.stage == "evolve" else ""
        return f"{style.stage}{measured or waits}"
    score = f"score {style.best_score:.2f} · similarity {style.target_similarity:.3f}"
    return f"{style.stage} · {score}"


def table_of(run: Run) -> Table:
    """Return a row per style, start → evolved: held-out sentences first, then the search's own."""
    table = Table(
        title=f"Run {run.pk}, start → evolved, on sentences the search never used; searched: the "
        "score on its own; naturalness: of the best base voice → evolved, predicted, 1-5",
        title_justify="left",
        box=SIMPLE_HEAVY,
        padding=(0, 1, 0, 0),
    )
    for name in COLUMNS:
        table.add_column(name, justify="left" if name == "style" else "right", no_wrap=True)
    for style in run.style_runs.all():
        report = run.report.data["styles"][style.style]
        start, evolved = report["start"]["score"], report["evolved"]["score"]
        table.add_row(
            style.style,
            change(start["target"], evolved["target"], 3),
            change(start["total"], evolved["total"], 1),
            _naturalness(report),
            change(style.start_score or 0.0, style.best_score or 0.0, 1),
            "[green]yes" if report["passed"] else "[red]no",
        )
    return table


def change(before: float, after: float, digits: int) -> str:
    """Return a figure before and after."""
    return f"{before:.{digits}f} → {after:.{digits}f}"


def _naturalness(report: dict[str, Any]) -> str:
    """Best base voice → evolved voice, predicted, 1-5."""
    found = report.get("naturalness")
    if not found:
        return "not measured"
    return change(found["best_base"]["mean"], found["evolved"]["mean"], 2)


def verdict_print(faults: Sequence[str], remarks: Sequence[str]) -> None:
    """Print what failed, in red, what else got worse, or that everything succeeded."""
    for fault in faults:
        console.print(f"[bold red]{fault}")
    for remark in remarks:
        console.print(f"[bold yellow]{remark}")
    if not faults:
        console.print(
            "[bold green]Every style is nearer to its speaker than its start on sentences the "
            "search never used, passed validation and answered."
        )


def listen_print(run: Run, files: dict[str, Path]) -> None:
    """Print the audio files to listen to, in one line."""
    if not files:
        return
    pairs = settings.MEDIA_ROOT / "runs" / str(run.pk) / "validation" / "audio"
    console.print("[bold]Listen to", end=" ")
    console.print(
        f"{'  '.join(str(path) for path in files.values())} (one sentence, each style); "
        f"in {pairs}/STYLE N-target, N-start and N-evolved say the same sentence.",
        soft_wrap=True,
        highlight=False,
    )


def files_print(run: Run) -> None:
    """Print the files of the run and of the deployed voices."""
    console.print("[bold]Files")
    media = settings.MEDIA_ROOT / "runs" / str(run.pk)
    console.print(f"  targets    {media / 'reference_audio'}/*/target.wav")
    console.print(f"  packs      {media / 'packs'}/*.pt")
    console.print(f"  report     {run.report.file.path}")
    console.print(f"  deployed   {settings.VOICES_DIR}/manifest.json")


def addresses_print(run: Run) -> None:
    """Print the URLs to open."""
    console.print("[bold]Open")
    console.print(f"  {settings.WEB_ADDRESS}/               the web application")
    console.print(f"  {settings.WEB_ADDRESS}/runs/{run.pk}/        this run, its report and review")
    console.print(f"  {settings.SPEECH_URL}/docs           the speech service")


def passwords_print(passwords: dict[str, str]) -> None:
    """Print the demo users' passwords, which are random and local to this machine."""
    console.print("[bold]Sign in as")
    for name, password in passwords.items():
        console.print(f"  {name:<10} {password}", highlight=False)
