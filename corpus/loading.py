"""Load the project's own corpus, categories, styles and sentences, from its YAML files."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.db import transaction
from django.db.models import Model

from corpus.models import Category, Sentence, StyleLabel
from corpus.sentence_text import sentence_sounds

FOLDER = Path(settings.BASE_DIR) / "fixtures" / "corpus"


class CorpusChanged(ValueError):
    """A recorded sentence has a different text in the files."""


@dataclass
class LoadSummary:
    """Numbers of rows created, changed and left unchanged, by model."""

    made: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    same: dict[str, int] = field(default_factory=dict)


def corpus_load(*, update: bool = False, folder: Path = FOLDER) -> LoadSummary:
    """Create the missing rows; with `update`, also update existing ones from the files.

    Raises CorpusChanged if `update` would change the text of a sentence that has takes.
    """
    summary = LoadSummary()
    with transaction.atomic():
        _put(Category, "key", _placed(_read(folder, "categories")), update, summary)
        _put(StyleLabel, "key", _placed(_read(folder, "styles")), update, summary)
        sentences = _placed(_sentences(folder))
        if update:
            _refuse_rewriting(sentences)
        _put(Sentence, "sentence_id", sentences, update, summary)
    return summary


def _read(folder: Path, name: str) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = yaml.safe_load((folder / f"{name}.yaml").read_text("utf-8"))
    return loaded


def _placed(entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [entry | {"position": position} for position, entry in enumerate(entries)]


def _sentences(folder: Path) -> Iterator[dict[str, Any]]:
    categories = dict(Category.objects.values_list("key", "pk"))
    for group in _read(folder, "sentences"):
        for entry in group["sentences"]:
            yield {
                "sentence_id": entry["id"],
                "text": entry["text"],
                "kind": entry["kind"],
                "list": group["list"],
                "category_id": categories[group["category"]],
                **sentence_sounds(entry["text"]),
            }


def _put(
    model: type[Model],
    key: str,
    entries: list[dict[str, Any]],
    update: bool,
    summary: LoadSummary,
) -> None:
    manager, name = model._default_manager, model.__name__
    there = manager.in_bulk([entry[key] for entry in entries], field_name=key)
    new = [model(**entry) for entry in entries if entry[key] not in there]
    stale = [entry for entry in entries if _differs(there.get(entry[key]), entry)]
    manager.bulk_create(new)
    if update:
        for entry in stale:
            _assigned(there[entry[key]], entry).save()
    summary.made[name] = len(new)
    summary.changed[name] = len(stale) if update else 0
    summary.same[name] = len(entries) - len(new) - summary.changed[name]


def _differs(row: Model | None, entry: dict[str, Any]) -> bool:
    return row is not None and any(getattr(row, name) != entry[name] for name in entry)


def _assigned(row: Model, entry: dict[str, Any]) -> Model:
    for name, value in entry.items():
        setattr(row, name, value)
    return row


def _refuse_rewriting(entries: list[dict[str, Any]]) -> None:
    texts = {entry["sentence_id"]: entry["text"] for entry in entries}
    recorded = Sentence.objects.filter(sentence_id__in=texts, recordings__isnull=False)
    for sentence_id, text in recorded.values_list("sentence_id", "text"):
        if text != texts[sentence_id]:
            raise CorpusChanged(
                f"{sentence_id} has takes of another text than the files': "
                "give the new text a new id"
            )
