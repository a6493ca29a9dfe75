"""Fills the database of the environment for labelers, speakers and reviewers at work."""

import json
from io import BytesIO

import django

django.setup()

from corpus.audio.io import encode_wav  # noqa: E402
from corpus.models import Recording, Sentence, Speaker, StyleLabel  # noqa: E402
from corpus.services.agreements import agreement_measure  # noqa: E402
from corpus.services.labels import label_set  # noqa: E402
from corpus.services.speakers import consent_give  # noqa: E402
from corpus.services.takes import take_store  # noqa: E402
from corpus.services.thresholds import threshold_set  # noqa: E402
from corpus.services.verdicts import take_judge  # noqa: E402
from tests.browser.rows import (  # noqa: E402
    DRAWN,
    UNDRAWN,
    adjudicate,
    person_add,
    spread_decision_times,
    verdicts_fill,
    votes_fill,
)
from tests.signals import speech  # noqa: E402
from voicelab.demo.corpus import passwords_kept, people_make  # noqa: E402
from voicelab.roles import LABELER, REVIEWER, SPEAKER  # noqa: E402

VOTED, UNSEEN = "minimal-pairs", "numbers"  # disputed and agreed; labelled by nobody, for two
RECORDED = "call-center"
UNTOUCHED = "lists"  # 50 sentences, labelled by nobody, seen by all

people = people_make()
second, password = person_add("second", LABELER, "Bruno Lara")
drawn = Sentence.objects.filter(category__key__in=(VOTED, UNSEEN))
Sentence.objects.update(draw=UNDRAWN)
drawn.update(draw=DRAWN)
styles = {style.key: style for style in StyleLabel.objects.all()}


def labels_fill() -> None:
    for n, sentence in enumerate(Sentence.objects.filter(category__key=RECORDED)):
        style = styles[("neutral", "neutral", "amable")[n % 3]]
        label_set(sentence=sentence, style=style, person=people[LABELER])
    voted = Sentence.objects.filter(category__key=VOTED)
    disputed = votes_fill(voted, [people[LABELER], second], differ_each=4)
    adjudicate(disputed[0], people[REVIEWER], "Es un dato: se dice sin adornos.")
    spread_decision_times()
    agreement_measure()


def takes_fill(speaker: Speaker) -> None:
    """Store waiting takes, and reviewed copies of another one for the calibration curve."""
    takes = []
    for n, sentence in enumerate(Sentence.objects.filter(category__key=RECORDED)[:5]):
        wav = encode_wav(speech(14, f0_hz=140 + 6 * n, lead_s=0.5))
        takes.append(
            take_store(
                sentence=sentence,
                style=styles[str(sentence.label and sentence.label.key)],
                speaker=speaker,
                person=people[SPEAKER],
                file=BytesIO(wav),
            )
        )
    reviewer, (back, liked) = people[REVIEWER], takes[-2:]
    verdicts_fill(liked, reviewer)
    rejected, accepted = Recording.State.REJECTED, Recording.State.ACCEPTED
    take_judge(recording=back, person=reviewer, state=rejected, reason="Se corta al final.")
    take_judge(recording=liked, person=reviewer, state=accepted)
    threshold_set(value=0.62, person=people[REVIEWER])


labels_fill()
takes_fill(consent_give(person=people[SPEAKER], text="Sí."))
print(json.dumps(passwords_kept() | {"second": password}))
