"""Tables, goals and plot from the stored results of `benchmarks.people`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Result = dict[str, Any]
Figure = Callable[[Result], float]
NEVER = np.inf
UNKNOWN = np.nan
DEFAULT, PUBLISHED = "gradient", "random-walk"
USABLE = 0.75  # similarity of the first voice that can be used
WALK_STEPS, AHEAD = 400, 0.05  # of the published walk; what a search is to be above its voices
COLOURS = {"gradient": "#d62728", "cma-es": "#1f77b4", "random-walk": "#2ca02c"}
HEAD = (
    "target", "strategy", "evaluations", "processor s", "best stock", "similarity", "95 %",
    "ceiling", "gap closed, %", "naturalness", "naturalness lost", "F0 off, st", "range off, %",
    "deployed range, %", "rate off, %", "deployed rate, %", "lost held out", "of that the texts",
    "second measure", "usable after, s",
)  # fmt: skip


def best_stock(result: Result) -> float:
    return float(result["measures"]["similarity"]["start"]["mean"])


def end(result: Result) -> float:
    return float(result["measures"]["similarity"]["evolved"]["mean"])


def ceiling(result: Result) -> float:
    return float(result["measures"]["ceiling"])


def gap_closed(result: Result) -> float:
    """Return the closed part of the gap between best stock voice and ceiling, %.

    Unknown if there is no gap: the stock voice is as near as the speaker's own other speech.
    """
    return _closed(best_stock(result), end(result), ceiling(result))


def second_gap_closed(result: Result) -> float:
    """Return the closed part of the same gap by the second speaker measure, %."""
    found = result["measures"].get("second")
    return _closed(found["start"], found["evolved"], found["ceiling"]) if found else UNKNOWN


def _closed(start: float, reached: float, most: float) -> float:
    return 100 * (reached - start) / (most - start) if most > start else UNKNOWN


def naturalness(result: Result, kind: str = "evolved") -> float:
    found = result["measures"][kind]["naturalness"]
    return UNKNOWN if found is None else float(found)


def naturalness_lost(result: Result) -> float:
    return naturalness(result, "start") - naturalness(result)


def pitch_off(result: Result) -> float:
    """Return how far the median F0 is from the target's, semitones."""
    voice, target = _prosody(result)
    return abs(voice["pitch_st"] - target["pitch_st"]) if voice and target else UNKNOWN


def range_off(result: Result) -> float:
    return _percent_off(result, "range_st")


def rate_off(result: Result) -> float:
    return _percent_off(result, "rate")


def range_off_deployed(result: Result) -> float:
    """Return how far the range is off with the factor that a deployment would fit, %."""
    return _percent_off_deployed(result, "range_error")


def rate_off_deployed(result: Result) -> float:
    """Return how far the rate is off at the speed that a deployment would fit, %."""
    return _percent_off_deployed(result, "rate_error")


def _percent_off_deployed(result: Result, name: str) -> float:
    error = result["measures"]["delivery"][name]
    return 100 * abs(error["with"]) if error else UNKNOWN


def _percent_off(result: Result, name: str) -> float:
    voice, target = _prosody(result)
    return 100 * abs(voice[name] / target[name] - 1) if voice and target else UNKNOWN


def _prosody(result: Result) -> tuple[dict[str, float] | None, dict[str, float] | None]:
    found = result["measures"]
    return found["evolved"]["prosody"], found["prosody"]


def lost(result: Result, kind: str = "evolved") -> float:
    """Return the score on searched sentences minus that on held-out ones."""
    return float(result["measures"][kind]["lost"])


def seconds_to(result: Result, similarity: float) -> float:
    """Return the processor seconds until the best voice first had this similarity, or `NEVER`."""
    there = (seconds for seconds, _, value in result["curve"] if value >= similarity)
    return float(next(there, NEVER))


def usable_after(result: Result) -> float:
    return seconds_to(result, USABLE)


def cpu_s(result: Result) -> float:
    return float(result["cpu_s"])


def ahead_of_walk(result: Result, walks: Sequence[Result]) -> float:
    """Return the time until a voice is ahead of the walks', as a part of `WALK_STEPS` of theirs.

    Ahead: by `AHEAD` over the better of a walk's first and last voice, in the median of the
    target's walks. A walk of another length counts by its seconds a step.
    """
    mine = [walk for walk in walks if walk["target"] == result["target"]]
    if not mine:
        return UNKNOWN
    goal = float(np.median([max(best_stock(walk), end(walk)) for walk in mine])) + AHEAD
    paces = [cpu_s(walk) / max(1, walk["evaluations"] - 1) for walk in mine]
    return seconds_to(result, goal) / (WALK_STEPS * float(np.median(paces)))


@dataclass(frozen=True)
class Goal:
    """What is wanted of the default strategy.

    Attributes
    ----------
    says : str
        What is measured.
    figure : callable
        Of one search.
    wanted : float
    at_least : bool
        Whether that is the least wanted; otherwise it is the most.
    digits : int
    is_for_each : bool
        Whether the worst of all targets and seeds counts; otherwise the median over people of
        the medians over seeds.
    """

    says: str
    figure: Figure
    wanted: float
    at_least: bool = False
    digits: int = 2
    is_for_each: bool = False


def goals(walks: Sequence[Result]) -> tuple[Goal, ...]:
    """Return the goals; the last one compares with the published walk's searches."""
    return (
        Goal("similarity on held-out sentences", end, 0.82, at_least=True, digits=3),
        Goal("gap to a second clip closed, %", gap_closed, 75, at_least=True, digits=0),
        Goal("naturalness lost against the best stock voice", naturalness_lost, 0.1),
        Goal("median F0 off, semitones", pitch_off, 1),
        Goal("rate off, %", rate_off, 8, digits=1),
        Goal("rate off at the speed of a deployment, %", rate_off_deployed, 8, digits=1),
        Goal("processor s a style, without the atlas", cpu_s, 360, digits=0),
        Goal(f"processor s to the first voice of {USABLE}", usable_after, 120, digits=0),
        Goal("gap closed, %, every target and seed", gap_closed, 50, at_least=True, digits=0,
            is_for_each=True),
        Goal("naturalness lost, every target and seed", naturalness_lost, 0.2, is_for_each=True),
        Goal("gap closed by the second measure, %, every target and seed", second_gap_closed, 40,
            at_least=True, digits=0, is_for_each=True),
        Goal(f"time to {AHEAD} above the published walk's voices, part of its {WALK_STEPS} steps'",
            lambda result: ahead_of_walk(result, walks), 0.1, digits=3),
    )  # fmt: skip


def tables(results: Sequence[Result]) -> Iterator[str]:
    """Yield the lines of both tables."""
    yield "Medians over seeds, in brackets the worst seed:\n"
    yield from results_table(results)
    yield f"\nBars for `{DEFAULT}`, medians over the people of the medians over seeds:\n"
    yield from goals_table(results)


def results_table(results: Sequence[Result]) -> list[str]:
    """Return a row for each target and strategy."""
    lines = ["| " + " | ".join(HEAD) + " |", "| --- " * len(HEAD) + "|"]
    for target, strategy in dict.fromkeys((r["target"], r["strategy"]) for r in results):
        mine = [r for r in results if (r["target"], r["strategy"]) == (target, strategy)]
        lines.append("| " + " | ".join((target, strategy, *_cells(mine))) + " |")
    return lines


def _cells(mine: Sequence[Result]) -> Iterator[str]:
    """Yield the cells of a row; `mine` are the searches of all seeds."""
    yield _number(_median([r["evaluations"] for r in mine]), 0)
    yield cell(mine, cpu_s, 0)
    yield _number(_median([best_stock(r) for r in mine]), 3)
    yield cell(mine, end, 3, worst=min)
    yield interval(mine)
    yield _number(_median([ceiling(r) for r in mine]), 3)
    yield cell(mine, gap_closed, 0, worst=min)
    yield cell(mine, naturalness, 2, worst=min)
    for figure, digits in (
        (naturalness_lost, 2),
        (pitch_off, 2),
        (range_off, 0),
        (range_off_deployed, 0),
        (rate_off, 1),
        (rate_off_deployed, 1),
    ):
        yield cell(mine, figure, digits)
    yield cell(mine, lost, 1)
    yield _number(_median([lost(r, "start") for r in mine]), 1)
    yield second_measure(mine)
    yield cell(mine, usable_after, 0)


def cell(
    mine: Sequence[Result],
    figure: Figure,
    digits: int,
    worst: Callable[[list[float]], float] = max,
) -> str:
    """Return `median (worst)` as text; `-` stands for what is unknown or was never reached."""
    values = _known([figure(result) for result in mine])
    if not values:
        return "-"
    return f"{_number(_median(values), digits)} ({_number(worst(values), digits)})"


def interval(mine: Sequence[Result]) -> str:
    """Return the similarity's interval over the sentences, of the seed in the middle."""
    middle = sorted(mine, key=end)[len(mine) // 2]["measures"]["similarity"]["evolved"]
    low, high = middle["low"], middle["high"]
    return "-" if low is None else f"{low:.3f}-{high:.3f}"


def second_measure(mine: Sequence[Result]) -> str:
    """Return the second speaker measure of best stock and evolved voice."""
    found = [r["measures"].get("second") for r in mine]
    known = [one for one in found if one]
    if not known:
        return "-"
    parts = [_median([one[kind] for one in known]) for kind in ("start", "evolved")]
    return " → ".join(_number(part, 3) for part in parts)


def goals_table(results: Sequence[Result]) -> list[str]:
    """Return a row for each goal: wanted, measured, met or not."""
    walks = [result for result in results if result["strategy"] == PUBLISHED]
    mine = [result for result in results if result["strategy"] == DEFAULT]
    lines = ["| goal | wanted | measured | met |", "| --- | --- | --- | --- |"]
    for goal in goals(walks):
        value, counted = measured(goal, mine), counted_of(goal, mine)
        known = len(_known([goal.figure(result) for result in counted]))
        word = "not measured" if np.isnan(value) else "yes" if is_met(goal, value) else "no"
        wanted = f"{'≥' if goal.at_least else '≤'} {goal.wanted:g}"
        reached = f"{_number(value, goal.digits)}, {known} of {len(counted)} searches"
        lines.append(f"| {goal.says} | {wanted} | {reached} | {word} |")
    return lines


def counted_of(goal: Goal, mine: Sequence[Result]) -> list[Result]:
    """Return the searches that count: those of people, or all if each must meet the goal."""
    return [result for result in mine if goal.is_for_each or not result["is_stock"]]


def measured(goal: Goal, mine: Sequence[Result]) -> float:
    """Return what counts for a goal, `UNKNOWN` without a search that measured it."""
    counted = counted_of(goal, mine)
    if goal.is_for_each:
        values = _known([goal.figure(result) for result in counted])
        worst = min if goal.at_least else max
        return worst(values) if values else UNKNOWN
    return _median(
        [
            _median([goal.figure(r) for r in counted if r["target"] == name])
            for name in dict.fromkeys(r["target"] for r in counted)
        ]
    )


def is_met(goal: Goal, value: float) -> bool:
    return value >= goal.wanted if goal.at_least else value <= goal.wanted


def _known(values: Sequence[float]) -> list[float]:
    return [value for value in values if not np.isnan(value)]


def _median(values: Sequence[float]) -> float:
    """Return the median of what is known; `NEVER` if one of the middle two is."""
    known = _known(values)
    return float(np.median(known)) if known else UNKNOWN


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if np.isfinite(value) else "-"


def plot(results: Sequence[Result], path: Path, title: str) -> None:
    """Plot the best voice's similarity over processor seconds, a panel for each target."""
    from matplotlib.figure import Figure as Drawing

    names = list(dict.fromkeys(r["target"] for r in results))
    drawing = Drawing(figsize=(3.2 * max(1, len(names)), 3.6), layout="constrained")
    panels = drawing.subplots(1, max(1, len(names)), sharey=True, squeeze=False)[0]
    for panel, name in zip(panels, names, strict=False):
        mine = [r for r in results if r["target"] == name]
        _curves(panel, mine)
        panel.axhline(float(np.median([ceiling(r) for r in mine])), color="k", ls="--", lw=0.8)
        panel.set(title=name, xscale="log", xlabel="processor s")
        panel.tick_params(axis="x", which="minor", labelbottom=False)
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("similarity, held-out sentences")
    if results:
        panels[-1].legend(loc="lower right", fontsize="small")
    drawing.suptitle(title, fontsize="x-small", wrap=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    drawing.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _curves(panel: Any, results: Sequence[Result]) -> None:
    """Draw a line for each search, to its end; only the first of a strategy is labelled."""
    labelled: set[str] = set()
    for result in results:
        strategy = result["strategy"]
        seconds, _, values = zip(*result["curve"], strict=True)
        line = [*seconds, max(cpu_s(result), seconds[-1])], [*values, values[-1]]
        label = None if strategy in labelled else strategy
        panel.step(*line, where="post", color=COLOURS.get(strategy), lw=1.2, alpha=0.8, label=label)
        labelled.add(strategy)
