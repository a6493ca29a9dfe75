"""Target speakers and sentences for the benchmarks of the search."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from corpus.audio.io import decode, resample, write_wav
from corpus.audio.types import Audio
from distillation import engines
from distillation.engines.praat.steering import Settings, row_of
from distillation.pipeline.corpus_folder import read_corpus, style_sources
from distillation.recipe import RunRecipe, StyleRecipe
from distillation.recipe_builder import selected
from distillation.voicepack import VoicePack

REFERENCE = (
    "Buenos días, gracias por llamar a nuestro servicio de atención.",
    "Su saldo actual es de ciento veinte pesos con cincuenta centavos.",
    "Lamento mucho los inconvenientes que esto le ha causado.",
    "Para continuar, confirme su número de documento, por favor.",
    "El técnico llegará mañana entre las nueve y las once.",
)
CORPUS = read_corpus(Path(__file__).parents[1] / "fixtures" / "corpus")
CHOSEN = selected(
    style_sources(CORPUS, ["neutral"]), CORPUS.texts
)  # the default selection of a run
SEARCH, HELD_OUT = CHOSEN.search, CHOSEN.held_out
SPEAKERS = {  # none is a stock voice
    "bright": Settings(
        formant=1.12, tilt_db=2.0, low_db=-4, mid_db=-2, presence_db=4, air_db=-4, breath_db=-30,
        pitch_hz=150, intonation=1.0, rate_wpm=170, gap_s=0.01,
    ),
    "dark": Settings(
        formant=1.0, tilt_db=-2.0, low_db=4, mid_db=3, presence_db=-4, air_db=4, breath_db=-25,
        pitch_hz=118, intonation=1.5, rate_wpm=185, gap_s=0.005,
    ),
    "soft": Settings(
        formant=1.20, tilt_db=-1.5, low_db=2, mid_db=-2, presence_db=1, air_db=3, breath_db=-18,
        pitch_hz=205, intonation=0.7, rate_wpm=160, gap_s=0.02,
    ),
    "sharp": Settings(
        formant=0.95, tilt_db=1.5, low_db=-3, mid_db=4, presence_db=2, air_db=-5, breath_db=-38,
        pitch_hz=98, intonation=1.1, rate_wpm=200, gap_s=0.015,
    ),
}  # fmt: skip


def speaker(name: str) -> VoicePack:
    """Return one of `SPEAKERS` as a pack with identical rows."""
    rows = np.tile(row_of(SPEAKERS[name])[None, None, :], (510, 1, 1))
    return VoicePack(rows.astype(np.float32), "praat")


def target(name: str, folder: Path) -> Path:
    """Write a target, five sentences by a synthetic speaker; return the WAV's path."""
    praat = engines.student("praat")
    spoken = [praat.synthesize(text, speaker(name), seed=5).y for text in REFERENCE]
    return written(spoken, praat.sr, folder / f"{name}.wav")


def recording(name: str, takes: Path, folder: Path) -> Path:
    """Join a person's FLAC takes, `name-*.flac`, into one WAV; return its path."""
    if not any(takes.glob(f"{name}-*.flac")):
        raise SystemExit(f"{takes}: no {name}-*.flac there.")
    found = [resample(decode(path), 24_000) for path in sorted(takes.glob(f"{name}-*.flac"))]
    return written([audio.y for audio in found], 24_000, folder / f"{name}.wav")


def written(spoken: list[np.ndarray], sr: int, path: Path) -> Path:
    """Write the parts joined, each followed by half a second of silence."""
    pause = np.zeros(sr // 2, np.float32)
    write_wav(path, Audio(np.concatenate([part for y in spoken for part in (y, pause)]), sr))
    return path


def recipe(**changes: object) -> RunRecipe:
    """Return the recipe of a search for one style, `neutral`, with the given changes."""
    style = StyleRecipe(key="neutral", speed=1.0, reference_texts=REFERENCE)
    settings = {"styles": (style,), "search_texts": SEARCH, "held_out_texts": HELD_OUT, **changes}
    return RunRecipe(**settings)  # type: ignore[arg-type]
