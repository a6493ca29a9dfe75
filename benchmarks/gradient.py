"""What a step of the experimental strategy `gradient` costs, against hearing the same text.

    python -m benchmarks.gradient [--repetitions 3] [--model-dir DIR]

For texts of several lengths, each in a process of its own: one synthesis and embedding, and the
way through Kokoro and the speaker encoder and back, alternating; then the process's peak memory.
Without a model directory the weights are random: the cost is the real one, the sound is noise.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import tempfile
from functools import partial
from pathlib import Path

import psutil

from benchmarks.kokoro import SEED, Everything, _standin, timed
from benchmarks.parallel import peak_of
from distillation.engines.kokoro import KokoroStudent
from distillation.scoring import Scorer
from distillation.scoring.likeness import Likeness
from distillation.voicepack import VoicePack

TEXTS = (
    "Sí, claro.",
    "Buenos días, ¿en qué puedo ayudarle?",
    "Su pedido llegará mañana por la tarde a la dirección que nos indicó.",
)


def main() -> None:
    options = _options()
    print("speech  hearing it (CPU s)  slope (CPU s)  ratio (least-most)  peak memory")
    with tempfile.TemporaryDirectory() as folder:
        model_dir = options.model_dir or _standin(Path(folder) / "kokoro")
        for text in TEXTS:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                print(pool.apply(measured, (model_dir, text, options.repetitions)), flush=True)


def measured(model_dir: Path, text: str, repetitions: int) -> str:
    """Return the row of a text; the body of a process."""
    engine = KokoroStudent(model_dir=model_dir, threads=1, device="cpu")
    pack, other = (engine.stock_voice(name) for name in ("ef_dora", "em_alex"))
    target = engine.synthesize(TEXTS[-1], other, seed=SEED)
    scorer, likeness = Scorer(target, encoder=Everything()), Likeness(target, encoder=Everything())
    speech = engine.synthesize(text, pack, seed=SEED)  # warms up
    spent: dict[str, list[float]] = {"hear": [], "slope": []}
    ways = {
        "hear": lambda voice: scorer.hear(engine.synthesize(text, voice, seed=SEED)),
        "slope": lambda voice: slope(engine, likeness, text, voice),
    }
    for number in range(repetitions):
        moved = VoicePack(pack.data + 0.001 * (number + 1), engine.name)  # nothing is kept
        for name, way in ways.items():
            spent[name].append(timed(partial(way, moved))[1][1])
    ratios = [
        slope_s / hear_s for hear_s, slope_s in zip(spent["hear"], spent["slope"], strict=True)
    ]
    hear, back = (statistics.median(values) for values in spent.values())
    return (
        f"{speech.duration_s:5.1f}s  {hear:18.2f}  {back:13.2f}  {statistics.median(ratios):5.2f} "
        f"({min(ratios):.2f}-{max(ratios):.2f})  {peak_of(psutil.Process()):8.0f} MB"
    )


def slope(engine: KokoroStudent, likeness: Likeness, text: str, voice: VoicePack) -> None:
    """Go the way there and back, as `stages.slopes` does."""
    import torch

    offset = torch.zeros(voice.data.shape[-1], requires_grad=True)
    y = engine.around(text, voice, seed=SEED)(offset)
    torch.autograd.grad(likeness(y, engine.sr), offset)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--model-dir", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
