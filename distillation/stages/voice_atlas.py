"""The atlas of base voices: what they sound like, measured once and shared by all searches."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpus.audio.loudness import integrated_lufs
from corpus.files import sha256_of_json, write_bytes, write_json
from distillation.engines import STUDENTS
from distillation.engines.base import Student
from distillation.recipe import RunRecipe
from distillation.scoring import second_encoder
from distillation.stages.evidence import embedding
from distillation.stages.prosody_figures import ProsodyFigures, measured
from distillation.stages.second_opinion import second_vectors
from distillation.stages.target_warnings import StockRanges, brightness_db
from distillation.voicepack import VoicePack

ATLAS = "atlas"  # folder
RANGES = "%s-ranges.json"  # of a student's base voices, beside its atlases
VERSION = 3  # incremented when what is measured changes
# Of Kokoro's 54 voices over the search texts of the demonstration, until an atlas is complete.
PUBLISHED = {
    "kokoro": StockRanges(low_st=7.12, high_st=30.61, brightness_mean=-6.89, brightness_sd=1.18)
}
DAMAGED = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)
SEED = 0  # of the vocoder's noise


class MeasuredVoice(NamedTuple):
    """What one voice sounds like.

    Attributes
    ----------
    embeddings : ndarray, shape (texts, 256), float32
        Speaker embedding of each text; zeros where no speech was found.
    figures : ProsodyFigures or None
        None if too little is voiced.
    lufs : float
        Mean integrated loudness.
    brightness_db : float
        As `target_warnings.brightness_db`, NaN if unknown.
    second : ndarray, shape (texts, 256) or (0, 256), float32
        Vectors of the second encoder; empty if it is not installed or found no speech.
    """

    embeddings: NDArray[np.float32]
    figures: ProsodyFigures | None
    lufs: float
    brightness_db: float
    second: NDArray[np.float32]

    def similarity(self, target: NDArray[np.float32]) -> float:
        """Return the mean cosine with a target's embedding."""
        return float((self.embeddings @ target).mean())


class VoiceAtlas:
    """The measured base voices of a student.

    Each voice is a file of its own, named by its hash, so that processes and machines that share
    the folder build it together: each measures what it does not find, in an order of its own.

    Parameters
    ----------
    recipe : RunRecipe
        Its search texts are spoken; its student's options are part of the key.
    student : Student
    packs : mapping of str to VoicePack
        The base voices by name.
    folder : path, optional
        Where measurements are kept; only in memory if there is none or it cannot be written.
    """

    def __init__(
        self,
        recipe: RunRecipe,
        student: Student,
        packs: Mapping[str, VoicePack],
        folder: Path | None = None,
    ) -> None:
        self._recipe, self._student, self._packs = recipe, student, dict(packs)
        self._folder = folder and folder / atlas_key(recipe, student)
        self._voices: dict[str, MeasuredVoice] = {}
        self._read()

    @property
    def is_complete(self) -> bool:
        return len(self._voices) == len(self._packs)

    @property
    def measured_count(self) -> int:
        """Number of voices measured so far."""
        return len(self._voices)

    @property
    def voices(self) -> dict[str, MeasuredVoice]:
        """The measured voices, in the order of the packs."""
        return {name: self._voices[name] for name in self._packs if name in self._voices}

    def nearest(self, target: NDArray[np.float32]) -> str:
        """Return the name of the voice that is most similar to a target's embedding."""
        return max(self.voices, key=lambda name: self._voices[name].similarity(target))

    def build(self, go_on: Callable[[], bool] = lambda: True) -> bool:
        """Measure the missing voices, one at least, while `go_on()`; return whether all are."""
        missing = [name for name in self._packs if name not in self._voices]
        order = np.random.default_rng(os.getpid()).permutation(len(missing))
        for name in (missing[n] for n in order):  # processes seldom take the same
            if not self._found(name):
                self._voices[name] = self._measure(self._packs[name])
                self._store(name)
            if not go_on():
                break
        has_all = set(self._packs) >= set(self._student.stock_voices())
        if missing and self.is_complete and has_all:  # a few chosen voices are no range
            self._store_ranges()
        return self.is_complete

    @property
    def ranges(self) -> StockRanges | None:
        """Where the voices lie in pitch and brightness; None if too few were measured."""
        pitches = [voice.figures.pitch_st for voice in self._voices.values() if voice.figures]
        slopes = [voice.brightness_db for voice in self._voices.values()]
        known = [slope for slope in slopes if np.isfinite(slope)]
        return StockRanges.of(pitches, known)

    def _store_ranges(self) -> None:
        if self._folder and (ranges := self.ranges):
            path = self._folder.parent / (RANGES % self._student.name)
            with suppress(OSError):
                write_json(path, ranges.to_json())

    def _measure(self, pack: VoicePack) -> MeasuredVoice:
        texts = self._recipe.search_texts
        spoken = [self._student.synthesize(text, pack, seed=SEED) for text in texts]
        return MeasuredVoice(
            np.stack([embedding(audio) for audio in spoken]),
            measured(spoken, texts),
            float(np.mean([integrated_lufs(audio) for audio in spoken])),
            found if (found := brightness_db(spoken)) is not None else float("nan"),
            second_vectors(spoken),
        )

    def _read(self) -> None:
        for name in self._packs:
            self._found(name)

    def _found(self, name: str) -> bool:
        path = self._path(name)
        if path is None or not path.exists():
            return False
        with suppress(*DAMAGED):
            npz = np.load(io.BytesIO(path.read_bytes()), allow_pickle=False)
            figures = ProsodyFigures(*npz["figures"].tolist()) if npz["figures"].size else None
            levels = float(npz["lufs"]), float(npz["brightness_db"])
            vectors = npz["embeddings"], figures, *levels, npz["second"]
            self._voices[name] = MeasuredVoice(*vectors)
        return name in self._voices

    def _store(self, name: str) -> None:
        path, voice = self._path(name), self._voices[name]
        if path is None:
            return
        buffer = io.BytesIO()
        figures = np.array(voice.figures or (), np.float64)
        np.savez(
            buffer,
            embeddings=voice.embeddings,
            figures=figures,
            lufs=np.array(voice.lufs),
            brightness_db=np.array(voice.brightness_db),
            second=voice.second,
        )
        with suppress(OSError):  # a folder that cannot be written: measured again next time
            write_bytes(path, buffer.getvalue())

    def _path(self, name: str) -> Path | None:
        return self._folder and self._folder / f"{self._packs[name].sha256}.npz"


def atlas_folder(model_dir: Path, otherwise: Path) -> Path:
    """Return the folder of the atlases: beside the models, or elsewhere if these are read-only.

    It must be one that can be written: a search in slices begins each with what is stored.
    """
    nearest = next(path for path in (model_dir, *model_dir.parents) if path.exists())
    return (model_dir if os.access(nearest, os.W_OK) else otherwise) / ATLAS


def atlas_for(
    recipe: RunRecipe, student: Student, packs: Mapping[str, VoicePack], folder: Path | None
) -> VoiceAtlas | None:
    """Return the atlas for a search; None if the student speaks so fast that none is needed."""
    info = STUDENTS.get(student.name)
    return VoiceAtlas(recipe, student, packs, folder) if info and info.takes_seconds else None


def known_ranges(student: str, folder: Path) -> StockRanges | None:
    """Return the ranges of the last atlas of all of a student's voices, without loading it.

    Without one, those of its published voices; None if they are unknown.
    """
    try:
        return StockRanges(**json.loads((folder / (RANGES % student)).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return PUBLISHED.get(student)


def atlas_key(recipe: RunRecipe, student: Student) -> str:
    """Return the hash of all that a measurement depends on, besides the voice."""
    encoder = f"resemblyzer {metadata.version('resemblyzer')}"
    second = second_encoder.VERSION if second_encoder.available() else ""
    known = [VERSION, second, student.name, student.weights, recipe.student_options, recipe.lang]
    return sha256_of_json([*known, list(recipe.search_texts), encoder])[:16]
