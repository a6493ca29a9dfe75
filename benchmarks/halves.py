"""What kokoro saves while only timbre moves: candidates a second, prosody kept or made anew.

    python -m benchmarks.halves [--repetitions 4] [--threads 1] [--model-dir DIR] [--json FILE]

Candidates move both halves of a voice, or its timbre alone, in turns in one process, with the
texts and the scorer of `benchmarks.kokoro`. The strategy `halves` moves timbre in every other
batch, so it saves half of what is printed. Without a model directory the weights are random: the
cost is the real one, the sound is noise.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.kokoro import PRECISIONS, SEED, TEXTS, Everything, _standin, judged, timed
from distillation.engines.kokoro import KokoroStudent
from distillation.scoring import Scorer
from distillation.voicepack import VoicePack

MOVED = {"both": slice(0, 256), "timbre": slice(0, 128)}


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        model_dir = options.model_dir or _standin(Path(folder) / "kokoro")
        report = {
            name: measured(model_dir, precision, options) for name, precision in PRECISIONS.items()
        }
    for name, row in report.items():
        print(
            f"{name}: CPU s a candidate, both halves moved {row['both_s']:.2f}, timbre alone "
            f"{row['timbre_s']:.2f}: {row['ratio']:.3f} times the candidates a second "
            f"({row['ratio_min']:.3f}-{row['ratio_max']:.3f}, {options.repetitions} pairs)"
        )
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")


def measured(model_dir: Path, precision: str, options: argparse.Namespace) -> dict[str, float]:
    """Return CPU seconds a candidate, and the median of the pairs' ratios."""
    made: dict[str, Any] = {"threads": options.threads, "device": "cpu", "precision": precision}
    engine = KokoroStudent(model_dir=model_dir, **made)
    parent, other = (engine.stock_voice(name) for name in ("ef_dora", "em_alex"))
    scorer = Scorer(engine.synthesize(TEXTS[0], other, seed=SEED), encoder=Everything())
    judged(engine, scorer, parent)  # warms up
    rng = np.random.default_rng(0)
    spent: dict[str, list[float]] = {name: [] for name in MOVED}
    data = parent.data
    for _ in range(options.repetitions):
        for name, part in MOVED.items():  # timbre moves from the voice heard just before
            data = data.copy()
            data[..., part] += 0.03 * rng.standard_normal(data[0, 0, part].size, np.float32)
            pack = VoicePack(data, engine.name)
            spent[name].append(timed(lambda pack=pack: judged(engine, scorer, pack))[1][1])  # type: ignore[misc]
    ratios = [a / b for a, b in zip(spent["both"], spent["timbre"], strict=True)]
    return {
        **{f"{name}_s": statistics.median(seconds) for name, seconds in spent.items()},
        "ratio": statistics.median(ratios),
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--model-dir", type=Path)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
