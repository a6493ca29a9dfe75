"""Seconds per candidate, split, and how far each strategy gets; `-m benchmarks.search`."""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from corpus.audio.io import read_wav, write_wav
from corpus.audio.types import Audio
from distillation import engines
from distillation.engines.base import Student
from distillation.engines.steering import Settings, row_of
from distillation.recipe import RunRecipe, StyleRecipe
from distillation.scoring import Scorer, speaker_encoder
from distillation.scoring.features import features
from distillation.search import STRATEGIES
from distillation.stages.evolve import Evolution
from distillation.voicepack import VoicePack
from tests.standins import kokoro_dir

REFERENCE = (
    "Buenos días, gracias por llamar a nuestro servicio de atención.",
    "Su saldo actual es de ciento veinte pesos con cincuenta centavos.",
    "Lamento mucho los inconvenientes que esto le ha causado.",
    "Para continuar, confirme su número de documento, por favor.",
    "El técnico llegará mañana entre las nueve y las once.",
)
SEARCH = (
    "La panadera amasa muy temprano y abre la tienda a las siete.",
    "El tren de la costa llega hoy con media hora de retraso.",
    "Dejé las llaves en la mesa.",
)
HELD_OUT = (
    "La verdad es que hoy no ha llovido en toda la mañana.",
    "Espere un momento, por favor, mientras reviso los datos de su contrato.",
    "Nos vemos el martes.",
)
SPEAKERS = {  # none is a stock voice
    "bright": Settings(
        formant=1.12, tilt_db=2.0, low_db=-4, mid_db=-2, presence_db=4, air_db=-4, breath_db=-30,
        pitch_hz=150, intonation=1.0, rate_wpm=170, gap_s=0.01,
    ),
    "dark": Settings(
        formant=1.0, tilt_db=-2.0, low_db=4, mid_db=3, presence_db=-4, air_db=4, breath_db=-25,
        pitch_hz=118, intonation=1.5, rate_wpm=185, gap_s=0.005,
    ),
}  # fmt: skip


def speaker(name: str) -> VoicePack:
    rows = np.tile(row_of(SPEAKERS[name])[None, None, :], (510, 1, 1))
    return VoicePack(rows.astype(np.float32), "praat")


def target(name: str, folder: Path) -> Path:
    praat = engines.student("praat")
    pause = np.zeros(praat.sr // 2, np.float32)
    spoken = [praat.synthesize(text, speaker(name), seed=5).y for text in REFERENCE]
    path = folder / f"{name}.wav"
    write_wav(path, Audio(np.concatenate([part for y in spoken for part in (y, pause)]), praat.sr))
    return path


def recipe(**changes: object) -> RunRecipe:
    style = StyleRecipe(key="neutral", speed=1.0, reference_texts=REFERENCE)
    settings = {"styles": (style,), "search_texts": SEARCH, "held_out_texts": HELD_OUT, **changes}
    return RunRecipe(**settings)  # type: ignore[arg-type]


def spread(times: list[float]) -> str:
    low, middle, high = statistics.quantiles(times, n=4)
    return f"{1000 * middle:7.1f} ms  ({1000 * low:.1f}-{1000 * high:.1f})"


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def candidate_seconds(student: Student, repeats: int) -> None:
    """Print what one fully scored candidate costs, part by part: median and quartiles."""
    packs = [student.stock_voice(name) for name in student.stock_voices()]
    seconds = sum(student.synthesize(text, packs[0]).duration_s for text in SEARCH)
    praat = engines.student("praat")  # random weights give noise, and noise is not embedded
    speech = [praat.synthesize(text, praat.stock_voice("pf_luz")) for text in SEARCH]
    parts: dict[str, list[float]] = {"synthesis": [], "embedding": [], "features": []}
    for number in range(repeats):
        pack = packs[number % len(packs)]
        parts["synthesis"].append(
            timed(lambda pack=pack: [student.synthesize(text, pack) for text in SEARCH])  # type: ignore[misc]
        )
        parts["embedding"].append(timed(lambda: [speaker_encoder().embed(y) for y in speech]))
        parts["features"].append(timed(lambda: features(speech[0])))
    print(f"\n{student.name}: {len(SEARCH)} texts, {seconds:.1f} s of speech, {repeats} repeats")
    for name, times in parts.items():
        print(f"  {name:10} {spread(times)}")
    totals = [sum(row) for row in zip(*parts.values(), strict=True)]
    print(f"  {'all':10} {spread(totals)}   real-time factor of synthesis "
          f"{statistics.median(parts['synthesis']) / seconds:.3f}")  # fmt: skip


def progress(strategy: str, path: Path, steps: int, seed: int) -> dict[str, float]:
    """Walk once; return where it came to, on search and on held-out sentences."""
    praat = engines.student("praat")
    evolution = Evolution(recipe(strategy=strategy, steps=steps, seed=seed), "neutral", praat, path)
    seconds = timed(evolution.advance)
    assert evolution.start
    assert evolution.best
    assert evolution.start_score
    assert evolution.best_score
    scorer = Scorer(read_wav(path))
    held = [
        scorer.score_all([praat.synthesize(text, pack) for text in HELD_OUT])
        for pack in (evolution.start, evolution.best)
    ]
    gain = evolution.best_score.total - evolution.start_score.total
    half = next(
        point.step
        for point in evolution.points
        if point.score >= evolution.start_score.total + gain / 2
    )
    return {
        "start": evolution.start_score.total,
        "score": evolution.best_score.total,
        "target before": evolution.start_score.target,
        "target": evolution.best_score.target,
        "held-out before": held[0].target,
        "held-out": held[1].target,
        "half gained at": half,
        "s a candidate": seconds / evolution.evaluations,
    }


def strategies(steps: int, seeds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name in SPEAKERS:
            path = target(name, Path(folder))
            for strategy in STRATEGIES:
                runs = [progress(strategy, path, steps, seed) for seed in range(seeds)]
                print(f"\n{name}, {strategy}, {steps} steps, {seeds} seeds (median, low-high)")
                for figure in runs[0]:
                    values = [run[figure] for run in runs]
                    middle = statistics.median(values)
                    print(f"  {figure:16} {middle:8.3f}  ({min(values):.3f}-{max(values):.3f})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--kokoro", action="store_true", help="also Kokoro with random weights")
    options = parser.parse_args()
    print(f"Resemblyzer ready after {timed(speaker_encoder):.1f} s")
    candidate_seconds(engines.student("praat"), options.repeats)
    if options.kokoro:
        with tempfile.TemporaryDirectory() as folder:
            weights = kokoro_dir(Path(folder), small=False)
            kokoro = engines.student("kokoro", {"model_dir": str(weights)})
            candidate_seconds(kokoro, max(4, options.repeats // 3))
    strategies(options.steps, options.seeds)


if __name__ == "__main__":
    main()
