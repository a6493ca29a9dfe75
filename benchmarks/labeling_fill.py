"""Fills the database for the labelling benchmark; prints sessions and work items as JSON."""

import json
import sys
from importlib import import_module
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.auth.models import Group, User  # noqa: E402

from corpus.models import (  # noqa: E402
    LabelDecision,
    Recording,
    Sentence,
    Speaker,
    StyleLabel,
)

SENTENCES, LABELS, TAKES, PEOPLE = 10_000, 20_000, 5_000, 20


def sentences_make() -> list[Sentence]:
    """Create numbered copies of the corpus's sentences until there are `SENTENCES`."""
    model = list(Sentence.objects.all())
    Sentence.objects.bulk_create(
        Sentence(
            sentence_id=f"bench-{n:05}", text=f"{like.text} ({n})", kind=like.kind,
            category_id=like.category_id, list=like.list, phonemes=like.phonemes,
            syllables=like.syllables, position=1000 + n,
        )
        for n in range(SENTENCES - len(model))
        for like in [model[n % len(model)]]
    )  # fmt: skip
    return list(Sentence.objects.order_by("pk"))


def people_make() -> list[User]:
    group = Group.objects.get_or_create(name="labeler")[0]
    people = [User.objects.create(username=f"bench{n}", password="!") for n in range(PEOPLE)]  # noqa: S106
    for person in people:
        person.groups.add(group)
    return people


def labels_make(sentences: list[Sentence], people: list[User], styles: list[StyleLabel]) -> None:
    """Create two decisions per sentence by two people; every fifth blind pair differs."""
    LabelDecision.objects.bulk_create(
        LabelDecision(
            sentence=sentence,
            style=styles[(n + (turn and n % 5 == 0)) % len(styles)],
            person=people[(n + turn * 7) % len(people)],
            blind=sentence.draw < settings.BLIND_SHARE,
        )
        for turn in range(LABELS // SENTENCES)
        for n, sentence in enumerate(sentences)
    )
    Sentence.objects.all().relabel()


def takes_make(sentences: list[Sentence], person: User, styles: list[StyleLabel]) -> None:
    speaker = Speaker.objects.create(name="bench", user=person)
    Recording.objects.bulk_create(
        Recording(
            sentence=sentences[n], style=styles[n % len(styles)], speaker=speaker,
            uploaded_by=person, take=1, state=("accepted", "pending")[n % 2], sha256=f"{n:064x}",
            original_sha256=f"{n:064x}", sr=24_000, duration_s=3.0, original="none", wav="none",
        )
        for n in range(TAKES)
    )  # fmt: skip


def session_of(person: User) -> str:
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store[SESSION_KEY] = str(person.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[1]
    store[HASH_SESSION_KEY] = person.get_session_auth_hash()
    store.save()
    return str(store.session_key)


def main() -> None:
    if sys.argv[1:] == ["count"]:
        print(LabelDecision.objects.count())
        return
    sentences, people, styles = sentences_make(), people_make(), list(StyleLabel.objects.all())
    labels_make(sentences, people, styles)
    takes_make(sentences, people[0], styles)
    last: Any = dict(LabelDecision.objects.order_by("pk").values_list("sentence", "pk"))
    shown: Any = dict(LabelDecision.objects.order_by("pk").values_list("sentence", "style__key"))
    shared = [s for s in sentences if s.draw >= settings.BLIND_SHARE]  # a repeated vote adds no row
    work = [(s.sentence_id, last[s.pk], shown[s.pk]) for s in shared]
    result = {
        "sessions": [session_of(person) for person in people],
        "work": work,
        "styles": [style.key for style in styles],
        "labels": LabelDecision.objects.count(),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
