"""A finished run with held-out sentences in the media, and listeners who go through a test."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.utils import timezone

from corpus.audio.io import write_wav
from corpus.audio.types import Audio
from distillation.listening_tests.models import Listener, ListeningTest, Playing, Trial
from distillation.listening_tests.scales import Kind, Purpose
from distillation.listening_tests.services import participation
from distillation.listening_tests.services.creation import listening_test_create
from distillation.listening_tests.services.sources import Source, sources_of
from distillation.models import Run
from distillation.services.run_files import held_out_name
from tests.distillation.factories import finished_run
from tests.signals import speech

LEVELS = {"evolved": 0.9, "deployed": 0.3, "stock": 0.6, "start": 0.2, "target": 0.1}


def run_with_sounds(
    *styles: str, roles: tuple[str, ...] = tuple(LEVELS), sentences: int = 2
) -> Run:
    """Return a finished run whose voices differ in length, level and rate."""
    run = finished_run(*(styles or ("neutral",)))
    run.recipe["held_out_texts"] = [f"Frase número {n}." for n in range(sentences)]
    run.save()
    for style in styles or ("neutral",):
        for number in range(1, len(run.run_recipe.held_out_texts) + 1):
            for n, role in enumerate(roles):
                path = Path(default_storage.path(held_out_name(run.pk, style, number, role)))
                path.parent.mkdir(parents=True, exist_ok=True)
                audio = speech(4 + number + n)
                write_wav(path, Audio(audio.y * LEVELS[role] / 2, audio.sr))
    return run


def sources(run: Run, *roles: str, person: Any) -> list[Source]:
    """Return the voices of a run's first style by role, in this order."""
    found = {one.role.value: one for one in sources_of([run], run.run_recipe.style_keys[0], person)}
    return [found[role] for role in roles]


def made_test(
    run: Run,
    person: Any,
    *roles: str,
    kind: Kind = Kind.PREFERENCE,
    **wanted: Any,
) -> ListeningTest:
    voices = sources(run, *(roles or ("evolved", "stock")), person=person)
    return listening_test_create(
        kind=kind, sources=voices, sentences=12, person=person, seed=1, **wanted
    )


def play_all(trial: Trial) -> None:
    """Let every sound of a trial be sent and played to its end, some time ago."""
    for side in trial.sounds:
        participation.sound_send(trial=trial, side=side)
    trial.opened_at = timezone.now() - timedelta(minutes=1)
    trial.save()
    for side in trial.sounds:
        participation.sound_played(trial=trial, side=side)


def answer(trial: Trial, *, prefers: str = "evolved") -> int:
    """Return what an attentive listener says who prefers one voice to every other."""
    kind, sides = Kind(trial.listener.test.kind), [trial.sound_a, trial.sound_b]
    if kind == Kind.MOS:
        return 1 if sides[0].degraded else 4 + (sides[0].voice.role == prefers)
    if trial.purpose == Purpose.IDENTICAL:
        return 0
    best = [side.voice.role == prefers and not side.degraded for side in sides]
    if trial.purpose == Purpose.DEGRADED:
        best = [not side.degraded for side in sides]
    return (-1 if best[0] else 1) * (2 if kind == Kind.CMOS else 1)


def listen_through(listener: Listener, *, prefers: str = "evolved", most: int = 999) -> None:
    """Answer the listener's trials from the current one on."""
    for _ in range(most):
        trial = participation.trial_current(listener)
        if trial is None:
            return
        play_all(trial)
        participation.vote_cast(trial=trial, value=answer(trial, prefers=prefers))


def played_sides(trial: Trial) -> set[str]:
    rows = Playing.objects.filter(trial=trial).exclude(played_at=None)
    return set(rows.values_list("side", flat=True))
