"""Tables and plot from the stored results of `benchmarks.convergence`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Result = dict[str, Any]
NEVER = np.inf
ON = {"search": 1, "held_out": 2}  # texts: index of their score in a curve's points
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#8c564b")


def _words(on: str) -> str:
    return on.replace("_", "-")


def best_after(result: Result, evaluations: int, on: str = "search") -> float:
    """Return the best voice's score after this many evaluations, NaN before the first."""
    there = [point for point in result["curve"] if point[0] <= evaluations]
    return float(there[-1][ON[on]]) if there else np.nan


def end(result: Result, on: str = "search") -> float:
    """Return the score of a search's final voice."""
    return float(result["curve"][-1][ON[on]])


def needed(result: Result, score: float, on: str = "search") -> float:
    """Return the evaluations after which the best voice kept this score, or `NEVER`.

    The best voice is chosen by the search texts, so its score on held-out texts may drop again.
    """
    count = NEVER
    for number, *scores in reversed(result["curve"]):
        if scores[ON[on] - 1] < score:
            break
        count = number
    return count


def quartiles(values: Sequence[float], *, digits: int) -> str:
    """Return `median (quartiles)` as text; `-` stands for values that were never reached."""
    parts = np.quantile(values, (0.5, 0.25, 0.75), method="nearest")
    middle, low, high = (f"{part:.{digits}f}" if np.isfinite(part) else "-" for part in parts)
    return f"{middle} ({low} to {high})"


def evaluations_table(results: Sequence[Result], reference: str) -> list[str]:
    """Return the evaluations each strategy needs to reach the reference's median final score."""
    others = [s for s in dict.fromkeys(r["strategy"] for r in results) if s != reference]
    heads = [head for on in ON for head in (f"{reference} ends, {_words(on)}", *others)]
    lines = ["| target | " + " | ".join(heads) + " |", "| --- " * (1 + len(heads)) + "|"]
    everything: dict[tuple[str, str], list[float]] = {}
    for name in dict.fromkeys(r["target"] for r in results if r["strategy"] == reference):
        mine = [r for r in results if r["target"] == name]
        cells = []
        for on in ON:
            ends = [end(r, on) for r in mine if r["strategy"] == reference]
            cells.append(quartiles(ends, digits=1))
            for other in others:
                counts = counted(mine, other, float(np.median(ends)), on)
                everything.setdefault((on, other), []).extend(counts)
                cells.append(reached(counts))
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    cells = [
        cell for on in ON for cell in ("", *(reached(everything.get((on, s), [])) for s in others))
    ]
    return [*lines, "| all | " + " | ".join(cells) + " |"]


def counted(results: Sequence[Result], strategy: str, goal: float, on: str) -> list[float]:
    """Return the evaluations each search of a strategy needed for the score `goal`."""
    return [needed(r, goal, on) for r in results if r["strategy"] == strategy]


def reached(counts: Sequence[float]) -> str:
    """Return median and quartiles of the evaluations, and how many searches succeeded."""
    if not counts:
        return ""
    there = sum(np.isfinite(counts))
    return f"{quartiles(counts, digits=0)}, {there} of {len(counts)}"


def lengths_table(results: Sequence[Result]) -> list[str]:
    """Return scores on search and held-out texts, and the search's part of the difference."""
    names = ("strategy", "target", "search", "held-out", "lost", "of that the texts themselves")
    lines = ["| " + " | ".join((*names, "lost by the search")) + " |", "| --- " * 7 + "|"]
    for strategy in dict.fromkeys(r["strategy"] for r in results):
        mine = [r for r in results if r["strategy"] == strategy]
        for target in dict.fromkeys(r["target"] for r in mine):
            lines.append(_lost(strategy, target, [r for r in mine if r["target"] == target]))
        lines.append(_lost(strategy, "all", mine))
    return lines


def _lost(strategy: str, target: str, results: Sequence[Result]) -> str:
    """Return one row of the table of lengths."""
    lost = [r["search"] - r["held_out"] for r in results]
    texts = [r["texts_lose"] for r in results]
    columns = [[r[key] for r in results] for key in ("search", "held_out")]
    columns += [lost, texts, np.subtract(lost, texts).tolist()]
    cells = (quartiles(values, digits=1) for values in columns)
    return f"| {strategy} | {target} | " + " | ".join(cells) + " |"


def plot(results: Sequence[Result], path: Path, title: str) -> None:
    """Plot the best voice's score over evaluations (median, quartiles), by target and texts."""
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(r["target"] for r in results))
    figure = Figure(figsize=(2.6 * len(names), 5.6), layout="constrained")
    panels = figure.subplots(len(ON), len(names), sharex=True, sharey="col", squeeze=False)
    for row, on in zip(panels, ON, strict=True):
        for panel, name in zip(row, names, strict=True):
            _curves(panel, [r for r in results if r["target"] == name], on)
            panel.grid(alpha=0.3)
        row[0].set_ylabel(f"best voice, {_words(on)} texts")
    for panel, name in zip(panels[0], names, strict=True):
        panel.set_title(name)
    for panel in panels[-1]:
        panel.set(xscale="log", xlabel="evaluations")
    panels[0, -1].legend(loc="lower right", fontsize="small")
    figure.suptitle(title, fontsize="small")
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _curves(panel: Any, results: Sequence[Result], on: str) -> None:
    """Draw one band per strategy."""
    strategies = dict.fromkeys(r["strategy"] for r in results)
    for strategy, colour in zip(strategies, COLOURS, strict=False):
        mine = [r for r in results if r["strategy"] == strategy]
        last = max(r["evaluations"] for r in mine)
        counts = np.unique(np.geomspace(mine[0]["start_evaluations"], last, 80).astype(int))
        low, middle, high = bands(mine, counts, on)
        panel.plot(counts, middle, color=colour, label=strategy)
        panel.fill_between(counts, low, high, color=colour, alpha=0.15, linewidth=0)


def bands(
    results: Sequence[Result], counts: NDArray[np.int_], on: str = "search"
) -> NDArray[np.float64]:
    """Return the quartiles, shape (3, n), of the best voice's score at each of `counts`."""
    curves = [[best_after(result, int(count), on) for count in counts] for result in results]
    return np.asarray(np.quantile(curves, (0.25, 0.5, 0.75), axis=0))
