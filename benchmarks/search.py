"""Seconds per candidate, split; `python -m benchmarks.search`."""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from distillation import engines
from distillation.engines.base import Student
from distillation.scoring import speaker_encoder
from distillation.scoring.features import features
from tests.standins import kokoro_dir

SEARCH = (  # of 31, 20 and 41 phonemes
    "La panadera abre la tienda a las siete.",
    "Dejé las llaves en la mesa.",
    "El tren de la costa llega hoy con media hora de retraso.",
)


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
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


if __name__ == "__main__":
    main()
