"""Selection of sentences by a filter, and what a person may see of a sentence."""

from typing import Any

from django.conf import settings
from django.db.models import Exists, F, OuterRef
from django.utils.translation import gettext

from corpus.label_forms import LabelFilter
from corpus.models import LabelDecision, Sentence
from corpus.querysets import SentenceQuerySet
from corpus.services.counts import disputes
from corpus.suggest import suggest
from voicelab.roles import LABELER, roles_of

ORDERS: dict[str, tuple[Any, ...]] = {
    "": ("position", "pk"),
    "id": ("sentence_id",),
    "text": ("text",),
    "category": ("category__position", "position", "pk"),
    "style": (F("label__position").asc(nulls_last=True), "position", "pk"),
    "recent": ("-latest_decision", "pk"),
}


def chosen(filter_: LabelFilter, person: Any) -> SentenceQuerySet:
    """Return the sentences the filter selects, in its order; an invalid filter selects all."""
    sentences: Any = Sentence.objects.shown_to(person)
    if not filter_.is_valid():
        return sentences.current()
    wanted = filter_.cleaned_data
    for name in ("category", "list"):
        if wanted[name]:
            sentences = sentences.filter(**{name: wanted[name]})
    if wanted["style"]:
        seen = sentences.seen_by(person) if LABELER in roles_of(person) else sentences
        sentences = seen.filter(label_key=wanted["style"])
    if wanted["person"]:
        decisions = LabelDecision.objects.filter(sentence=OuterRef("pk"), person=wanted["person"])
        sentences = sentences.filter(Exists(decisions))
    sentences = _in_state(sentences, wanted["state"], person)
    return sentences.search(wanted["q"]).order_by(*ORDERS[wanted["sort"]])


def _in_state(sentences: Any, state: str, person: Any) -> Any:
    if state == "archived":
        return sentences.filter(archived_at__isnull=False)
    sentences = sentences.current()
    if state == "todo":
        labels = LABELER in roles_of(person)
        return sentences.waiting_for(person) if labels else sentences.filter(standing="open")
    if state == "done":
        return sentences.filter(label__isnull=False)
    if state == "mine":
        return sentences.filter(vote__isnull=False)
    if state == "flagged":
        return sentences.flagged()
    if state == "disputed":
        return sentences.filter(pk__in=disputes(person).values("pk"))
    return sentences.filter(standing=state) if state else sentences


def hidden(sentence: Any, person: Any) -> bool:
    """Return whether others' choices are hidden from this labeler until they have voted."""
    return (
        sentence.draw < settings.BLIND_SHARE
        and sentence.vote is None
        and sentence.standing != Sentence.Standing.SETTLED
        and LABELER in roles_of(person)
    )


def suggested(sentence: Sentence) -> tuple[str, str]:
    """Return the suggested style's key and the reason in the user's language."""
    suggestion = suggest(sentence.kind, sentence.text)
    return suggestion.style, gettext(suggestion.reason) % suggestion.params
