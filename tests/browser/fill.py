"""Fills the database of the environment: labels, takes, one run judged and deployed, one paused."""

import json
import uuid

import django

django.setup()

from corpus.models import Sentence, StyleLabel  # noqa: E402
from corpus.services import label_set  # noqa: E402
from corpus.suggest import suggest  # noqa: E402
from distillation.models import Run, RunState, VoicePack  # noqa: E402
from distillation.services import (  # noqa: E402
    pack_decide,
    packs_deploy,
    recipe_build,
    run_launch,
    run_pause,
)
from distillation.services.slices import style_advance  # noqa: E402
from tests.distillation.factories import tiny  # noqa: E402
from voicelab.demo.corpus import speaker_make, take_make, takes_wanted  # noqa: E402
from voicelab.demo.people import passwords_kept, people_make  # noqa: E402
from voicelab.roles import ADMIN, LABELER, REVIEWER  # noqa: E402

STYLES = ("neutral", "amable")
UNLABELLED = "pangrams"

people = people_make()


def corpus_fill() -> None:
    """Label all but a category; a synthetic speaker, an admin's, has takes of two styles."""
    styles = {style.key: style for style in StyleLabel.objects.all()}
    for sentence in Sentence.objects.exclude(category__key=UNLABELLED):
        style = styles[suggest(sentence.kind, sentence.text).style]
        label_set(sentence=sentence, style=style, person=people[LABELER], source="suggestion")
    speaker = speaker_make(user=people[ADMIN])
    for sentence, style in takes_wanted():
        if style.key in STYLES:
            take_make(
                uuid.uuid4(),
                sentence=sentence,
                style=style,
                speaker=speaker,
                person=people[ADMIN],
                reviewer=people[REVIEWER],
            )


def launched(name: str, *, steps: int) -> Run:
    recipe = tiny(recipe_build(styles=STYLES, steps=steps, seed=1), steps=steps)
    return run_launch(person=people[ADMIN], recipe=recipe, name=name)


def run_work(run: Run) -> None:
    """Do here what the workers would."""
    for style in run.style_runs.all():
        while style.state != RunState.FINISHED:
            style_advance(style_run_id=style.pk, slice=style.slice)
            style.refresh_from_db()
            assert not style.error, style.error


def voices_ship(run: Run) -> None:
    """Approve every voice, deploy the first."""
    packs = list(VoicePack.objects.evolved().filter(style_run__run=run))
    for pack in packs:
        pack_decide(pack=pack, person=people[REVIEWER], verdict="approve", reason="Suena bien.")
    packs_deploy(packs=packs[:1], person=people[ADMIN])


corpus_fill()
judged = launched("Judged", steps=8)
run_work(judged)
voices_ship(judged)
paused = launched("Paused", steps=10_000)
run_pause(run=paused, person=people[ADMIN])
print(json.dumps({"passwords": passwords_kept(), "judged": judged.pk, "paused": paused.pk}))
