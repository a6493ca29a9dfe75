"""Workers on one style and on four, kills, checkpoints and what a search leaves behind.

    python -m benchmarks.parallel [workers] [kills] [checkpoints]

Real Celery workers over the embedded database and broker, student `praat`, each run in a folder of
its own. `workers`: one style, then four, with one worker process and with two; candidates a second
from the first target spoken to the last search ended, and the workers' largest resident size.
`kills`: a pool process is ended by SIGKILL at 20 random moments of a run. `checkpoints`: 10,000
steps of each strategy with scores that are drawn instead of heard; what a search keeps does not
depend on where its scores come from, and a search that may end anywhere keeps most.
"""

from __future__ import annotations

import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import psutil

from corpus.audio.io import write_wav
from distillation.engines import student
from distillation.recipe import RunRecipe
from distillation.scoring import Score
from distillation.search import STRATEGIES
from distillation.stages.evolve import Evolution
from distillation.stages.judging import GoOn, Task, Verdict, Verdicts
from tests.distillation.kills import STYLES as LAUNCH
from tests.distillation.kills import Killed, Runs
from tests.distillation.voices import LONG, recipe, say

STEPS = 60
STYLES = ("neutral", "amable", "empatico", "profesional")
KILLS, KILL_STEPS, KILL_SLICE_S = 20, 300, 1.0
LONG_SEARCH = 10_000
MODELLED = ("surrogate", "halves")  # a step of these takes long: a tenth of the steps


def main() -> None:
    parts = {"workers": workers, "kills": kills, "checkpoints": checkpoints}
    for name in sys.argv[1:] or parts:
        parts[name]()


def workers() -> None:
    for styles in (STYLES[:1], STYLES):
        rates, packs = {}, {}
        for count in (1, 2):
            with tempfile.TemporaryDirectory() as folder:
                steps = STEPS // len(styles) + 10
                run = Runs(Path(folder), LAUNCH.format(styles=styles, steps=steps))
                with run.worker(count) as worker:
                    run.finish(1, seconds=900)
                    peak_mb = max(map(peak_of, [worker, *worker.children()]))
                rates[count], packs[count] = rate_of(run), run.packs()
                left_mb = bytes_of(run.data / "media" / "runs") / len(styles) / 1e6
                print(f"{len(styles)} styles, {count} workers: {rates[count]:.2f} candidates a "
                      f"second, largest process {peak_mb:.0f} MB, files of a style "
                      f"{left_mb:.1f} MB", flush=True)  # fmt: skip
        same = "the same packs" if packs[1] == packs[2] else "OTHER PACKS"
        print(f"{len(styles)} styles: two workers {rates[2] / rates[1]:.2f} x one, {same}")


def rate_of(run: Runs) -> float:
    """Candidates a second between the first target spoken and the last search ended."""
    events = run.ask("select what, created_at from distillation_runevent order by id")
    at = {what: [datetime.fromisoformat(when) for w, when in events if w == what]
          for what in ("reference-finished", "evolve-finished")}  # fmt: skip
    seconds = max(at["evolve-finished"]) - min(at["reference-finished"])
    [(judged,)] = run.ask("select sum(evaluations) from distillation_stylerun")
    return float(judged / seconds.total_seconds())


def peak_of(process: psutil.Process) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


def bytes_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def kills() -> None:
    with tempfile.TemporaryDirectory() as folder:
        case = Killed(Path(folder), steps=KILL_STEPS, slice_seconds=KILL_SLICE_S)
        with case.worker(2):
            case.finish_first(seconds=900)
            toll = case.kill(KILLS, seed=1, seconds=900)
        one, other = case.packs()
        rows = case.ask("select evaluations from distillation_stylerun order by id")
        judged = [number for number, _ in case.judged()]
    print(f"{toll.kills} kills, {toll.idle} of idle processes: "
          f"{'the same pack' if one == other else 'ANOTHER PACK'}; {rows[1][0]} candidates "
          f"recorded, {len(judged)} judged, {toll.lost.total()} of them by a process killed before "
          f"its slice was stored, {len(toll.twice(judged))} twice without that reason")  # fmt: skip


def checkpoints() -> None:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "target.wav"
        write_wav(target, say(LONG))
        for name in STRATEGIES:
            steps = LONG_SEARCH // (10 if name in MODELLED else 1)
            wanted = recipe(strategy=name, steps=steps + 1, patience=steps, base_voices=())
            checkpoint_of(wanted, target)


def checkpoint_of(wanted: RunRecipe, target: Path) -> None:
    rng = random.Random(5)  # noqa: S311

    def draw(number: int) -> Score:
        total = 90.0 - 20.0 / (1 + number / 500) + rng.gauss(0.0, 1.5)
        part = total / 100
        return Score(total=total, target=part, first=part, self_=part, feature=part)

    def judges(tasks: Sequence[Task], go_on: GoOn) -> Verdicts:
        for task in tasks:
            if not go_on():
                return
            score = draw(task.number)
            yield Verdict(score, score.total, len(wanted.search_texts))

    evolution = Evolution(wanted, "neutral", student("praat"), target)
    evolution.advance(steps=evolution.start_total + wanted.steps - 1, judges=judges)
    times, blob = [], b""
    for _ in range(7):
        began = time.perf_counter()
        blob = evolution.checkpoint()
        times.append(time.perf_counter() - began)
    began = time.perf_counter()
    Evolution(wanted, "neutral", student("praat"), target, blob)
    resumed_s = time.perf_counter() - began
    print(f"{wanted.strategy:12} {evolution.step} steps: "
          f"checkpoint {1000 * statistics.median(times):.0f} ms, {len(blob) / 1e6:.1f} MB; "
          f"resumed in {resumed_s:.2f} s; {len(evolution.points)} points", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
