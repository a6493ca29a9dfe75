"""Two workers compared with one, kills, checkpoints, and the files a search leaves.

    python -m benchmarks.parallel [workers] [kokoro] [jobs] [kills] [checkpoints] [--model-dir …]

Real Celery workers over the embedded database and broker; student `praat` except for `kokoro`.

`workers`: searches of one style, then of four, with one and with two processes alternating, in one
data folder; candidates per second from the first finished target to the end of the last search.
`kokoro`: one style on Kokoro in bf16, with a stock voice as its target. `jobs`: like `workers`, but
without broker and database, as in `run_pipeline --jobs`. For comparison, the throughput of two
independent processes relative to one is printed: the machine's upper limit at the time.
`overhead` is the share of the processes' CPU time not spent on evaluation, which does not depend on
other load of the machine.

`kills`: a process of the pool, idle or not, is killed by SIGKILL at 20 random moments of a run.

`checkpoints`: 10,000 steps of each strategy (1,000 for those with slow steps) in a worker, with
random scores instead of synthesis: what is stored does not depend on their origin. The search
may end anywhere, which stores most.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.machine import Workload, machine_ratio
from benchmarks.shared import SPANISH, conditions_print, lack_of, parser_of, peak_mb
from corpus.audio.io import write_wav
from distillation.engines import student
from distillation.pipeline.jobs import Jobs
from distillation.recipe import RunRecipe
from distillation.search import STRATEGIES
from distillation.stages.evolve import Evolution
from tests.distillation.kills import SEVERAL, KilledRun, Runs
from tests.distillation.voices import LONG, recipe, say
from voicelab.demo.speakers import STOCK_VOICE
from voicelab.settings import MODEL_DIR

STYLES = ("neutral", "amable", "empatico", "profesional")
STEPS = 1000  # for one style; for four styles a third each
TURNS = (1, 2, 2, 1, 1, 2)  # numbers of processes
KILLS, KILL_STEPS, KILL_SLICE_S = 20, 400, 1.0
LONG_SEARCH = 10_000
MODELLED = ("surrogate", "halves")  # slow steps: a tenth of the steps
KOKORO_STEPS, KOKORO_TURNS = 24, (1, 2, 2, 1)
PATIENCE_S = 1800.0
NATURAL_TAKES = """
from corpus.audio.io import encode_wav
from django.conf import settings
from tests.distillation import factories
from voicelab.demo.speakers import NaturalSpeaker
speaker = NaturalSpeaker(settings.MODEL_DIR)
factories.spoken = lambda text, voice: encode_wav(speaker.speak(text, "neutral", seed=1))
"""


@dataclass(frozen=True)
class Searched:
    """A search for the workers: styles, recipe options, and the source of the takes."""

    what: str
    styles: tuple[str, ...]
    wanted: dict[str, Any]
    turns: tuple[int, ...] = TURNS  # numbers of processes
    takes: str = ""  # code that runs before the corpus is created


def main() -> None:
    parts = {"workers": workers, "kokoro": kokoro, "jobs": jobs, "kills": kills,
             "checkpoints": checkpoints}  # fmt: skip
    parser = parser_of(__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(parts))
    options = parser.parse_args()
    os.environ |= {
        "MODEL_DIR": str(options.model_dir.resolve()),
        "STUDENT": "praat",
    }  # for the workers
    conditions_print(options.model_dir)
    for name in options.parts or parts:
        parts[name]()


def workers() -> None:
    for styles in (STYLES[:1], STYLES):
        wanted = {"steps": STEPS if len(styles) == 1 else STEPS // 3}
        compared(Searched(f"{len(styles)} styles", styles, wanted), Workload("praat", 60))


def kokoro() -> None:
    model_dir = Path(os.environ["MODEL_DIR"])
    if lack := lack_of(model_dir, (*SPANISH, STOCK_VOICE)):
        print(lack, flush=True)
        return
    wanted = {"student": "kokoro", "precision": "bf16", "strategy": "cma-es",
              "steps": KOKORO_STEPS, "base_voices": SPANISH}  # fmt: skip
    workload = Workload("kokoro", 4, {"model_dir": model_dir, "precision": "bf16"})
    compared(Searched("kokoro, 1 style", STYLES[:1], wanted, KOKORO_TURNS, NATURAL_TAKES), workload)


def compared(searched: Searched, workload: Workload) -> None:
    """Search alternately with one and two processes; print each turn and the summary."""
    print(f"{searched.what}: {searched.wanted['steps']} steps each")
    print("processes  candidates/s        overhead  largest process  the machine's 2:1")
    rates: dict[int, list[float]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as folder:
        run = several(Path(folder), searched.styles, [searched.wanted] * len(searched.turns),
                      before=searched.takes)  # fmt: skip
        for number, count in enumerate(searched.turns, start=1):
            machine = machine_ratio(workload)
            highest_mb = searched_by(run, number, count)
            rates[count].append(rate_of(run, number))
            print(f"{count:9}  {rates[count][-1]:12.2f}  {run.overhead():14.1%}  "
                  f"{highest_mb:12.0f} MB  {machine:17.2f}", flush=True)  # fmt: skip
        packs = run.packs()
    many = len(searched.styles)
    for_each = {tuple(packs[at : at + many]) for at in range(0, len(packs), many)}
    conclude(searched.what, rates, same=len(for_each) == 1)


def searched_by(run: Runs, number: int, count: int) -> float:
    """Execute a run with `count` processes; return the highest peak memory of any, MB."""
    with run.worker(count) as worker:
        run.release(number)
        run.finish(number, seconds=PATIENCE_S)
        return max(peak_mb(one.pid) for one in (worker, *worker.children()))


def jobs() -> None:
    rates: dict[int, list[float]] = {1: [], 2: []}
    packs = set()
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "target.wav"
        write_wav(target, say(LONG))
        for count in TURNS:
            evolution = Evolution(recipe(steps=STEPS), "neutral", student("praat"), target)
            with jobs_of(count, evolution, target) as evaluate_batch:
                evolution.advance(steps=8, evaluate_batch=evaluate_batch)  # until they have started
                before, began = evolution.evaluations, time.perf_counter()
                evolution.advance(evaluate_batch=evaluate_batch)
            seconds = time.perf_counter() - began
            rates[count].append((evolution.evaluations - before) / seconds)
            packs.add(evolution.best and evolution.best.sha256)
            print(f"{count} jobs: {rates[count][-1]:.2f} candidates/s", flush=True)
    conclude("jobs", rates, same=len(packs) == 1)


def jobs_of(count: int, evolution: Evolution, target: Path) -> Jobs | nullcontext[None]:
    if count == 1:
        return nullcontext()
    return Jobs(count, evolution.recipe, MODEL_DIR, target, evolution.evaluator)


def conclude(what: str, rates: dict[int, list[float]], *, same: bool) -> None:
    one, two = (statistics.median(rates[count]) for count in (1, 2))
    spread = "; ".join(f"{count}: {min(of):.2f}-{max(of):.2f}" for count, of in rates.items())
    print(f"{what}: two {two / one:.2f} x one (medians; {spread}), "
          f"{'the same packs' if same else 'OTHER PACKS'}", flush=True)  # fmt: skip


def several(
    folder: Path,
    styles: tuple[str, ...],
    recipes: list[dict],
    *,
    drawn: bool = False,
    before: str = "",
) -> Runs:
    """Create a paused run for each recipe, in order."""
    run = Runs(folder, before + SEVERAL.format(styles=styles, recipes=recipes), drawn=drawn)
    for number in range(1, len(recipes) + 1):
        run.pause(number)
    return run


def rate_of(run: Runs, number: int) -> float:
    """Return candidates per second from the first finished target to the last search's end."""
    at: dict[str, list[datetime]] = {"reference-finished": [], "evolve-finished": []}
    for what, when in run.ask(
        "select what, created_at from distillation_runevent where run_id = ?", number
    ):
        at.get(what, []).append(datetime.fromisoformat(when))
    seconds = max(at["evolve-finished"]) - min(at["reference-finished"])
    evaluated = "select sum(evaluations) from distillation_stylerun where run_id = ?"
    return float(run.ask(evaluated, number)[0][0] / seconds.total_seconds())


def kills() -> None:
    with tempfile.TemporaryDirectory() as folder:
        case = KilledRun(Path(folder), steps=KILL_STEPS, slice_seconds=KILL_SLICE_S)
        with case.worker(2):
            case.finish_first(seconds=PATIENCE_S)
            killed = case.kill(KILLS, seed=1, seconds=PATIENCE_S)
        one, other = case.packs()
        rows = case.ask("select evaluations from distillation_stylerun order by id")
        evaluated = [number for number, _ in case.evaluated()]
    print(f"{killed.kills} kills, {killed.idle} of idle processes: "
          f"{'the same pack' if one == other else 'ANOTHER PACK'}; {rows[1][0]} candidates "
          f"recorded, {len(evaluated)} evaluated, {killed.lost.total()} of them by a process "
          f"killed before its slice was stored, twice without that reason: "
          f"{killed.evaluated_twice(evaluated) or 'none'}")  # fmt: skip


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
    """Return a row with the checkpoint costs and the stored sizes of a finished one-style run."""
    media = run.data / "media"
    asked = "select checkpoint, target, style from distillation_stylerun where run_id = ?"
    [(checkpoint, target, style)] = run.ask(asked, number)
    [(stored,)] = run.ask("select recipe from distillation_run where id = ?", number)
    wanted = RunRecipe.from_json(json.loads(stored))
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
