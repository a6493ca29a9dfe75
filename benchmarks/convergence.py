"""Evaluations each strategy needs to match `random-walk`, and the loss on held-out lengths.

`python -m benchmarks.convergence` runs the search for every target, strategy and seed without a
stored result, then prints the tables and draws the plot. Each finished search is stored as one
JSON file: an interrupted measurement can be resumed, and a repeated one is free until the code of
a strategy changes.
"""

from __future__ import annotations

import argparse
import hashlib
import inspect
import json
import multiprocessing
import os
import re
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

from benchmarks import convergence_report as report
from benchmarks import targets
from corpus.audio.io import read_wav
from distillation import engines
from distillation.engines.praat import steering, stock_voices, student
from distillation.recipe import RunRecipe
from distillation.scoring import Scorer
from distillation.search import STRATEGIES
from distillation.stages.evolve import Evolution
from distillation.voicepack import VoicePack

REFERENCE_STRATEGY = "random-walk"
BUDGETS = {REFERENCE_STRATEGY: 2000}  # evaluations, including those of the start
OTHERS = 250
SPEAKERS = list(targets.SPEAKERS)[:3]  # the fourth tests what was tuned on these
COMPARED = (REFERENCE_STRATEGY, RunRecipe.strategy)  # the reference and the default


@dataclass(frozen=True)
class Job:
    """One search: a target, a strategy, a seed."""

    target: str
    wav: Path
    strategy: str
    seed: int
    budget: int

    @property
    def name(self) -> str:
        return f"{self.target}-{self.strategy}-{self.seed}-{self.budget}"


def jobs(options: argparse.Namespace, folder: Path) -> Iterator[Job]:
    """Yield all jobs; seeds outermost, so that an interrupted measurement covers every target."""
    wavs = {name: wav_of(name, options.speech, folder) for name in options.targets}
    for seed, name, strategy in product(range(options.seeds), wavs, options.strategies):
        budget = BUDGETS.get(strategy, OTHERS)
        yield Job(name, wavs[name], strategy, seed, budget)


def people(speech: Path | None) -> list[str]:
    """Return the names of the people with takes in the folder."""
    return sorted({path.name.split("-")[0] for path in speech.glob("*-*.flac")}) if speech else []


def wav_of(name: str, speech: Path | None, folder: Path) -> Path:
    """Return the target's WAV: a synthetic speaker's, or a person's recordings in `speech`."""
    if name in targets.SPEAKERS:
        return targets.target(name, folder)
    if speech is None:
        raise SystemExit(f"{name}: {', '.join(targets.SPEAKERS)}, or a person of --speech FOLDER.")
    return targets.recording(name, speech, folder)


def searched(job: Job) -> dict[str, object]:
    """Run one search; return its curve and the scores on search texts and held-out texts."""
    student = engines.student("praat")
    recipe = recipe_of(job)
    evolution = Evolution(recipe, "neutral", student, job.wav)
    scorer = Scorer(read_wav(job.wav))
    curve: list[tuple[int, float, float]] = []

    def total(pack: VoicePack, texts: tuple[str, ...]) -> float:
        return scorer.score_all([student.synthesize(text, pack) for text in texts]).total

    def follow(at: Evolution) -> None:
        score = at.best_score
        if at.best and score and (not curve or score.total > curve[-1][1]):
            curve.append((at.evaluations, score.total, total(at.best, recipe.held_out_texts)))

    began = time.process_time()
    evolution.advance(steps=job.budget, on_step=follow)
    seconds = time.process_time() - began
    assert evolution.best
    assert evolution.start
    # effect of the texts alone on the score: spoken by a voice that was not fitted to any of them
    unsearched = targets.speaker(job.target) if job.target in targets.SPEAKERS else evolution.start
    return {
        **{key: value for key, value in asdict(job).items() if key != "wav"},
        "fingerprint": fingerprint(job),
        "curve": curve,
        "start_evaluations": evolution.start_total,
        "evaluations": evolution.evaluations,
        "search": total(evolution.best, recipe.search_texts),
        "held_out": total(evolution.best, recipe.held_out_texts),
        "texts_lose": total(unsearched, recipe.search_texts)
        - total(unsearched, recipe.held_out_texts),
        "cpu_s": seconds,
    }


def recipe_of(job: Job) -> RunRecipe:
    """Return the recipe; every strategy uses the same score, the mean over all texts."""
    return targets.recipe(
        strategy=job.strategy,
        steps=job.budget,  # including those of the start
        seed=job.seed,
        compared="all",
    )


def fingerprint(job: Job) -> str:
    """Return a hash of all inputs of the search: target, texts, code of strategy, score, engine."""
    files = {Path(inspect.getfile(one)) for one in (student, stock_voices, steering)}
    files |= {*code_of(job.strategy), *Path(inspect.getfile(Scorer)).parent.glob("*.py")}
    code = [path.read_text() for path in sorted(files)]
    texts = (*recipe_of(job).search_texts, *recipe_of(job).held_out_texts)
    target = hashlib.sha256(job.wav.read_bytes()).hexdigest()
    return hashlib.sha256("\n".join((target, *code, *texts)).encode()).hexdigest()


def code_of(strategy: str) -> Iterator[Path]:
    """Yield the files of a strategy's class and its bases, and the search modules they import."""
    for one in STRATEGIES[strategy].__mro__[:-1]:
        path = Path(inspect.getfile(one))
        yield path
        for name in re.findall(r"from distillation\.search\.(\w+) import", path.read_text()):
            yield path.with_name(f"{name}.py")


def finished(job: Job, folder: Path) -> dict[str, object] | None:
    """Return the stored result; None if missing or made with different code or texts."""
    path = folder / f"{job.name}.json"
    found = json.loads(path.read_text()) if path.exists() else {}
    return found if found.get("fingerprint") == fingerprint(job) else None


def work(job: Job, folder: Path) -> str:
    """Run a search and store its result; runs in a worker process."""
    os.nice(10)
    result = searched(job)
    part = folder / f"{job.name}.part"
    part.write_text(json.dumps(result))
    part.replace(folder / f"{job.name}.json")
    return f"{job.name}: {result['curve'][-1][1]:.2f} in {result['cpu_s']:.0f} s"  # type: ignore[index]


def conditions(results: list[dict[str, object]], options: argparse.Namespace) -> str:
    """Return one line that describes the measurement."""
    return (
        f"praat, search texts of {phonemes(targets.SEARCH)} phonemes, held-out of "
        f"{phonemes(targets.HELD_OUT)}; "
        f"{len(options.targets)} targets, {options.seeds} seeds, {len(results)} searches; "
        f"evaluations count the start's {results[0]['start_evaluations']} (KVoiceWalk's "
        "interpolation, for all) and candidates dropped early"
    )


def phonemes(texts: tuple[str, ...]) -> str:
    """Return the texts' lengths in phonemes."""
    student = engines.student("praat")
    return ", ".join(str(student.phoneme_count(text)) for text in texts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", nargs="+", help="by default three speakers and all people")
    parser.add_argument("--speech", type=Path, help="folder of NAME-*.flac: these people too")
    parser.add_argument("--strategies", nargs="+", default=COMPARED, choices=STRATEGIES)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=1, help="processes; results do not change")
    parser.add_argument("--results", type=Path, default=Path("var/convergence"))
    parser.add_argument("--plot", type=Path, default=Path("docs/convergence.svg"))
    options = parser.parse_args()
    options.targets = options.targets or [*SPEAKERS, *people(options.speech)]
    options.results.mkdir(parents=True, exist_ok=True)
    everything = list(jobs(options, options.results))
    search([job for job in everything if finished(job, options.results) is None], options)
    results = [found for job in everything if (found := finished(job, options.results))]
    line = conditions(results, options)
    print(f"\n{line}\n", flush=True)
    print(
        f"Score of {REFERENCE_STRATEGY}'s voices at its end, on search and on held-out texts, and"
    )
    print(
        "evaluations until the others' voices had it and kept it: medians (quartiles), how many:\n"
    )
    print("\n".join(report.evaluations_table(results, REFERENCE_STRATEGY)), "\n")
    print("Scores on search and held-out texts:\n")
    print("\n".join(report.lengths_table(results)))
    report.plot(results, options.plot, line)
    print(f"\n{options.plot}")


def search(todo: list[Job], options: argparse.Namespace) -> None:
    """Run the missing searches."""
    with multiprocessing.get_context("spawn").Pool(options.workers, maxtasksperchild=1) as pool:
        done = [pool.apply_async(work, (job, options.results)) for job in todo]
        for number, one in enumerate(done, start=1):
            print(f"{number} of {len(done)}  {one.get()}", flush=True)


if __name__ == "__main__":
    main()
