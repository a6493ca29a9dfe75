"""Print and plot phoneme frequencies of each list against a Spanish reference."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from corpus.models import Sentence
from corpus.phonetics import MERGERS, REFERENCE, SOURCE, Balance, balance

BALANCED = "lists"
MOST_DISTANCE = 0.05
WHOLE = "corpus"


class Command(BaseCommand):
    help = "Phoneme frequencies of each list, the whole corpus and a published reference."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="also plot them")

    def handle(self, *_args: Any, plot: Path | None, **_options: Any) -> None:
        texts = _texts_by_list()
        if not texts:
            raise CommandError("the corpus is empty: run manage.py load_corpus")
        balanced = [name for name, (category, _) in texts.items() if category == BALANCED]
        found = {name: balance(members) for name, (_, members) in texts.items()}
        found[WHOLE] = balance(text for _, members in texts.values() for text in members)
        shown = {name: found[name] for name in (*balanced, WHOLE)}
        self._print(_frequencies(shown), _distances(found, balanced), f"Reference: {SOURCE}")
        if plot:
            self._draw(shown, plot)
        if missing := found[WHOLE].missing:
            raise CommandError(f"no sentence has /{'/, /'.join(missing)}/", returncode=1)

    def _print(self, *parts: Table | str) -> None:
        console = Console(width=None if sys.stdout.isatty() else 140, highlight=False)
        with console.capture() as captured:
            for part in parts:
                console.print(part)
        self.stdout.write(captured.get())

    def _draw(self, shown: dict[str, Balance], plot: Path) -> None:
        try:
            draw(shown, plot)
        except (OSError, ValueError) as fault:
            raise CommandError(f"{plot}: {fault}") from fault
        self.stdout.write(f"{plot} written")


def _texts_by_list() -> dict[str, tuple[str, list[str]]]:
    found: dict[str, tuple[str, list[str]]] = {}
    rows = Sentence.objects.current().values_list("list", "category__key", "text")
    for name, category, text in rows:
        found.setdefault(name, (category, []))[1].append(text)
    return found


def _frequencies(shown: dict[str, Balance]) -> Table:
    table = Table(
        title="Phonemes, % of all", caption="θ and ʎ are counted as s and ʝ, as in the reference"
    )
    table.add_column("phoneme")
    for name in ("reference", *shown):
        table.add_column(name, justify="right")
    for phoneme, share in REFERENCE.items():
        cells = [f"{100 * b.shares[phoneme]:.2f}" for b in shown.values()]
        table.add_row(phoneme, f"{100 * share:.2f}", *cells)
    for phoneme, into in MERGERS.items():
        cells = [f"{100 * b.counts[phoneme] / b.total:.2f}" for b in shown.values()]
        table.add_row(f"({phoneme}, counted as {into})", "", *cells)
    return table


def _distances(found: dict[str, Balance], balanced: list[str]) -> Table:
    table = Table(title="Jensen-Shannon to the reference, base 2")
    table.add_column("texts")
    for name in ("phonemes", "divergence", "distance (√)", "missing"):
        table.add_column(name, justify="right")
    for name, b in found.items():
        far = name in balanced and b.distance > MOST_DISTANCE
        distance = f"{b.distance:.4f}" + (f" > {MOST_DISTANCE}" if far else "")
        missing = " ".join(b.missing) or "none"
        table.add_row(name, str(b.total), f"{b.divergence:.5f}", distance, missing)
    return table


def draw(sets: Mapping[str, Balance], path: Path) -> None:
    """Write a figure: the reference as bars, every set of texts as points.

    Parameters
    ----------
    sets : mapping of str to Balance
        By name; the legend shows the name and the distance to the reference.
    path : Path
        `.svg` or `.png`.

    Raises
    ------
    ValueError
        If matplotlib does not support the file extension.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 5.5), layout="constrained")
    axes = figure.subplots()
    order = list(REFERENCE)
    axes.bar(order, [100 * REFERENCE[p] for p in order], color="0.85", label="reference")
    markers = "osD^vPX<>*hd"
    for n, (name, found) in enumerate(sets.items()):
        label = f"{name} (distance {found.distance:.3f})"
        heights = [100 * found.shares[p] for p in order]
        axes.plot(order, heights, markers[n % len(markers)], ms=5, alpha=0.75, label=label)
    axes.set_ylabel("share of the phonemes, %")
    axes.set_xlabel("phoneme (American Spanish: θ counted as s, ʎ as ʝ)")
    axes.legend(fontsize="small", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
