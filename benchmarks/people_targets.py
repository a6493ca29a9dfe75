"""Targets and sentences of `benchmarks.people`: people's clips, and stock voices left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import targets
from corpus.audio.io import decode, resample, write_wav
from distillation import engines
from distillation.engines.base import Student
from distillation.sentence_selection import gradient_texts

SEARCH = targets.SEARCH  # 51, 29 and 95 letters
HELD_OUT = (  # of the corpus, each 3 letters or more from every length of the search
    "Tuvo que cambiar el tubo de la ducha.",
    "La visita del técnico queda para el viernes.",
    "El científico observó la muestra durante varias semanas.",
    "La temperatura bajó a tres grados bajo cero durante la madrugada.",
    "Según nuestra política, dispone de treinta días para cambiar el producto.",
    "Mañana tu tío Felipe charlará con Guillermo sobre el viejo rey de Zaragoza y su yegua.",
)
GRADIENT = gradient_texts(targets.CORPUS.texts, HELD_OUT)
SR = 24_000


@dataclass(frozen=True)
class Target:
    """Whom a search imitates.

    Attributes
    ----------
    name : str
        A person, or a stock voice.
    wav : Path
        The target clip.
    others : tuple of Path
        Further clips of the person; their likeness to the target is the ceiling.
    texts : tuple of str
        All that is spoken in the target; empty if unknown.
    is_stock : bool
        Whether it is a stock voice, left out of the base voices: the true voice is known.
    """

    name: str
    wav: Path
    others: tuple[Path, ...] = ()
    texts: tuple[str, ...] = ()
    is_stock: bool = False


def person(name: str, speech: Path, folder: Path) -> Target:
    """Write the longest of a person's clips, `name-*.flac`, as the target."""
    clips = sorted(speech.glob(f"{name}-*.flac"))
    if len(clips) < 2:
        raise SystemExit(f"{speech}: two clips or more of {name}, {name}-*.flac, wanted.")
    longest = max(clips, key=lambda path: decode(path).duration_s)
    wav = folder / f"{name}.wav"
    wav.parent.mkdir(parents=True, exist_ok=True)
    write_wav(wav, resample(decode(longest), SR))
    return Target(name, wav, tuple(path for path in clips if path != longest))


def stock(name: str, folder: Path) -> Target:
    """Return a stock voice as a target; `stock_written` writes it."""
    return Target(name, folder / f"{name}.wav", texts=targets.REFERENCE, is_stock=True)


def stock_written(wanted: Sequence[Target], model_dir: Path) -> None:
    """Let stock voices speak their targets; runs in its own process."""
    student = student_of(model_dir)
    for target in wanted:
        pack = student.stock_voice(target.name)
        spoken = [student.synthesize(text, pack, seed=5).y for text in target.texts]
        targets.written(spoken, student.sr, target.wav)


def student_of(model_dir: Path) -> Student:
    """Return Kokoro as a search uses it: one thread, bf16 where the processor has it."""
    options = {"model_dir": model_dir, "precision": "auto", "threads": 1, "device": "cpu"}
    return engines.student("kokoro", options)
