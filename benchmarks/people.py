"""How near a search comes to people on real Kokoro, what it costs, and which goals are met.

    python -m benchmarks.people --model-dir DIR --speech FOLDER [--stock NAME ...]

Runs the search for every target, strategy and seed without a stored result, then prints the
tables and draws the plot. Targets are people (`NAME-*.flac`: the longest clip is the target, the
others are the ceiling) and stock voices that are left out of the base. Each finished search is
stored as one JSON file and its voice: an interrupted measurement can be resumed, and a repeated
one is free until the code of a strategy changes.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import people_measures, people_report, targets
from benchmarks import people_targets as people
from benchmarks.convergence import code_of
from benchmarks.people_targets import HELD_OUT, Target
from benchmarks.shared import apart, conditions_print, kokoro_or_exit, parser_of
from corpus.audio.io import read_wav
from corpus.files import sha256_of, sha256_of_json, write_json
from distillation import voicepack
from distillation.engines.kokoro.files import WEIGHTS, voice_names
from distillation.recipe import RunRecipe
from distillation.scoring.encoder import Embedding, speaker_encoder
from distillation.search import STEPS, WITH_GRADIENT
from distillation.stages import evidence
from distillation.stages.evolve import Evolution
from distillation.stages.search_context import SearchContext
from distillation.stages.voice_atlas import VoiceAtlas
from distillation.voicepack import VoicePack

PEOPLE = ("1688", "2414", "3005")
BUDGETS = {"gradient": STEPS["gradient"], "cma-es": 150, "random-walk": 400}  # steps
ROOT = Path(__file__).parents[1]
CODE = (  # besides the strategy's own
    *(f"distillation/scoring/{name}.py" for name in ("scorer", "encoder", "features", "mel")),
    *(f"distillation/engines/kokoro/{name}.py" for name in ("student", "network")),
    *(f"distillation/stages/{name}.py" for name in ("evaluation", "initialization", "voice_atlas")),
)
GRADIENT_CODE = (
    *(f"distillation/scoring/{name}.py" for name in ("differentiable_similarity", "naturalness")),
    *(f"distillation/engines/kokoro/{name}.py" for name in ("gradient", "residual_blocks")),
    *(f"distillation/stages/{name}.py" for name in (
        "objective", "corrections", "prosody_figures", "predicted_prosody",
    )),
)  # fmt: skip
HELD_OUT_FIELDS = (
    "thresholds",
    "versions",
    "inputs",
    "version",
    "held_out_texts",
)  # of a recipe: no search uses them
OF_GRADIENT = ("objective", "gradient_texts")


@dataclass(frozen=True)
class Job:
    """One search: a target, a strategy, a seed."""

    target: Target
    strategy: str
    seed: int
    steps: int
    base_voices: tuple[str, ...]
    model_dir: Path
    folder: Path  # of the results

    @property
    def path(self) -> Path:
        return self.folder / f"{self.target.name}-{self.strategy}-{self.seed}-{self.steps}.json"

    @property
    def voice(self) -> Path:
        return self.path.with_suffix(".pt")


@dataclass
class Curve:
    """Held-out similarity of the best voice over the processor seconds of the search alone."""

    similarity: Callable[[VoicePack], float]
    points: list[tuple[float, int, float]] = field(default_factory=list)  # seconds, step
    best: str = ""
    began: float = field(default_factory=time.process_time)

    @property
    def spent_s(self) -> float:
        return time.process_time() - self.began

    def follow(self, at: Evolution) -> None:
        """Measure the best voice, if it is another one than before."""
        pack, spent_s = at.best, self.spent_s
        if pack is None or pack.sha256 == self.best:
            return
        self.best = pack.sha256
        self.points.append((spent_s, at.step, self.similarity(pack)))
        self.began = time.process_time() - spent_s  # what was measured is not the search's


def main() -> None:
    options = options_of()
    voices = tuple(options.base_voices or voice_names(options.model_dir))
    kokoro_or_exit(options.model_dir, (*voices, *options.stock))
    conditions_print(options.model_dir, threads="1 thread")
    everything = list(jobs(options, voices))
    todo = [job for job in everything if finished(job) is None]
    if todo:
        write_stock([job.target for job in todo], options.model_dir)
        atlas_build(voices, options)
        search(todo, options.workers)
    results = [found for job in everything if (found := finished(job))]
    line = conditions(results, len(voices), options.results)
    print("\n".join(["", line, "", *people_report.tables(results)]))
    people_report.plot(results, options.plot, line)
    print(f"\n{options.plot}")


def options_of() -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--speech", type=Path, metavar="FOLDER", help="NAME-*.flac of people")
    parser.add_argument("--people", nargs="*", default=PEOPLE, metavar="NAME")
    parser.add_argument("--stock", nargs="*", default=(), metavar="NAME", help="left out of base")
    parser.add_argument("--base-voices", nargs="+", metavar="NAME", help="by default all")
    parser.add_argument("--strategies", nargs="+", default=list(BUDGETS), choices=BUDGETS)
    parser.add_argument("--seeds", type=int, default=3)
    for name, steps in BUDGETS.items():
        parser.add_argument(f"--steps-{name}", type=int, default=steps)
    parser.add_argument("--workers", type=int, default=2, help="processes; results do not change")
    parser.add_argument("--results", type=Path, default=Path("var/people"))
    parser.add_argument("--plot", type=Path, default=Path("docs/people.svg"))
    options = parser.parse_args()
    if options.people and options.speech is None:
        parser.error("--speech FOLDER with the people's clips, or --people without a name.")
    return options


def jobs(options: argparse.Namespace, voices: Sequence[str]) -> Iterator[Job]:
    """Yield all jobs; seeds outermost, so that an interrupted measurement covers every target."""
    folder = options.results / "targets"
    whom = [people.person(name, options.speech, folder) for name in options.people]
    whom += [people.stock(name, folder) for name in options.stock]
    for seed, target, strategy in product(range(options.seeds), whom, options.strategies):
        steps = vars(options)[f"steps_{strategy.replace('-', '_')}"]
        base = tuple(name for name in voices if not (target.is_stock and name == target.name))
        yield Job(target, strategy, seed, steps, base, options.model_dir, options.results)


def write_stock(whom: Sequence[Target], model_dir: Path) -> None:
    """Write the targets of stock voices that are missing."""
    missing = [target for target in dict.fromkeys(whom) if not target.wav.exists()]
    if missing:
        apart(people.stock_written, missing, model_dir)


def atlas_build(voices: Sequence[str], options: argparse.Namespace) -> None:
    """Measure the base voices, by all workers, and store what that cost."""
    parts = [tuple(voices[n :: options.workers]) for n in range(options.workers)]
    with pool_of(options.workers) as pool:
        asked = partial(voices_measured, model_dir=options.model_dir, folder=options.results)
        done = pool.map(asked, [part for part in parts if part])
    path = options.results / "atlas.json"
    before = json.loads(path.read_text()) if path.exists() else {"voices": 0, "cpu_s": 0.0}
    count, seconds = (sum(column) for column in zip(*done, strict=True))
    write_json(path, {"voices": before["voices"] + count, "cpu_s": before["cpu_s"] + seconds})


def voices_measured(names: Sequence[str], *, model_dir: Path, folder: Path) -> tuple[int, float]:
    """Measure base voices; return how many were missing, and the processor seconds they took."""
    os.nice(10)
    student, recipe = people.student_of(model_dir), recipe_with(base_voices=tuple(names))
    packs = {name: student.stock_voice(name) for name in names}
    atlas = VoiceAtlas(recipe, student, packs, folder / "atlas")
    there = atlas.measured_count
    speaker_encoder()
    began = time.process_time()
    atlas.build()
    return atlas.measured_count - there, time.process_time() - began


def search(todo: Sequence[Job], workers: int) -> None:
    """Run the missing searches."""
    with pool_of(workers) as pool:
        for number, line in enumerate(pool.imap_unordered(work, todo), start=1):
            print(f"{number} of {len(todo)}  {line}", flush=True)


def pool_of(workers: int) -> Any:
    return multiprocessing.get_context("spawn").Pool(workers, maxtasksperchild=1)


def work(job: Job) -> str:
    """Run a search, if its voice is not stored, and measure its voice; in a worker process."""
    os.nice(10)
    student = people.student_of(job.model_dir)
    found = searched_before(job) or searched(job)
    start, end = student.stock_voice(found["start"]), voicepack.load(job.voice)
    packs = {name: student.stock_voice(name) for name in job.base_voices}
    atlas = VoiceAtlas(recipe_of(job), student, packs, job.folder / "atlas").voices.values()
    cohort = [voice.second for voice in atlas]
    found["measures"] = people_measures.measures(
        job.target, student, start, end, cohort, recipe=recipe_of(job)
    )
    found["measured_by"] = measures_fingerprint(job)
    write_json(job.path, found)
    similarity = found["measures"]["similarity"]
    means = " → ".join(f"{similarity[kind]['mean']:.3f}" for kind in ("start", "evolved"))
    return f"{job.path.stem}: {means} in {found['cpu_s']:.0f} s of processor"


def searched(job: Job) -> dict[str, Any]:
    """Run one search and store it; the atlas is there before its clock starts."""
    student, target = people.student_of(job.model_dir), job.target
    context = SearchContext(atlas_dir=job.folder / "atlas", target_texts=target.texts)
    evolution = Evolution(recipe_of(job), "neutral", student, target.wav, context=context)
    evolution.prepare()
    embedding = speaker_encoder().embed(read_wav(target.wav))
    curve = Curve(lambda pack: similarity_of(people_measures.spoken(student, pack, HELD_OUT),
                                             embedding))  # fmt: skip
    evolution.advance(on_step=curve.follow)
    seconds = curve.spent_s
    assert evolution.best
    voicepack.save(evolution.best, job.voice)
    found = {
        "target": target.name,
        "is_stock": target.is_stock,
        "strategy": job.strategy,
        "seed": job.seed,
        "fingerprint": fingerprint(job),
        "start": evolution.start_name,
        "evaluations": evolution.step + 1,  # with the start, without the atlas
        "texts": evolution.texts,
        "cpu_s": seconds,
        "curve": curve.points,
    }
    write_json(job.path, found)
    return found


def similarity_of(spoken: Sequence[Any], target: Embedding) -> float:
    return float(np.mean([evidence.embedding(audio) @ target for audio in spoken]))


def recipe_of(job: Job) -> RunRecipe:
    """Return the recipe of a search."""
    return recipe_with(
        strategy=job.strategy, steps=job.steps, seed=job.seed, base_voices=job.base_voices
    )


def recipe_with(**changes: object) -> RunRecipe:
    return targets.recipe(
        student="kokoro",
        search_texts=people.SEARCH,
        held_out_texts=HELD_OUT,
        gradient_texts=people.GRADIENT,
        student_options={"precision": "auto"},
        **changes,
    )


def searched_before(job: Job) -> dict[str, Any] | None:
    """Return the stored search; None if missing or made with different code or inputs."""
    found = json.loads(job.path.read_text()) if job.path.exists() else {}
    same = job.voice.exists() and found.get("fingerprint") == fingerprint(job)
    return found if same else None


def finished(job: Job) -> dict[str, Any] | None:
    """Return the stored search, if its voice was measured by the code that there is now."""
    found = searched_before(job)
    measured = found and found.get("measured_by") == measures_fingerprint(job)
    return found if measured else None


def fingerprint(job: Job) -> str:
    """Return a hash of all inputs of the search: target, recipe, weights, code."""
    uses_gradient = job.strategy in WITH_GRADIENT
    left_out = (*HELD_OUT_FIELDS, *(() if uses_gradient else OF_GRADIENT))
    recipe = {key: value for key, value in recipe_of(job).to_json().items() if key not in left_out}
    recipe["styles"] = [
        {key: value for key, value in style.items() if key != "profile"}
        for style in recipe["styles"]
    ]
    files = {*code_of(job.strategy), *(ROOT / name for name in CODE)}
    files |= {ROOT / name for name in GRADIENT_CODE} if uses_gradient else set()
    code = [path.read_text() for path in sorted(files)]
    wav = sha256_of(job.target.wav) if job.target.wav.exists() else ""
    return sha256_of_json([wav, HELD_OUT, recipe, weights_of(job.model_dir), *code])


def measures_fingerprint(job: Job) -> str:
    """Return a hash of all that the measures of a voice depend on, besides its search."""
    code = [(ROOT / name).read_text() for name in people_measures.CODE]
    return sha256_of_json([*map(sha256_of, job.target.others), *code])


@cache
def weights_of(model_dir: Path) -> str:
    return sha256_of(model_dir / WEIGHTS)


def conditions(results: Sequence[dict[str, Any]], voices: int, folder: Path) -> str:
    """Return one line that describes the measurement, and what the atlas cost."""
    path = folder / "atlas.json"
    atlas = json.loads(path.read_text()) if path.exists() else {}
    each = atlas["cpu_s"] / atlas["voices"] if atlas.get("voices") else float("nan")
    lengths = [", ".join(str(len(one)) for one in some) for some in (people.SEARCH, HELD_OUT)]
    return (
        f"Kokoro, {voices} base voices; search sentences of {lengths[0]} letters, held-out ones of "
        f"{lengths[1]}; {len(results)} searches; processor seconds are those of the search alone, "
        f"without the atlas: {each:.1f} s a voice, {each * voices:.0f} s in all"
    )


if __name__ == "__main__":
    main()
