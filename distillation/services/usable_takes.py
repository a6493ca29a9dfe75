"""Takes that a run can use: speakers ranked by their best ones, sentences counted by style."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

from django.core.cache import cache
from django.db.models import Count, OuterRef, Subquery

from corpus.models import (
    Adjudication,
    LabelDecision,
    ProsodyScore,
    Recording,
    Sentence,
    Speaker,
    StyleLabel,
    TakeVerdict,
)
from corpus.querysets import RecordingQuerySet
from corpus.services.counts import newest_keys
from distillation.sentence_selection import REFERENCES, SpeakerTakes, StyleTakes, ranked_speakers

KEPT_SECONDS = 3600
T = TypeVar("T")


def usable_takes(
    labels: Sequence[StyleLabel] = (), speaker: Speaker | None = None
) -> RecordingQuerySet:
    """Return the usable takes in these styles, of their label, by one speaker or all."""
    takes: Any = Recording.objects.usable().filter(style__in=labels)
    return takes.filter(speaker=speaker) if speaker else takes


def speakers_ranked(labels: Sequence[StyleLabel]) -> list[SpeakerTakes]:
    """Return who has usable takes in these styles; a run uses those of the first.

    Counts every best take, so it is kept until there is a newer take, score, verdict or label.
    """
    return _kept("ranked", labels, lambda: _speakers_ranked(labels))


def _speakers_ranked(labels: Sequence[StyleLabel]) -> list[SpeakerTakes]:
    accepted = Recording.State.ACCEPTED
    best: Any = Recording.objects.filter(is_best=True, state=accepted, style__in=labels)
    counts = best.order_by().values_list("speaker", "style").annotate(n=Count("*"))
    mine = best.filter(speaker=OuterRef("pk"), quality__isnull=False).order_by("-quality")
    places = {
        f"best_{label.pk}_{place}": Subquery(
            mine.filter(style=label).values("quality")[place : place + 1]
        )
        for label in labels
        for place in range(REFERENCES)
    }
    agreed = Speaker.objects.filter(consented_at__isnull=False, withdrawn_at=None)
    speakers = agreed.annotate(**places).in_bulk()
    keys = {label.pk: label.key for label in labels}
    found: dict[str, dict[str, StyleTakes]] = defaultdict(dict)
    for pk, style, n in counts:
        if pk not in speakers:
            continue
        values = [
            getattr(speakers[pk], f"best_{style}_{place}") or 0.0
            for place in range(min(n, REFERENCES))
        ]
        found[speakers[pk].name][keys[style]] = StyleTakes(n, values)
    return ranked_speakers(found)


def sentences_counted(
    labels: Sequence[StyleLabel], plays_takes: bool, speaker: Speaker | None = None
) -> dict[int, int]:
    """Count by style what `sentence_options` would return; kept like `speakers_ranked`."""
    if plays_takes:
        takes = usable_takes(labels, speaker).filter(is_best=True).order_by()
        found = Count("*") if speaker else Count("sentence", distinct=True)
        rows: Any = takes.values_list("style").annotate(n=found)
        whose = f"counted-{speaker.pk if speaker else 'all'}"
        return _kept(whose, labels, lambda: dict(rows))
    current: Any = Sentence.objects.current().filter(label__in=labels).order_by()
    return dict(current.values_list("label").annotate(n=Count("*")))


def _kept(name: str, labels: Sequence[StyleLabel], count: Callable[[], T]) -> T:
    version = newest_keys(
        Recording, ProsodyScore, TakeVerdict, LabelDecision, Adjudication, Sentence
    )
    people = Speaker.objects.values_list("pk", "name", "consented_at", "withdrawn_at")
    asked = hash((tuple(people), tuple((label.pk, label.key) for label in labels)))
    return cast(T, cache.get_or_set(f"{name}-{asked}-{version}", count, KEPT_SECONDS))


def best_speaker(labels: Sequence[StyleLabel]) -> Speaker | None:
    """Return the speaker whose takes a run with these styles uses unless another is chosen."""
    ranked = speakers_ranked(labels)
    return Speaker.objects.get(name=ranked[0].speaker) if ranked else None
