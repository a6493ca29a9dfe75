"""Fits a voice's delivery on the search texts and checks it on the held-out ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from corpus.audio import timing
from corpus.audio.loudness import amplify, integrated_lufs
from corpus.audio.types import Audio
from corpus.phonetics import syllables
from distillation.delivery import Delivery, fit_delivery
from distillation.engines.base import Student
from distillation.recipe import RunRecipe
from distillation.stages.prosody_figures import ProsodyFigures
from distillation.voicepack import VoicePack

AUDIBLE_SPEED = 0.02  # a smaller change of speed is left out


def fitted(
    recipe: RunRecipe,
    student: Student,
    pack: VoicePack,
    searched: Sequence[Audio],
    held_out: Sequence[Audio],
    *,
    target: ProsodyFigures | None,
    target_lufs: float,
) -> dict[str, Any]:
    """Return a voice's delivery in the JSON of a report, with its errors without and with it.

    Parameters
    ----------
    recipe : RunRecipe
        Its texts and seed.
    student : Student
        Speaks the held-out sentences at the fitted speed.
    pack : VoicePack
        The voice.
    searched, held_out : sequence of Audio
        The search texts and the held-out sentences as the voice speaks them without it.
    target : ProsodyFigures or None
        None if the target's words or prosody are unknown: the speed is not fitted.
    target_lufs : float
        Loudness of the target.

    Returns
    -------
    dict
        `speed`, `gain_db`; `rate_error` (of the rate, None if unknown) and `level_error_db`, each
        `without` and `with`, over the held-out sentences.
    """
    delivery = fit_delivery(
        _rates(searched, recipe.search_texts),
        [integrated_lufs(audio) for audio in searched],
        target and target.rate,
        target_lufs,
    )
    if abs(delivery.speed - 1) < AUDIBLE_SPEED:
        delivery = Delivery(gain_db=delivery.gain_db)
    texts, speed = recipe.held_out_texts, delivery.speed
    delivered = [
        audio if speed == 1 else student.synthesize(text, pack, speed=speed, seed=recipe.seed)
        for text, audio in zip(texts, held_out, strict=True)
    ]
    after = [amplify(audio, delivery.gain_db) for audio in delivered]
    return {
        **delivery.to_json(),
        "rate_error": target
        and {name: _rate_error(audios, texts, target) for name, audios in _named(held_out, after)},
        "level_error_db": {
            name: _level(audios) - target_lufs for name, audios in _named(held_out, after)
        },
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


def _level(audios: Sequence[Audio]) -> float:
    return float(np.mean([integrated_lufs(audio) for audio in audios]))
