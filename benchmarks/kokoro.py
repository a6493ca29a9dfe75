"""Candidates on kokoro compared with a plain loop: seconds, memory, and score differences.

    python -m benchmarks.kokoro [--repetitions 3] [--threads 1] [--model-dir FOLDER]

The plain loop is KVoiceWalk's (`benchmarks.plain_loop`). Ours is what the search runs:
`KokoroStudent` and `Scorer`, without early drops. Both alternate, candidate by candidate, in one
process, on texts as long as those of KVoiceWalk. The plain loop's audio is scored by our `Scorer`
too, so score differences come from the audio alone. Memory is that of a process that evaluates
only one candidate.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from benchmarks.plain_loop import PlainLoop
from benchmarks.shared import (
    PRECISIONS,
    Spent,
    conditions_print,
    kokoro_or_exit,
    parser_of,
    peak_mb,
    spread,
    table_print,
    timed,
)
from corpus.audio.types import Audio
from distillation.engines.kokoro.student import KokoroStudent
from distillation.scoring import Score, Scorer
from distillation.voicepack import VoicePack

TEXTS = (  # of the lengths of KVoiceWalk's two: about 250 and 160 characters
    "El viejo farero nunca imaginó que un día guiaría los barcos desde la comodidad de su sala, "
    "pero con la técnica de hoy y una serie de cámaras hacía justamente eso, y tomaba su té "
    "mientras la tormenta rugía afuera y las gaviotas gritaban sobre el techo.",
    "Si se mezclan vinagre, bicarbonato y un poco de jabón en un cilindro alto, la erupción que "
    "resulta es un gusto para los ojos y las manos, perfecta para la escuela.",
)
BASE, TARGET = "ef_dora", "em_alex"
SEED = 3
PLAIN = "plain loop"
PARTS = ("total", "target", "self_", "feature")


@dataclass
class Way:
    """One way to evaluate candidates: time and score of each."""

    spent: list[Spent] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)


def main() -> None:
    warnings.simplefilter("ignore")
    options = _options()
    kokoro_or_exit(options.model_dir, (BASE, TARGET))
    conditions_print(options.model_dir, threads=f"{options.threads} thread(s)")
    peaks = {PLAIN: "", **{name: f"{_peak_mb(options, name):.0f} MB" for name in PRECISIONS}}
    ways = measured(options)
    head = ("", "processor s", "× in processor time", "× in time", "peak memory")
    table_print((*head, *(f"{part.strip('_')} off" for part in PARTS)),
                [row_of(name, ways, peaks[name]) for name in ways])  # fmt: skip


def measured(options: argparse.Namespace) -> dict[str, Way]:
    """Evaluate the same candidates in every way, alternating; the first one warms up."""
    made = {"model_dir": options.model_dir, "threads": options.threads, "device": "cpu"}
    engines = {name: KokoroStudent(**made, precision=name) for name in PRECISIONS}
    parent, other = (engines["fp32"].stock_voice(name) for name in (BASE, TARGET))
    target = engines["fp32"].synthesize(TEXTS[0], other, seed=SEED)
    plain, scorer = PlainLoop(options.model_dir, target, TEXTS, SEED), Scorer(target)
    _threads_set(options.threads)
    ways, scoring, audios = {name: Way() for name in (PLAIN, *engines)}, [], list[Audio]()
    for pack in _candidates(parent, options.repetitions + 1):
        audios, spent = timed(partial(plain.candidate, pack))
        score, scored = timed(partial(scored_by, scorer, audios))
        _note(ways[PLAIN], score, spent)
        scoring.append(scored[1])
        for name, engine in engines.items():
            _note(ways[name], *timed(partial(score_of, engine, scorer, pack)))
        print(f"candidate {len(scoring) - 1}", file=sys.stderr, flush=True)
    speech_s = sum(audio.duration_s for audio in audios)
    print(f"{options.repetitions} candidates of {speech_s:.1f} s of speech, in turns; of ours "
          f"scoring takes {statistics.median(scoring[1:]):.2f} s. Differences of the score (0-100) "
          "and its parts (0-1): the largest.")  # fmt: skip
    return ways


def score_of(engine: KokoroStudent, scorer: Scorer, pack: VoicePack) -> Score:
    """Return the score of a candidate on both texts."""
    spoken = (engine.synthesize(text, pack, seed=SEED) for text in TEXTS)
    return scored_by(scorer, spoken)


def scored_by(scorer: Scorer, spoken: Iterable[Audio]) -> Score:
    return scorer.score([scorer.measure_text(audio) for audio in spoken])


def row_of(name: str, ways: dict[str, Way], peak: str) -> list[str]:
    way, plain = ways[name], ways[PLAIN]
    ratios = [
        spread(
            theirs[kind] / mine[kind]
            for theirs, mine in zip(plain.spent[1:], way.spent[1:], strict=True)
        )
        for kind in (1, 0)
    ]
    off = [
        max(abs(getattr(a, part) - getattr(b, part)) for a, b in zip(*pair, strict=True))
        for part in PARTS
        for pair in [(way.scores, plain.scores)]
    ]
    seconds = spread(cpu for _, cpu in way.spent[1:])
    return [name, seconds, *ratios, peak, *(f"{one:.5f}" for one in off)]


def alone(model_dir: str, precision: str) -> None:
    """Print the peak memory (MB) of this process after one candidate."""
    engine = KokoroStudent(model_dir=model_dir, threads=1, device="cpu", precision=precision)
    pack, other = (engine.stock_voice(name) for name in (BASE, TARGET))
    score_of(engine, Scorer(engine.synthesize(TEXTS[1], other, seed=SEED)), pack)
    print(peak_mb())


def _peak_mb(options: argparse.Namespace, precision: str) -> float:
    code = "import sys; from benchmarks.kokoro import alone; alone(*sys.argv[1:])"
    asked = [sys.executable, "-W", "ignore", "-c", code, str(options.model_dir), precision]
    return float(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)


def _note(way: Way, score: Score, spent: Spent) -> None:
    way.scores.append(score)
    way.spent.append(spent)


def _candidates(parent: VoicePack, count: int) -> list[VoicePack]:
    """Return candidates with both halves of the voice changed, so that no prosody is cached."""
    rng = np.random.default_rng(0)
    step = 0.03 * rng.standard_normal((count, 1, 1, 256)).astype(np.float32)
    return [VoicePack(parent.data + one, parent.engine) for one in step]


def _threads_set(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)  # the speaker encoder sets 1; use the same for all


def _options() -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
