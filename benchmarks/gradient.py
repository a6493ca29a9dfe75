"""Cost of a sentence's gradient relative to evaluating the same text.

    python -m benchmarks.gradient [--repetitions 3] [--model-dir FOLDER]

For texts of several lengths, each in its own process: one synthesis and embedding (fp32), and a
forward and backward pass through Kokoro and the speaker encoder (fp32), alternating; then
the process's peak memory.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from benchmarks.kokoro import BASE, SEED, TARGET
from benchmarks.shared import (
    apart,
    conditions_print,
    kokoro_or_exit,
    parser_of,
    peak_mb,
    spread,
    table_print,
    timed,
)
from distillation.engines.kokoro.student import KokoroStudent
from distillation.scoring import Scorer
from distillation.scoring.differentiable_similarity import DifferentiableSimilarity
from distillation.voicepack import VoicePack

TEXTS = (
    "Sí, claro.",
    "Buenos días, ¿en qué puedo ayudarle?",
    "Su pedido llegará mañana por la tarde a la dirección que nos indicó.",
)


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--repetitions", type=int, default=3)
    options = parser.parse_args()
    kokoro_or_exit(options.model_dir, (BASE, TARGET))
    conditions_print(options.model_dir, threads="1 thread")
    rows = [apart(row_of, options.model_dir, text, options.repetitions) for text in TEXTS]
    print(f"Processor s, {options.repetitions} repetitions:")
    table_print(("speech", "evaluation", "its gradient", "ratio", "peak memory"), rows)


def row_of(model_dir: Path, text: str, repetitions: int) -> list[str]:
    """Return the row of a text; runs in its own process."""
    engine = KokoroStudent(model_dir=model_dir, threads=1, device="cpu")
    pack, other = (engine.stock_voice(name) for name in (BASE, TARGET))
    target = engine.synthesize(TEXTS[-1], other, seed=SEED)
    scorer, similarity = Scorer(target), DifferentiableSimilarity(target)
    speech = engine.synthesize(text, pack, seed=SEED)
    ways = {
        "evaluation": lambda voice: scorer.measure_text(engine.synthesize(text, voice, seed=SEED)),
        "gradient": lambda voice: gradient(engine, similarity, text, voice),
    }
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(repetitions + 1):  # the first warms up
        moved = VoicePack(
            pack.data + 0.001 * (number + 1), engine.name
        )  # a new voice each time defeats caches
        for name, way in ways.items():
            spent[name].append(timed(partial(way, moved))[1][1])
    evaluation_s, gradient_s = (seconds[1:] for seconds in spent.values())
    ratios = [back / ahead for ahead, back in zip(evaluation_s, gradient_s, strict=True)]
    row = [f"{speech.duration_s:.1f} s", spread(evaluation_s), spread(gradient_s), spread(ratios)]
    return [*row, f"{peak_mb():.0f} MB"]


def gradient(
    engine: KokoroStudent,
    similarity: DifferentiableSimilarity,
    text: str,
    voice: VoicePack,
) -> None:
    """Run one forward and backward pass, as `stages.objective` does, without naturalness."""
    import torch

    offset = torch.zeros(voice.data.shape[-1], requires_grad=True)
    found = engine.differentiable_synthesis(text, voice, seed=SEED)(offset)
    torch.autograd.grad(similarity(found.samples, engine.sr), offset)


if __name__ == "__main__":
    main()
