"""Time kokoro saves by caching prosody while only timbre changes: candidates per second.

    python -m benchmarks.halves [--repetitions 4] [--threads 1] [--model-dir FOLDER]

Candidates change both halves of a voice, or its timbre alone, alternating in one process, with
the texts and the scorer of `benchmarks.kokoro`. The strategy `halves` changes timbre in every
other batch, so it saves half of what is printed.
"""

from __future__ import annotations

import argparse
from functools import partial

import numpy as np

from benchmarks.kokoro import BASE, SEED, TARGET, TEXTS, score_of
from benchmarks.shared import (
    PRECISIONS,
    conditions_print,
    kokoro_or_exit,
    parser_of,
    spread,
    table_print,
    timed,
)
from distillation.engines.kokoro.student import KokoroStudent
from distillation.scoring import Scorer
from distillation.voicepack import VoicePack

MOVED = {"both": slice(0, 256), "timbre": slice(0, 128)}


def main() -> None:
    options = _options()
    kokoro_or_exit(options.model_dir, (BASE, TARGET))
    conditions_print(options.model_dir, threads=f"{options.threads} thread(s)")
    rows = [row_of(precision, options) for precision in PRECISIONS]
    print(f"Processor s a candidate, {options.repetitions} pairs:")
    table_print(("", "both halves moved", "timbre alone", "× candidates a second"), rows)


def row_of(precision: str, options: argparse.Namespace) -> list[str]:
    spent = measured(precision, options)
    ratios = [both / timbre for both, timbre in zip(*spent.values(), strict=True)]
    return [precision, *map(spread, spent.values()), spread(ratios, 3)]


def measured(precision: str, options: argparse.Namespace) -> dict[str, list[float]]:
    """Return CPU seconds of each candidate, by the part that changed."""
    engine = KokoroStudent(
        model_dir=options.model_dir, threads=options.threads, device="cpu", precision=precision
    )
    parent, other = (engine.stock_voice(name) for name in (BASE, TARGET))
    scorer = Scorer(engine.synthesize(TEXTS[0], other, seed=SEED))
    score_of(engine, scorer, parent)  # warms up
    rng = np.random.default_rng(0)
    spent: dict[str, list[float]] = {name: [] for name in MOVED}
    data = parent.data
    for _ in range(options.repetitions):
        for name, part in MOVED.items():  # timbre changes from the voice before
            data = data.copy()
            data[..., part] += 0.03 * rng.standard_normal(data[0, 0, part].size, np.float32)
            pack = VoicePack(data, engine.name)
            _, (_, cpu_s) = timed(partial(score_of, engine, scorer, pack))
            spent[name].append(cpu_s)
    return spent


def _options() -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--repetitions", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
