"""Fits a voice's delivery on the search texts and checks it on the held-out ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from corpus.audio import timing
from corpus.audio.loudness import amplify, integrated_lufs
from corpus.audio.types import Audio
from corpus.phonetics import syllables
from distillation.delivery import fit_delivery
from distillation.engines.base import Student
from distillation.recipe import RunRecipe
from distillation.stages import prosody_figures
from distillation.stages.prosody_figures import ProsodyFigures
from distillation.stages.speech_cache import cached_speech
from distillation.voicepack import VoicePack

AUDIBLE_SPEED = 0.02  # a smaller change of speed is left out
AUDIBLE_RANGE = 0.1  # of the pitch; sentences differ by more


def fitted(
    recipe: RunRecipe,
    student: Student,
    pack: VoicePack,
    searched: Sequence[Audio],
    held_out: Sequence[Audio],
    *,
    target: ProsodyFigures | None,
    knows_words: bool,
    target_lufs: float,
) -> dict[str, Any]:
    """Return a voice's delivery in the JSON of a report, with its errors without and with it.

    Parameters
    ----------
    recipe : RunRecipe
        Its texts and seed.
    student : Student
        Speaks the held-out sentences at the fitted speed and pitch range.
    pack : VoicePack
        The voice.
    searched, held_out : sequence of Audio
        The search texts and the held-out sentences as the voice speaks them without it.
    target : ProsodyFigures or None
        None if the target's prosody is unknown: speed and pitch range are not fitted.
    knows_words : bool
        Whether its rate comes from its words; one counted by ear is not fitted to.
    target_lufs : float
        Loudness of the target.

    Returns
    -------
    dict
        `speed`, `gain_db`, `pitch_range`; `rate_error`, `range_error` (of rate and range, None if
        unknown) and `level_error_db`, each `without` and `with`, over the held-out sentences;
        `ranges_st`, the pitch range of each of them with it.
    """
    delivery = fit_delivery(
        _rates(searched, recipe.search_texts),
        [integrated_lufs(audio) for audio in searched],
        target.rate if target and knows_words else None,
        target_lufs,
        spoken_range_st=_range_st(searched),
        target_range_st=target and target.range_st,
    )
    if abs(delivery.speed - 1) < AUDIBLE_SPEED:
        delivery = replace(delivery, speed=1.0)
    if abs(delivery.pitch_range - 1) < AUDIBLE_RANGE:
        delivery = replace(delivery, pitch_range=1.0)
    texts, speed = recipe.held_out_texts, delivery.speed
    wide = pack.at_pitch_range(delivery.pitch_range)
    as_it_is = speed == delivery.pitch_range == 1
    delivered = [
        audio if as_it_is else cached_speech(student, text, wide, speed=speed, seed=recipe.seed)
        for text, audio in zip(texts, held_out, strict=True)
    ]
    after = [amplify(audio, delivery.gain_db) for audio in delivered]
    both = _named(held_out, after)
    return {
        **delivery.to_json(),
        "ranges_st": [_range_st([audio]) for audio in delivered],
        "rate_error": {name: _rate_error(audios, texts, target) for name, audios in both}
        if target and knows_words
        else None,
        "range_error": {name: _range_error(audios, target) for name, audios in both}
        if target
        else None,
        "level_error_db": {name: _level(audios) - target_lufs for name, audios in both},
    }


def _named(
    without: Sequence[Audio], with_it: Sequence[Audio]
) -> tuple[tuple[str, Sequence[Audio]], ...]:
    return (("without", without), ("with", with_it))


def _rates(audios: Sequence[Audio], texts: Sequence[str]) -> list[float | None]:
    return [
        timing.find(audio).articulation_rate(syllables(text))
        for audio, text in zip(audios, texts, strict=True)
    ]


def _rate_error(audios: Sequence[Audio], texts: Sequence[str], target: ProsodyFigures) -> float:
    known = [rate for rate in _rates(audios, texts) if rate]
    return float(np.mean(known) / target.rate - 1) if known else -1.0


def _range_st(audios: Sequence[Audio]) -> float | None:
    """Return the range of F0 over all of them, semitones; None if too little is voiced."""
    figures = prosody_figures.measured(audios)
    return figures and figures.range_st


def _range_error(audios: Sequence[Audio], target: ProsodyFigures) -> float:
    range_st = _range_st(audios)
    return range_st / target.range_st - 1 if range_st else -1.0


def _level(audios: Sequence[Audio]) -> float:
    return float(np.mean([integrated_lufs(audio) for audio in audios]))
