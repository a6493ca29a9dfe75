"""Tables and plot of `benchmarks.convergence` from its stored results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Result = dict[str, Any]
NEVER = np.inf
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#8c564b")


def best_after(result: Result, evaluations: int) -> float:
    """Return the best score after so many evaluations, NaN before the first."""
    return max(
        (score for number, score in result["curve"] if number <= evaluations), default=np.nan
    )


def needed(result: Result, score: float) -> float:
    """Return the evaluations until this score was reached, `NEVER` where it was not."""
    return min((number for number, found in result["curve"] if found >= score), default=NEVER)


def quartiles(values: Sequence[float], *, digits: int) -> str:
    """Return `median (quartiles)`; a value that was never reached is `> all`."""
    parts = np.quantile(values, (0.5, 0.25, 0.75), method="nearest")
    middle, low, high = (f"{part:.{digits}f}" if np.isfinite(part) else "-" for part in parts)
    return f"{middle} ({low} to {high})"


def evaluations_table(results: Sequence[Result], reference: str) -> list[str]:
    """Return what each strategy needs for the reference's median end, target by target."""
    of: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        of.setdefault((result["target"], result["strategy"]), []).append(result)
    names = list(dict.fromkeys(r["target"] for r in results))
    strategies = [s for s in dict.fromkeys(r["strategy"] for r in results) if s != reference]
    ends = {name: [r["curve"][-1][1] for r in of.get((name, reference), [])] for name in names}
    lines = [f"| target | {reference} ends at | " + " | ".join(strategies) + " |"]
    lines.append("| --- " * (2 + len(strategies)) + "|")
    everything: dict[str, list[float]] = {strategy: [] for strategy in strategies}
    for name in [name for name in names if ends[name]]:
        goal = float(np.median(ends[name]))
        cells = []
        for strategy in strategies:
            counts = [needed(r, goal) for r in of.get((name, strategy), [])]
            everything[strategy] += counts
            cells.append(reached(counts))
        lines.append(f"| {name} | {quartiles(ends[name], digits=1)} | " + " | ".join(cells) + " |")
    cells = [reached(everything[strategy]) for strategy in strategies]
    return [*lines, "| all | | " + " | ".join(cells) + " |"]


def reached(counts: Sequence[float]) -> str:
    """Return median and quartiles of the evaluations, and how many searches got there."""
    if not counts:
        return ""
    there = sum(np.isfinite(counts))
    return f"{quartiles(counts, digits=0)}, {there} of {len(counts)}"


def lengths_table(results: Sequence[Result]) -> list[str]:
    """Return scores on heard and unheard texts, and what of the difference is the search's."""
    lines = [
        "| strategy | heard | unheard | lost | of that the texts themselves | lost by the search |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for strategy in dict.fromkeys(r["strategy"] for r in results):
        mine = [r for r in results if r["strategy"] == strategy]
        lost = [r["heard"] - r["unheard"] for r in mine]
        texts = [r["texts_lose"] for r in mine]
        cells = (
            *(quartiles([r[key] for r in mine], digits=1) for key in ("heard", "unheard")),
            *(quartiles(values, digits=1) for values in (lost, texts)),
            quartiles(np.subtract(lost, texts).tolist(), digits=1),
        )
        lines.append(f"| {strategy} | " + " | ".join(cells) + " |")
    return lines


def plot(results: Sequence[Result], path: Path, title: str) -> None:
    """Draw the best score over the evaluations, median and quartiles, one panel a target."""
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(r["target"] for r in results))
    figure = Figure(figsize=(3.2 * len(names), 3.4), layout="constrained")
    panels = np.atleast_1d(figure.subplots(1, len(names), sharey=True))
    strategies = list(dict.fromkeys(r["strategy"] for r in results))
    for panel, name in zip(panels, names, strict=True):
        for strategy, colour in zip(strategies, COLOURS, strict=False):
            mine = [r for r in results if r["target"] == name and r["strategy"] == strategy]
            if mine:
                _band(panel, mine, colour, strategy)
        panel.set(xscale="log", xlabel="evaluations", title=name)
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("best score so far")
    panels[-1].legend(loc="lower right", fontsize="small")
    figure.suptitle(title, fontsize="small")
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _band(panel: Any, results: Sequence[Result], colour: str, label: str) -> None:
    end = max(r["evaluations"] for r in results)
    counts = np.unique(np.geomspace(results[0]["start_evaluations"], end, 200).astype(int))
    low, middle, high = bands(results, counts)
    panel.plot(counts, middle, color=colour, label=label)
    panel.fill_between(counts, low, high, color=colour, alpha=0.15, linewidth=0)


def bands(results: Sequence[Result], counts: NDArray[np.int_]) -> NDArray[np.float64]:
    """Return the quartiles (3, n) of the best score after each of these evaluations."""
    curves = [[best_after(result, int(count)) for count in counts] for result in results]
    return np.asarray(np.quantile(curves, (0.25, 0.5, 0.75), axis=0))
