"""What an exchange archive holds beside corpus.json, so that an empty installation can take it in.

`context.json`: categories, styles, where sentences belong, speakers with their consent, and of each
take whose it is, its verdict, its hash and its score.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.dateparse import parse_datetime

from corpus.exchange.parsing import ExchangeError, ExchangeErrors
from corpus.models import (
    Category,
    ConsentChange,
    ProsodyScore,
    Recording,
    Sentence,
    Speaker,
    StyleLabel,
)
from corpus.services.verdicts import take_judge
from corpus.translatable import gettext_noop

NAME = "context.json"
_CATEGORY = ("key", "name", "reason", "position")
_STYLE = (
    "key", "name", "description", "guide", "instruction", "f5_speed", "profile", "colour", "shape",
    "position",
)  # fmt: skip
_SPEAKER = ("name", "synthetic", "consent_text", "consent_scope", "consented_at")
_SCORE = (
    "analyser", "quality", "parts", "baseline", "pitch_mean_hz", "pitch_range_st", "energy_std",
    "speech_rate", "pause_ratio", "measures",
)  # fmt: skip
_STATES = {Recording.State.PENDING, Recording.State.ACCEPTED}


@dataclass
class Context:
    """The content of a `context.json`; empty where an import has none."""

    sentences: dict[str, dict[str, str]] = field(default_factory=dict)
    takes: dict[str, dict[str, Any]] = field(default_factory=dict)

    def category_of(self, sentence_id: str) -> str:
        return self.sentences.get(sentence_id, {}).get("category", "")

    def kind_of(self, sentence_id: str) -> str:
        return self.sentences.get(sentence_id, {}).get("kind", "")

    def speaker_of(self, path: str) -> Speaker | None:
        name = self.takes.get(path, {}).get("speaker")
        return Speaker.objects.filter(name=name).first() if name else None


def context_written(takes: Iterable[tuple[str, Recording]]) -> str:
    """Return the `context.json` of an archive with these takes, by their paths in it."""
    files = dict(takes)
    speakers = Speaker.objects.filter(recordings__in=files.values()).distinct()
    current: Any = Sentence.objects.current().select_related("category")
    found = {
        "version": 1,
        "categories": list(Category.objects.values(*_CATEGORY)),
        "styles": list(StyleLabel.objects.values(*_STYLE)),
        "sentences": {
            row.sentence_id: {"category": row.category.key, "kind": row.kind} for row in current
        },
        "speakers": [
            row | {"consented_at": row["consented_at"].isoformat()}
            for row in speakers.values(*_SPEAKER)
        ],
        "takes": {path: _take(take) for path, take in files.items()},
    }
    return json.dumps(found, ensure_ascii=False, indent=1) + "\n"


def _take(take: Recording) -> dict[str, Any]:
    score = take.prosody_scores.first()
    return {
        "speaker": take.speaker.name,
        "state": take.state,
        "sha256": take.sha256,
        "score": {name: getattr(score, name) for name in _SCORE} if score else None,
    }


def context_read(base: Path | None, person: Any) -> Context:
    """Create the categories, styles and speakers of a `context.json` that are not there yet.

    What is there stays as it is. Raises ExchangeErrors if the file is not as it is written here.
    """
    if base is None or not (base / NAME).is_file():
        return Context()
    try:
        found = json.loads((base / NAME).read_bytes())
        for model, fields, rows in (
            (Category, _CATEGORY, found["categories"]),
            (StyleLabel, _STYLE, found["styles"]),
        ):
            for row in rows:
                _create_missing(model, "key", {name: row[name] for name in fields})
        for row in found["speakers"]:
            _create_speaker({name: row[name] for name in _SPEAKER}, person)
        context = Context(found["sentences"], found["takes"])
        _check(context)
    except (ValueError, TypeError, KeyError, AttributeError, ValidationError) as fault:
        message = gettext_noop("%(file)s cannot be read: %(reason)s")
        params = {"file": NAME, "reason": str(fault)}
        raise ExchangeErrors([ExchangeError(1, "", message, params)]) from fault
    return context


def _create_missing(model: type[Model], key: str, row: dict[str, Any]) -> Any:
    there = model._default_manager.filter(**{key: row[key]}).first()
    if there is None:
        there = model(**row)
        there.full_clean()
        there.save()
        return there
    return None


def _create_speaker(row: dict[str, Any], person: Any) -> None:
    when = parse_datetime(row["consented_at"])
    made = _create_missing(Speaker, "name", row | {"consented_at": when})
    if made and when:
        ConsentChange.objects.create(
            speaker=made, kind=ConsentChange.Kind.GIVEN, created_at=when, person=person,
            text=made.consent_text,
        )  # fmt: skip


def _check(context: Context) -> None:
    for sentence in context.sentences.values():
        if not all(isinstance(sentence[name], str) for name in ("category", "kind")):
            raise ValueError("sentences: texts are wanted")
    for path, take in context.takes.items():
        if take["state"] not in _STATES:
            raise ValueError(f"{path}: {take['state']}")
        if take["score"] is not None:
            ProsodyScore(**take["score"]).clean_fields(exclude={"recording", "rescored_by"})


def is_hash_of(context: Context, path: str, digest: str) -> bool:
    """Return whether a SHA-256 is that of the file exported under this path, if that is known."""
    return context.takes.get(path, {}).get("sha256", digest) == digest


def takes_restore(context: Context, takes: dict[str, Recording], person: Any) -> None:
    """Give imported takes the verdict and the score they were exported with, as further rows."""
    for path, take in takes.items():
        known = context.takes.get(path)
        if known and known["state"] != Recording.State.PENDING:
            take_judge(recording=take, person=person, state=known["state"])
    for path, take in takes.items():  # a verdict may have scored other takes again
        known = context.takes.get(path)
        if known and known["score"]:
            ProsodyScore.objects.create(recording=take, **known["score"])
    sentences = [take.sentence_id for take in takes.values()]
    Recording.objects.filter(sentence__in=sentences).rank()
