"""A progress bar of named steps, for commands that fetch models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


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
