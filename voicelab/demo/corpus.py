"""The demo's users, labels from the guide's suggestions, and one speaker's takes of every style."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from io import BytesIO

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from corpus.audio.io import encode_wav
from corpus.models import LabelDecision, Recording, Sentence, Speaker, StyleLabel
from corpus.people import people_create
from corpus.services.labels import label_set
from corpus.services.takes import take_store
from corpus.services.verdicts import take_judge
from corpus.suggest import suggest
from voicelab.demo.speakers import DemoSpeaker
from voicelab.roles import ROLES

PATH = settings.DATA_DIR / "demo_passwords.json"

TAKES_PER_STYLE = 8  # the target consists of five of them
IN_EVERY_STYLE = 4  # held-out neutral sentences, to compare the styles in the review
NAMESPACE = uuid.UUID("6f1d3c1e-52f4-4c55-9a0c-3b1f1f3f6a55")


def labels_make(*, labeler: User) -> int:
    """Accept the guide's suggestion for every unlabelled sentence; return the number labelled."""
    styles = {style.key: style for style in StyleLabel.objects.all()}
    unlabelled = list(Sentence.objects.unlabelled())
    for sentence in unlabelled:
        style = styles[suggest(sentence.kind, sentence.text).style]
        label_set(
            sentence=sentence,
            style=style,
            person=labeler,
            source=LabelDecision.Source.SUGGESTION,
        )
    return len(unlabelled)


def speaker_make(*, voice: DemoSpeaker, user: User) -> Speaker:
    """Get or create the demo's synthetic speaker, with consent for the demonstration."""
    speaker, _ = Speaker.objects.get_or_create(
        name=voice.name,
        defaults={
            "synthetic": True,
            "consent_text": gettext("Synthetic voice of the demonstration; nobody's recording."),
            "consent_scope": "demonstration",
            "consented_at": timezone.now(),
        },
    )
    if speaker.user != user:
        Speaker.objects.filter(user=user, synthetic=True).update(user=None)
        speaker.user = user
        speaker.save(update_fields=["user"])
    return speaker


def other_takes_reject(*, speaker: Speaker, reviewer: User) -> int:
    """Reject takes by another synthetic speaker from an earlier demo; return how many.

    A target is joined from the best takes of a style and must not mix two speakers.
    """
    others = Recording.objects.usable().filter(speaker__synthetic=True).exclude(speaker=speaker)
    takes = list(others)
    for take in takes:
        reason = gettext("Demonstration: another synthetic speaker speaks now.")
        take_judge(recording=take, person=reviewer, state=Recording.State.REJECTED, reason=reason)
    return len(takes)


def takes_wanted() -> list[tuple[Sentence, StyleLabel]]:
    """Return the sentences to record, neutral first: other styles are measured relative to it."""
    styles = sorted(StyleLabel.objects.all(), key=lambda style: style.key != "neutral")
    neutral = _longest_first("neutral")
    common = neutral[TAKES_PER_STYLE :: len(neutral) // (IN_EVERY_STYLE + 1)]
    wanted = []
    for style in styles:
        own = _longest_first(style.key)[:TAKES_PER_STYLE]
        wanted += [(sentence, style) for sentence in own + common[:IN_EVERY_STYLE]]
    return wanted


def _longest_first(style: str) -> list[Sentence]:
    sentences = Sentence.objects.with_label().filter(Q(label_key=style))
    return sorted(sentences, key=lambda sentence: -sentence.syllables)


def takes_make(
    *,
    voice: DemoSpeaker,
    speaker: Speaker,
    person: User,
    reviewer: User,
    on_take: Callable[[int, int], None],
) -> int:
    """Synthesize, store and accept every missing take; return the number created."""
    wanted = [(*line, _take_id(voice, *line)) for line in takes_wanted()]
    stored = Recording.objects.in_bulk([take_id for *_, take_id in wanted], field_name="uuid")
    missing = [
        (sentence.text, style.key) for sentence, style, take_id in wanted if take_id not in stored
    ]
    spoken = voice.speak_all(missing, seed=settings.DEMO_SEED)
    for number, (sentence, style, take_id) in enumerate(wanted, 1):
        recording = stored.get(take_id) or take_store(
            sentence=sentence,
            style=style,
            speaker=speaker,
            person=person,
            file=BytesIO(encode_wav(next(spoken))),
            uuid=take_id,
        )
        if recording.state != Recording.State.ACCEPTED:
            take_accept(recording=recording, reviewer=reviewer)
        on_take(number, len(wanted))
    return len(missing)


def _take_id(voice: DemoSpeaker, sentence: Sentence, style: StyleLabel) -> uuid.UUID:
    return uuid.uuid5(NAMESPACE, f"{voice.engine}/{sentence.sentence_id}/{style.key}")


def take_accept(*, recording: Recording, reviewer: User) -> None:
    take_judge(
        recording=recording,
        person=reviewer,
        state=Recording.State.ACCEPTED,
        reason=gettext("Demonstration"),
    )


def people_make() -> dict[str, User]:
    """Create missing users, one per role; return them by role."""
    fresh = people_create()
    if fresh:
        passwords = passwords_kept() | fresh
        PATH.touch(mode=0o600)
        PATH.write_text(json.dumps(passwords))
    return {role: User.objects.get(username=role) for role in ROLES}


def passwords_kept() -> dict[str, str]:
    """Return passwords by user name, for the users created by this checkout."""
    return json.loads(PATH.read_text()) if PATH.exists() else {}
