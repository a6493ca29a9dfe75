"""Two workers against one, kills, checkpoints, and what a search leaves behind.

    python -m benchmarks.parallel [workers] [jobs] [kills] [checkpoints]

Real Celery workers over the embedded database and broker, student `praat`.

`workers`: searches of one style, then of four, by one process and by two in turn, in one data
folder; candidates a second from the first target spoken to the last search ended. `jobs`: the
same without broker and database, as `run_pipeline --jobs` does it. Above them what two processes
that share nothing judge against one: no more than this can be had of the machine at the time.
`beside judging` is the part of the processes' own time that was spent on anything else, which
does not depend on who else uses the machine.

`kills`: a process of the pool, idle or not, is ended by SIGKILL at 20 random moments of a run.

`checkpoints`: 10,000 steps of each strategy (1,000 where a step takes long), through a worker, with
scores that are drawn instead of heard: what is kept does not depend on where they come from. The
search may end anywhere, which keeps most.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path

import psutil

from corpus.audio.io import write_wav
from distillation.engines import student
from distillation.pipeline.jobs import Jobs
from distillation.recipe import RunRecipe
from distillation.search import STRATEGIES
from distillation.stages.evolve import Evolution
from distillation.stages.judging import Bar, Judge, Task
from tests.distillation.kills import SEVERAL, Killed, Runs
from tests.distillation.voices import LONG, recipe, say

STYLES = ("neutral", "amable", "empatico", "profesional")
STEPS = 1000  # of one style; of four styles a third each
TURNS = (1, 2, 2, 1, 1, 2)  # how many processes
KILLS, KILL_STEPS, KILL_SLICE_S = 20, 400, 1.0
LONG_SEARCH = 10_000
MODELLED = ("surrogate", "halves")  # a step of these takes long: a tenth of the steps
JUDGED = 60  # candidates of a process that shares nothing
PATIENCE_S = 1800.0


def main() -> None:
    parts = {"workers": workers, "jobs": jobs, "kills": kills, "checkpoints": checkpoints}
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(parts)}; else all")
    names = parser.parse_args().parts or list(parts)
    if unknown := set(names) - set(parts):
        parser.error(f"no part {', '.join(sorted(unknown))}; --help lists them")
    for name in names:
        parts[name]()


def workers() -> None:
    print("styles  processes  candidates/s  beside judging  largest process  the machine's 2:1")
    for styles in (STYLES[:1], STYLES):
        wanted = {"steps": STEPS if len(styles) == 1 else STEPS // 3}
        rates: dict[int, list[float]] = {1: [], 2: []}
        with tempfile.TemporaryDirectory() as folder:
            run = several(Path(folder), styles, [wanted] * len(TURNS))
            for number, count in enumerate(TURNS, start=1):
                machine = machine_ratio()
                with run.worker(count) as worker:
                    run.release(number)
                    run.finish(number, seconds=PATIENCE_S)
                    peak_mb = max(map(peak_of, [worker, *worker.children()]))
                rates[count].append(rate_of(run, number))
                print(f"{len(styles):6}  {count:9}  {rates[count][-1]:12.2f}  "
                      f"{run.beside_judging():14.1%}  {peak_mb:12.0f} MB  {machine:17.2f}",
                      flush=True)  # fmt: skip
            packs = run.packs()
        for_each = {tuple(packs[at : at + len(styles)]) for at in range(0, len(packs), len(styles))}
        conclude(f"{len(styles)} styles", rates, same=len(for_each) == 1)


def jobs() -> None:
    rates: dict[int, list[float]] = {1: [], 2: []}
    packs = set()
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "target.wav"
        write_wav(target, say(LONG))
        for count in TURNS:
            evolution = Evolution(recipe(steps=STEPS), "neutral", student("praat"), target)
            with jobs_of(count, evolution, target) as judges:
                evolution.advance(steps=8, judges=judges)  # until they have begun
                before, began = evolution.evaluations, time.perf_counter()
                evolution.advance(judges=judges)
            seconds = time.perf_counter() - began
            rates[count].append((evolution.evaluations - before) / seconds)
            packs.add(evolution.best and evolution.best.sha256)
            print(f"{count} jobs: {rates[count][-1]:.2f} candidates/s", flush=True)
    conclude("jobs", rates, same=len(packs) == 1)


def jobs_of(count: int, evolution: Evolution, target: Path) -> Jobs | nullcontext[None]:
    if count == 1:
        return nullcontext()
    return Jobs(count, evolution.recipe, {}, target, evolution.judge)


def conclude(what: str, rates: dict[int, list[float]], *, same: bool) -> None:
    one, two = (statistics.median(rates[count]) for count in (1, 2))
    spread = "; ".join(f"{count}: {min(of):.2f}-{max(of):.2f}" for count, of in rates.items())
    print(f"{what}: two {two / one:.2f} x one (medians; {spread}), "
          f"{'the same packs' if same else 'OTHER PACKS'}", flush=True)  # fmt: skip


def several(
    folder: Path, styles: tuple[str, ...], recipes: list[dict], *, drawn: bool = False
) -> Runs:
    """Return paused runs of these recipes, in their order."""
    run = Runs(folder, SEVERAL.format(styles=styles, recipes=recipes), drawn=drawn)
    for number in range(1, len(recipes) + 1):
        run.pause(number)
    return run


def rate_of(run: Runs, number: int) -> float:
    """Candidates a second between the first target spoken and the last search ended."""
    at: dict[str, list[datetime]] = {"reference-finished": [], "evolve-finished": []}
    for what, when in run.ask(
        "select what, created_at from distillation_runevent where run_id = ?", number
    ):
        at.get(what, []).append(datetime.fromisoformat(when))
    seconds = max(at["evolve-finished"]) - min(at["reference-finished"])
    judged = "select sum(evaluations) from distillation_stylerun where run_id = ?"
    return float(run.ask(judged, number)[0][0] / seconds.total_seconds())


def machine_ratio() -> float:
    """How much more two processes judge that share nothing, than one does."""
    return 2 * judging_seconds(1) / judging_seconds(2)


def judging_seconds(count: int) -> float:
    """Seconds of the slowest of so many processes at once, each judging as many candidates."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder, context.Pool(count) as pool:
        target = Path(folder) / "target.wav"
        write_wav(target, say(LONG))
        pool.map(judge_some, [(target, 2)] * count, chunksize=1)  # all is loaded
        return max(pool.map(judge_some, [(target, JUDGED)] * count, chunksize=1))


def judge_some(asked: tuple[Path, int]) -> float:
    target, count = asked
    engine = student("praat")
    judge = Judge(recipe(), engine, target)
    task = Task(0, engine.stock_voice("pf_luz").data, Bar())
    began = time.perf_counter()
    for _ in range(count):
        judge(task)
    return time.perf_counter() - began


def peak_of(process: psutil.Process) -> float:
    """Return the most memory a process has held, MB; 0 for one that has just ended."""
    held = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())
    return int(held[1]) / 1024 if held else 0.0


def kills() -> None:
    with tempfile.TemporaryDirectory() as folder:
        case = Killed(Path(folder), steps=KILL_STEPS, slice_seconds=KILL_SLICE_S)
        with case.worker(2):
            case.finish_first(seconds=PATIENCE_S)
            toll = case.kill(KILLS, seed=1, seconds=PATIENCE_S)
        one, other = case.packs()
        rows = case.ask("select evaluations from distillation_stylerun order by id")
        judged = [number for number, _ in case.judged()]
    print(f"{toll.kills} kills, {toll.idle} of idle processes: "
          f"{'the same pack' if one == other else 'ANOTHER PACK'}; {rows[1][0]} candidates "
          f"recorded, {len(judged)} judged, {toll.lost.total()} of them by a process killed before "
          f"its slice was stored, twice without that reason: "
          f"{toll.twice(judged) or 'none'}")  # fmt: skip


def checkpoints() -> None:
    print("strategy      steps  checkpoint  resumed  points  checkpoint  packs  sounds     all")
    steps = {name: LONG_SEARCH // (10 if name in MODELLED else 1) for name in STRATEGIES}
    recipes = [{"strategy": n, "steps": of, "patience": of} for n, of in steps.items()]
    with tempfile.TemporaryDirectory() as folder:
        run = several(Path(folder), STYLES[:1], recipes, drawn=True)
        with run.worker(1):
            for number, name in enumerate(STRATEGIES, start=1):
                run.release(number)
                run.finish(number, seconds=PATIENCE_S)
                print(f"{name:12} {left_of(run, number)}", flush=True)


def left_of(run: Runs, number: int) -> str:
    """Say what a finished run of one style cost and left."""
    media = run.data / "media"
    asked = "select checkpoint, target, style from distillation_stylerun where run_id = ?"
    [(checkpoint, target, style)] = run.ask(asked, number)
    [(told,)] = run.ask("select recipe from distillation_run where id = ?", number)
    wanted = RunRecipe.from_json(json.loads(told))
    blob = (media / checkpoint).read_bytes()
    began = time.perf_counter()
    evolution = Evolution(wanted, style, student("praat"), media / target, blob)
    resumed_s = time.perf_counter() - began
    taken_ms = 1000 * statistics.median(checkpoint_seconds(evolution))
    sizes = {suffix: megabytes(media / "runs" / str(number), suffix)
             for suffix in ("npz", "pt", "wav", "*")}  # fmt: skip
    return (f"{evolution.step:6} {taken_ms:8.0f} ms {resumed_s:6.2f} s {len(evolution.points):7} "
            f"{sizes['npz']:8.1f} MB {sizes['pt']:4.1f} {sizes['wav']:7.1f} "
            f"{sizes['*']:5.1f} MB")  # fmt: skip


def checkpoint_seconds(evolution: Evolution) -> Iterator[float]:
    for _ in range(9):
        began = time.perf_counter()
        evolution.checkpoint()
        yield time.perf_counter() - began


def megabytes(folder: Path, suffix: str) -> float:
    paths = folder.rglob(f"*.{suffix}" if suffix != "*" else suffix)
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


if __name__ == "__main__":
    main()
