"""Import of a list of sentences: preview, then store atomically."""

from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from corpus.lists import Fault, ListError, Row, SentenceList, ids, marked
from corpus.loading import sentence_sounds
from corpus.models import Category, Sentence
from corpus.phonetics import Balance, balance
from corpus.translatable import gettext_noop


@dataclass(frozen=True)
class ListPlan:
    """Preview of an import: rows with duplicates marked, new ids, balance before and after."""

    rows: list[Row]
    new: list[tuple[str, str]]  # id, text
    before: Balance | None
    after: Balance | None


def sentences_plan(*, found: SentenceList, prefix: str, alike: bool = False) -> ListPlan:
    """Preview a list; `alike` includes sentences that differ from others only in accents."""
    there = dict(Sentence.objects.values_list("text", "sentence_id"))
    rows = marked(found.rows, there)
    texts = [row.text for row in rows if _is_new(row, alike)]
    _refuse_long(rows, set(texts))
    names = ids(prefix, there.values(), len(texts))
    known = list(there)
    return ListPlan(rows, list(zip(names, texts, strict=True)), _balance(known), _balance(
        [*known, *texts]
    ))  # fmt: skip


def sentences_add(
    *, found: SentenceList, category: Category, list_name: str, prefix: str, alike: bool = False
) -> int:
    """Store the new sentences of a list atomically; return how many. Raises ListError."""
    try:
        with transaction.atomic():
            plan = sentences_plan(found=found, prefix=prefix, alike=alike)
            last = Sentence.objects.aggregate(last=Max("position"))["last"] or 0
            rows = [
                Sentence(
                    sentence_id=name, text=text, category=category, list=list_name,
                    position=last + n, **sentence_sounds(text),
                )
                for n, (name, text) in enumerate(plan.new, 1)
            ]  # fmt: skip
            Sentence.objects.bulk_create(rows, batch_size=500)
    except IntegrityError as error:
        message = gettext_noop("the corpus changed meanwhile: look at the preview again")
        raise ListError([Fault(0, message, {})]) from error
    return len(plan.new)


def _is_new(row: Row, alike: bool) -> bool:
    return not row.twin or (alike and row.twin.startswith("like"))


def _refuse_long(rows: list[Row], texts: set[str]) -> None:
    most = int(Sentence._meta.get_field("phonemes").max_length or 0)
    message = gettext_noop("reads as too many phonemes for one sentence: split it")
    faults = [
        Fault(row.line, message, {})
        for row in rows
        if row.text in texts and len(sentence_sounds(row.text)["phonemes"]) > most
    ]
    if faults:
        raise ListError(faults)


def _balance(texts: list[Any]) -> Balance | None:
    try:
        return balance(texts)
    except ValueError:  # no Spanish words
        return None
