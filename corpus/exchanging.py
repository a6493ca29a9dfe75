"""Import and export on the rows: the exchange format, and lists of sentences; all or nothing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.db.models import Max, OuterRef, Subquery
from django.utils.translation import gettext as _

from corpus.audio.types import AudioError
from corpus.exchange.items import ExchangeItem, ExchangeProsody, ExchangeRecording, dump
from corpus.exchange.parsing import ExchangeError, ExchangeErrors, parse
from corpus.exchange_context import context_read, is_hash_of, takes_restore
from corpus.files import sha256
from corpus.lists import Fault, ListError, Row, SentenceList, ids, marked
from corpus.models import (
    Category,
    LabelDecision,
    ProsodyScore,
    Recording,
    Sentence,
    Speaker,
    StyleLabel,
)
from corpus.phonetics import Balance, balance
from corpus.sentence_text import sentence_sounds
from corpus.services.labels import LabelConflict, label_set
from corpus.services.takes import consent_require, take_store
from corpus.translatable import gettext_noop
from voicelab.operations.audit import Act, act_record

_BATCH = 200


@dataclass
class ImportSummary:
    """Counts of what an import did; `notes` say what it skipped and why."""

    sentences_new: int = 0
    sentences_same: int = 0
    labels_new: int = 0
    labels_same: int = 0
    takes_new: int = 0
    takes_same: int = 0
    notes: list[str] = field(default_factory=list)


def corpus_export(takes: Any = None, *, blind_to: Any = None) -> Iterator[str]:
    """Yield the corpus as JSON text, piece by piece, with the best take of each sentence's label.

    The best take is chosen among `takes`, by default all usable ones; sentences without a take
    are included too. Labels that the person `blind_to` may not see yet, and their takes, are left
    out, and so are the names of speakers.
    """
    left = _exported(takes)
    return dump(item for batch in iter(lambda: list(islice(left, _BATCH)), [])
                for item in _items(batch, blind_to))  # fmt: skip


def _items(batch: list[tuple[Any, Any, Any]], blind_to: Any) -> Iterator[ExchangeItem]:
    sentences: Any = Sentence.objects.filter(pk__in=[row[0].pk for row in batch])
    seen = sentences.seen_by(blind_to) if blind_to else sentences
    open_ = set(seen.order_by().values_list("pk", flat=True))
    for sentence, take, score in batch:
        if sentence.pk in open_:
            yield _item(sentence, take, score, names=blind_to is None)
        else:
            yield _unseen(sentence)


def _unseen(sentence: Any) -> ExchangeItem:
    return ExchangeItem(sentence.sentence_id, sentence.text, sentence.list, None, None)


def exported_takes(takes: Any = None) -> Iterator[tuple[str, Recording]]:
    """Yield the takes that the export refers to, with their paths in it."""
    return ((_path(sentence), take) for sentence, take, _score in _exported(takes) if take)


def corpus_import(
    *,
    data: str | bytes,
    person: Any,
    source: str = LabelDecision.Source.IMPORT,
    base: Path | None = None,
    speaker: Speaker | None = None,
) -> ImportSummary:
    """Import an exchange file atomically; importing the same file again changes nothing.

    Takes are read from `base` (paths in the file are relative to it), attributed to `speaker` and
    measured again; without `base`, or if a file is missing, a note says so and the label is still
    imported. Raises ExchangeErrors with every error of the file, its lines and fields;
    ConsentMissing if the speaker did not consent to be recorded.
    """
    if speaker:
        consent_require(speaker)
    with transaction.atomic():
        summary = _Import(person, source, base, speaker).run(data)
        told = {"sentences": summary.sentences_new, "labels": summary.labels_new}
        act_record(Act.IMPORTED, person=person, about=source, **told)
        return summary


class _Import:
    def __init__(
        self, person: Any, source: str, base: Path | None, speaker: Speaker | None
    ) -> None:
        self.summary = ImportSummary()
        self._person, self._source = person, source
        self._base, self._speaker = base, speaker
        self._stored: dict[str, Recording] = {}  # by the path in the file

    def run(self, data: str | bytes) -> ImportSummary:
        self._context = context_read(self._base, self._person)
        self._styles = {style.key: style for style in StyleLabel.objects.all()}
        rows = Sentence.objects.values_list("list", "category_id").order_by("list").distinct()
        categories = self._categories(data) | dict(rows)
        items = parse(data, styles=self._styles.keys(), lists=categories.keys())
        there = _existing(items)
        if errors := [*_disagreements(items, there), *self._outside(items)]:
            raise ExchangeErrors(errors)
        self._sentences(items, there, categories)
        try:
            for item in items:
                self._label(there[item.sentence_id], item)
                self._take(there[item.sentence_id], item)
            takes_restore(self._context, self._stored, self._person)
        except BaseException:
            self._discard()
            raise
        return self.summary

    def _categories(self, data: str | bytes) -> dict[str, int]:
        """Return the categories of the lists that only the context knows."""
        if not self._context.sentences:
            return {}
        keys = dict(Category.objects.values_list("key", "pk"))
        found = parse(data, styles=self._styles.keys())
        named = {item.list: self._context.category_of(item.sentence_id) for item in found}
        return {name: keys[key] for name, key in named.items() if key in keys}

    def _sentences(
        self, items: list[ExchangeItem], there: dict[str, Any], categories: dict[str, int]
    ) -> None:
        last = Sentence.objects.aggregate(last=Max("position"))["last"] or 0
        new = [item for item in items if item.sentence_id not in there]
        Sentence.objects.bulk_create(
            Sentence(
                sentence_id=item.sentence_id,
                text=item.text,
                list=item.list,
                kind=self._context.kind_of(item.sentence_id),
                category_id=categories[item.list],
                position=last + n,
                **sentence_sounds(item.text),
            )
            for n, item in enumerate(new, 1)
        )
        there |= _existing(new)
        self.summary.sentences_new = len(new)
        self.summary.sentences_same = len(items) - len(new)

    def _label(self, sentence: Any, item: ExchangeItem) -> None:
        if item.style_label is None:
            return
        if sentence.label_key == item.style_label:
            self.summary.labels_same += 1
            return
        style = self._styles[item.style_label]
        try:
            label_set(sentence=sentence, style=style, person=self._person, source=self._source)
        except LabelConflict as conflict:
            self.summary.notes.append(f"{item.sentence_id}: {conflict}")
        else:
            self.summary.labels_new += 1

    def _take(self, sentence: Sentence, item: ExchangeItem) -> None:
        if item.recording is None or item.style_label is None:
            return
        file = self._base / item.recording.path if self._base else None
        if file is None or not file.is_file():
            message = _("%(id)s: the audio %(path)s is not here; the take was left out.")
            self._note(message, item)
        elif speaker := self._speaker or self._context.speaker_of(item.recording.path):
            self._store(sentence, item, file, speaker)
        else:
            self._note(_("%(id)s: no speaker was named for %(path)s; it was left out."), item)

    def _store(self, sentence: Sentence, item: ExchangeItem, file: Path, speaker: Speaker) -> None:
        fresh, path = uuid4(), item.recording.path if item.recording else ""
        try:
            if not is_hash_of(self._context, path, sha256(file.read_bytes())):
                raise AudioError("changed", _("The file is not the one that was exported."))
            with file.open("rb") as opened:
                take = take_store(
                    sentence=sentence,
                    style=self._styles[str(item.style_label)],
                    speaker=speaker,
                    person=self._person,
                    file=opened,
                    uuid=fresh,
                )
        except AudioError as fault:
            params = {"reason": str(fault)}
            error = ExchangeError(item.line, "recording.path", "%(reason)s", params)
            raise ExchangeErrors([error]) from fault
        if take.uuid != fresh:
            self.summary.takes_same += 1
            return
        self._stored[path] = take
        if not is_hash_of(self._context, path, take.sha256):
            message = _("%(id)s: %(path)s was stored otherwise than it was exported (DC, rumble).")
            self._note(message, item)
        self.summary.takes_new += 1

    def _outside(self, items: list[ExchangeItem]) -> Iterator[ExchangeError]:
        """Yield an error for every path that leads out of the base folder through a link."""
        if self._base is None:
            return
        base = self._base.resolve()
        message = gettext_noop("“%(found)s” leads out of the file's folder")
        for item in items:
            take = item.recording
            if take and not (base / take.path).resolve().is_relative_to(base):
                params = {"found": take.path}
                yield ExchangeError(item.line, "recording.path", message, params)

    def _note(self, message: str, item: ExchangeItem) -> None:
        path = item.recording.path if item.recording else ""
        self.summary.notes.append(message % {"id": item.sentence_id, "path": path})

    def _discard(self) -> None:
        for take in self._stored.values():
            take.original.delete(save=False)
            take.wav.delete(save=False)


def _existing(items: Iterable[ExchangeItem]) -> dict[str, Any]:
    wanted = [item.sentence_id for item in items]
    found: dict[str, Any] = {}
    for start in range(0, len(wanted), _BATCH):
        rows = Sentence.objects.with_label()
        part = rows.filter(sentence_id__in=wanted[start : start + _BATCH])
        found |= {sentence.sentence_id: sentence for sentence in part}
    return found


def _disagreements(items: list[ExchangeItem], there: dict[str, Any]) -> Iterator[ExchangeError]:
    """Yield an error for every contradiction between the file and the corpus."""
    texts = dict(Sentence.objects.values_list("text", "sentence_id"))
    for item in items:
        sentence = there.get(item.sentence_id)
        owner = texts.get(item.text, item.sentence_id)
        if owner != item.sentence_id:
            message = gettext_noop("the corpus has this text already, as %(owner)s")
            yield ExchangeError(item.line, "text", message, {"owner": owner})
        elif sentence and sentence.text != item.text:
            message = gettext_noop("the corpus has another text under this id: “%(text)s”")
            yield ExchangeError(item.line, "text", message, {"text": sentence.text})
        elif sentence and sentence.list != item.list:
            message = gettext_noop("in the corpus this sentence is in the list %(list)s")
            yield ExchangeError(item.line, "list", message, {"list": sentence.list})
        elif sentence is None and len(sentence_sounds(item.text)["phonemes"]) > _most_phonemes():
            message = gettext_noop("reads as too many phonemes for one sentence: split it")
            yield ExchangeError(item.line, "text", message, {})


def _most_phonemes() -> int:
    return int(Sentence._meta.get_field("phonemes").max_length or 0)


def _exported(takes: Any) -> Iterator[tuple[Any, Recording | None, ProsodyScore | None]]:
    best = (Recording.objects.usable() if takes is None else takes).best_first()
    own = best.filter(sentence=OuterRef("pk"), style=OuterRef("label"))
    rows: Any = (
        Sentence.objects.current().with_label().annotate(best=Subquery(own.values("pk")[:1]))
    )
    left = iter(Sentence.objects.current().values_list("pk", flat=True))
    while batch := list(islice(left, _BATCH)):
        found = rows.in_bulk(batch)
        takes = Recording.objects.select_related("speaker").in_bulk(
            [row.best for row in found.values() if row.best]
        )
        scores = ProsodyScore.objects.filter(recording__in=takes).order_by("pk")
        scores = scores.defer("parts", "measures", "baseline")
        latest = {score.recording_id: score for score in scores}
        for row in (found[pk] for pk in batch if pk in found):
            yield row, takes.get(row.best), latest.get(row.best)


def _item(
    sentence: Any, take: Recording | None, score: ProsodyScore | None, *, names: bool
) -> ExchangeItem:
    recording = None
    if take:
        quality, prosody = _measures(score) if score else (None, None)
        speaker = take.speaker.name if names else None
        recording = ExchangeRecording(_path(sentence), take.duration_s, quality, prosody, speaker)
    return ExchangeItem(
        sentence.sentence_id, sentence.text, sentence.list, sentence.label_key, recording
    )


def _measures(score: ProsodyScore) -> tuple[float, ExchangeProsody]:
    prosody = ExchangeProsody(score.pitch_mean_hz, score.energy_std, score.speech_rate)
    return score.quality, prosody


def _path(sentence: Any) -> str:
    return f"recordings/{sentence.sentence_id}_{sentence.label_key}.wav"


@dataclass(frozen=True)
class ListPlan:
    """What storing a list would do: its rows marked, ids for the new ones, balance either way."""

    rows: list[Row]
    new: list[tuple[str, str]]  # id, text
    before: Balance | None
    after: Balance | None


def sentences_plan(*, found: SentenceList, prefix: str, alike: bool = False) -> ListPlan:
    """Look at a list without storing anything; `alike` takes those that differ in accents too."""
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
    """Store the new sentences of a list, all or none; return how many. ListError names faults."""
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
            act_record(Act.IMPORTED, about=list_name, sentences=len(rows))
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
    except ValueError:  # no Spanish word in them
        return None
