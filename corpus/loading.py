"""Load the project's own corpus, categories, styles and sentences, from its YAML files."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.db import transaction
from django.db.models import Model

from corpus.models import Category, Sentence, StyleLabel
from corpus.phonetics import phonemes, syllables

FOLDER = Path(settings.BASE_DIR) / "fixtures" / "corpus"


class CorpusChanged(ValueError):
    """A sentence that was recorded has another text in the files."""


@dataclass
class LoadSummary:
    """How many rows of each kind were made, changed and left as they were."""

    made: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    same: dict[str, int] = field(default_factory=dict)


def corpus_load(*, update: bool = False, folder: Path = FOLDER) -> LoadSummary:
    """Make the rows that are missing; with `update`, also bring the others to the files' state.

    Raises CorpusChanged when `update` would change the text of a sentence that has takes.
    """
    summary = LoadSummary()
    with transaction.atomic():
        for position, values in enumerate(_read(folder, "categories")):
            _put(Category, "key", values | {"position": position}, update, summary)
        for position, values in enumerate(_read(folder, "styles")):
            _put(StyleLabel, "key", values | {"position": position}, update, summary)
        categories = {category.key: category for category in Category.objects.all()}
        for values in _sentences(folder):
            values["category"] = categories[values["category"]]
            _refuse_rewriting(values, update)
            _put(Sentence, "sentence_id", values, update, summary)
    return summary


def sentence_sounds(text: str) -> dict[str, Any]:
    """Return the phonemes and the syllable count a Sentence row holds for its text."""
    return {"phonemes": " ".join(phonemes(text)), "syllables": syllables(text)}


def _read(folder: Path, name: str) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = yaml.safe_load((folder / f"{name}.yaml").read_text("utf-8"))
    return loaded


def _sentences(folder: Path) -> Iterator[dict[str, Any]]:
    position = 0
    for group in _read(folder, "sentences"):
        for entry in group["sentences"]:
            yield {
                "sentence_id": entry["id"],
                "text": entry["text"],
                "kind": entry["kind"],
                "list": group["list"],
                "category": group["category"],
                "position": position,
                **sentence_sounds(entry["text"]),
            }
            position += 1


def _put(
    model: type[Model], key: str, values: dict[str, Any], update: bool, summary: LoadSummary
) -> None:
    manager = model._default_manager
    row, made = manager.get_or_create(**{key: values[key]}, defaults=values)
    count = summary.made if made else summary.same
    if not made and update:
        stale = [name for name, value in values.items() if getattr(row, name) != value]
        if stale:
            for name in stale:
                setattr(row, name, values[name])
            row.save(update_fields=stale)
            count = summary.changed
    name = model.__name__
    count[name] = count.get(name, 0) + 1


def _refuse_rewriting(values: dict[str, Any], update: bool) -> None:
    rows = Sentence.objects.filter(sentence_id=values["sentence_id"], recordings__isnull=False)
    if update and rows.exclude(text=values["text"]).exists():
        raise CorpusChanged(
            f"{values['sentence_id']} has takes of another text than the files': "
            "give the new text a new id"
        )
