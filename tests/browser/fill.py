"""Fills the database of the environment: labels, a dispute, takes, a reviewed and a paused run."""

import json
from io import BytesIO
from pathlib import Path

import django

django.setup()

from django.test import override_settings  # noqa: E402
from django.urls import reverse  # noqa: E402

from corpus.audio.io import encode_wav  # noqa: E402
from corpus.models import Recording, Sentence, StyleLabel  # noqa: E402
from corpus.services.labels import label_set  # noqa: E402
from corpus.services.takes import take_store  # noqa: E402
from corpus.suggest import suggest  # noqa: E402
from distillation.listening_tests.scales import Kind  # noqa: E402
from distillation.listening_tests.services.creation import listening_test_create  # noqa: E402
from distillation.listening_tests.services.invitations import (  # noqa: E402
    invitation_accept,
    invitation_make,
    invitation_token,
)
from distillation.listening_tests.services.participation import listener_join  # noqa: E402
from distillation.listening_tests.services.sources import sources_of  # noqa: E402
from distillation.models import Run, RunState, VoicePack  # noqa: E402
from distillation.services.decisions import pack_decide  # noqa: E402
from distillation.services.deployments import packs_deploy  # noqa: E402
from distillation.services.recipes import recipe_build  # noqa: E402
from distillation.services.runs import run_launch, run_pause  # noqa: E402
from distillation.services.slices import style_advance  # noqa: E402
from tests.distillation.factories import tiny  # noqa: E402
from tests.distillation.listening_tests.made import listen_through  # noqa: E402
from voicelab.demo.corpus import (  # noqa: E402
    passwords_kept,
    people_make,
    speaker_make,
    take_accept,
    takes_wanted,
)
from voicelab.demo.speakers import speaker_of  # noqa: E402
from voicelab.roles import ADMIN, LABELER, REVIEWER  # noqa: E402

STYLES = ("neutral", "amable")
UNLABELLED = "pangrams"
DISPUTED = "shpa-07"

people = people_make()
voice = speaker_of("praat", Path())


def labels_fill() -> None:
    """Label all but one category; on one sentence of that, two people disagree."""
    styles = {style.key: style for style in StyleLabel.objects.all()}
    for sentence in Sentence.objects.exclude(category__key=UNLABELLED):
        style = styles[suggest(sentence.kind, sentence.text).style]
        label_set(sentence=sentence, style=style, person=people[LABELER], source="suggestion")
    with override_settings(BLIND_SHARE=1.0):
        for person, style in ((LABELER, styles["neutral"]), (ADMIN, styles["amable"])):
            label_set(sentence=DISPUTED, style=style, person=people[person])


def takes_fill() -> None:
    """Accept the demo's takes of two styles, by an admin; one more waits for its verdict."""
    for sentence, style in takes_wanted():
        if style.key in STYLES:
            recording = spoken(sentence, style, seed=20)
            take_accept(recording=recording, reviewer=people[REVIEWER])
    waiting = Sentence.objects.filter(label__key="neutral")[0]
    spoken(waiting, StyleLabel.objects.get(key="neutral"), seed=7)


def spoken(sentence: Sentence, style: StyleLabel, *, seed: int) -> Recording:
    wav = encode_wav(voice.speak(sentence.text, style.key, seed=seed))
    return take_store(
        sentence=sentence,
        style=style,
        speaker=speaker_make(voice=voice, user=people[ADMIN]),
        person=people[ADMIN],
        file=BytesIO(wav),
    )


def launched(name: str, *, steps: int) -> Run:
    recipe = tiny(recipe_build(styles=STYLES, steps=steps, seed=1), steps=steps)
    return run_launch(person=people[ADMIN], recipe=recipe, name=name)


def run_work(run: Run) -> None:
    """Do the workers' tasks in this process."""
    for style in run.style_runs.all():
        while style.state != RunState.FINISHED:
            style_advance(style_run_id=style.pk, slice=style.slice)
            style.refresh_from_db()
            assert not style.error, style.error


def approve_and_deploy(run: Run) -> None:
    """Approve every voice; deploy the first twice: as its pack speaks, then as it was fitted."""
    packs = list(VoicePack.objects.evolved().filter(style_run__run=run).order_by("style_run"))
    for pack in packs:
        pack_decide(
            pack=pack,
            person=people[REVIEWER],
            verdict="approve",
            reason="Suena bien.",
            nevertheless="Ocho pasos: solo para probar las páginas.",
        )
    for plain in ({packs[0].pk}, set()):
        packs_deploy(
            packs=packs[:1], person=people[ADMIN], plain=plain, override="Para probar las páginas."
        )


def listening_fill(run: Run) -> dict[str, str]:
    """Make a listening test that one person has finished, and somebody by link has begun."""
    run.refresh_from_db()
    sources = sources_of([run], STYLES[0], people[ADMIN])[:2]
    test = listening_test_create(
        kind=Kind.PREFERENCE, sources=sources, sentences=2, person=people[ADMIN]
    )
    listen_through(listener_join(test=test, person=people[LABELER]))
    link = invitation_make(test=test, person=people[ADMIN])
    guest = invitation_accept(invitation=link, name="Eva")
    return {
        "link": reverse("listening_test_enter", args=[invitation_token(link)]),
        "part": reverse("listening_test_listen", args=[guest.key]),
    }


labels_fill()
takes_fill()
judged = launched("Judged", steps=8)
run_work(judged)
approve_and_deploy(judged)
paused = launched("Paused", steps=10_000)
run_pause(run=paused, person=people[ADMIN])
listening = listening_fill(judged)
print(
    json.dumps(
        {"passwords": passwords_kept(), "judged": judged.pk, "paused": paused.pk, **listening}
    )
)
