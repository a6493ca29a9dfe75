"""A whole search as in the demo: seconds, memory, and the gain on held-out sentences.

    python -m benchmarks.search [--model-dir FOLDER] [SEARCH …]

Kokoro's target is the demo's speaker; `kokoro gradient` is the demo's search, `kokoro cma-es` is
the default strategy from the same start. `praat` is the demo's search if Kokoro is unavailable,
with a synthetic speaker as its target. Each search runs in its own process; figures are seconds
unless stated otherwise.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voicelab.settings")
django.setup()

from benchmarks import targets  # noqa: E402
from benchmarks.shared import (  # noqa: E402
    apart,
    conditions_print,
    has_kokoro,
    parser_of,
    peak_mb,
    table_print,
)
from corpus.audio.io import read_wav  # noqa: E402
from distillation import engines  # noqa: E402
from distillation.engines.base import Student  # noqa: E402
from distillation.recipe import WEIGHTS as USUAL  # noqa: E402
from distillation.recipe import RunRecipe  # noqa: E402
from distillation.scoring import Score, Scorer  # noqa: E402
from distillation.search import STEPS  # noqa: E402
from distillation.stages.evolve import Evolution  # noqa: E402
from distillation.voicepack import VoicePack  # noqa: E402
from voicelab.demo.run import SEARCHES, WEIGHTS  # noqa: E402
from voicelab.demo.speakers import STOCK_VOICE, NaturalSpeaker  # noqa: E402

KOKORO, PRAAT = SEARCHES["kokoro"], SEARCHES["praat"]
WAYS: dict[str, dict[str, Any]] = {
    "praat": {"strategy": RunRecipe.strategy, "steps": PRAAT.steps},
    "kokoro gradient": {"strategy": "gradient", "steps": STEPS["gradient"]},
    "kokoro cma-es": {"strategy": RunRecipe.strategy, "steps": 60},
}
HEAD = ("", "steps", "candidates", "start", "of processor", "steps took", "of processor",
        "peak memory", "target similarity", "score")  # fmt: skip


@dataclass
class Clock:
    """Wall-clock and CPU seconds: at the beginning, after the start, at the end."""

    marks: list[tuple[float, float]]

    def mark(self) -> None:
        self.marks.append((time.perf_counter(), time.process_time()))

    def parts(self) -> list[str]:
        pairs = zip(self.marks, self.marks[1:], strict=False)
        return [f"{b - a:.1f}" for one, other in pairs for a, b in zip(one, other, strict=True)]


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("searches", nargs="*", metavar="SEARCH", help=", ".join(WAYS))
    options = parser.parse_args()
    conditions_print(options.model_dir, threads="1 thread")
    spoken = has_kokoro(options.model_dir, (*KOKORO.base_voices, STOCK_VOICE))
    asked = [name for name in options.searches or WAYS if spoken or name == "praat"]
    rows = []
    for name in asked:
        print(f"{name} …", file=sys.stderr, flush=True)
        rows.append(apart(searched, name, options.model_dir))
    lengths = ", ".join(str(len(text)) for text in targets.SEARCH)
    print(f"One style; search texts of {lengths} characters; similarity (0-1) and score (0-100) "
          f"on {len(targets.HELD_OUT)} held-out sentences, start → end.")  # fmt: skip
    table_print(HEAD, rows)


def searched(name: str, model_dir: Path) -> list[str]:
    """Run one search; return its row."""
    recipe, student = recipe_of(name), student_of(name, model_dir)
    with tempfile.TemporaryDirectory() as folder:
        path = target_of(name, model_dir, Path(folder))
        clock = Clock([])
        clock.mark()
        evolution = Evolution(recipe, "neutral", student, path)
        evolution.prepare()
        while evolution.start is None:
            evolution.advance(steps=1)
        clock.mark()
        evolution.advance()
        clock.mark()
        memory_mb, scorer = peak_mb(), Scorer(read_wav(path), weights=recipe.weights)
    assert evolution.start and evolution.best  # noqa: PT018
    scores = [held_out_score(scorer, student, pack) for pack in (evolution.start, evolution.best)]
    gains = [" → ".join(f"{getattr(one, part):.{digits}f}" for one in scores)
             for part, digits in (("target", 3), ("total", 1))]  # fmt: skip
    row = [name, str(evolution.step), str(evolution.evaluations), *clock.parts()]
    return [*row, f"{memory_mb:.0f} MB", *gains]


def recipe_of(name: str) -> RunRecipe:
    weights = {**USUAL, **WEIGHTS}
    voices = () if name == "praat" else KOKORO.base_voices
    wanted = {"student": name.split()[0], "weights": weights, "base_voices": voices}
    return targets.recipe(**WAYS[name], **wanted)


def student_of(name: str, model_dir: Path) -> Student:
    if name == "praat":
        return engines.student("praat")
    return engines.student("kokoro", {"model_dir": model_dir, "precision": KOKORO.precision})


def target_of(name: str, model_dir: Path, folder: Path) -> Path:
    """Write the target's WAV: sentences by the demo's speaker, for praat by a synthetic one."""
    if name == "praat":
        return targets.target("bright", folder)
    speaker = NaturalSpeaker(model_dir)
    spoken = [speaker.speak(text, "neutral", seed=5) for text in targets.REFERENCE]
    return targets.written([audio.y for audio in spoken], spoken[0].sr, folder / "target.wav")


def held_out_score(scorer: Scorer, student: Student, pack: VoicePack) -> Score:
    return scorer.score_all([student.synthesize(text, pack) for text in targets.HELD_OUT])


if __name__ == "__main__":
    main()
