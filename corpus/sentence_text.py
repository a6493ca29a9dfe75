"""The text of a sentence: composed, searchable, counted; frozen once it was recorded."""

from __future__ import annotations

from functools import reduce
from hashlib import sha256
from operator import add
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Case, Value, When
from django.utils.translation import gettext_lazy as _

from corpus.phonetics import phonemes, syllables
from corpus.text.cleaning import composed, searchable

# Sounds that most sentences lack, with their letters; the others are in nearly every sentence.
SOUNDS = {
    "ɡ": "g",
    "f": "f",
    "x": "j",
    "tʃ": "ch",
    "ʝ": "y",
    "ɲ": "ñ",
    "ʎ": "ll",
    "r": "rr",
}


def sentence_sounds(text: str) -> dict[str, Any]:
    """Return the phonemes and the syllable count to store in the Sentence row of a text."""
    return {"phonemes": " ".join(phonemes(text)), "syllables": syllables(text)}


def draw(sentence_id: str) -> float:
    """Return a number in [0, 1) that depends on the id only and is spread evenly over ids."""
    return int.from_bytes(sha256(sentence_id.encode()).digest()[:4], "big") / 2**32


class DrawField(models.FloatField):
    """Holds `draw(sentence_id)`; filled on every way into the table, bulk_create too."""

    def pre_save(self, model_instance: Any, add: bool) -> float:  # noqa: ARG002
        value = draw(model_instance.sentence_id)
        setattr(model_instance, self.attname, value)
        return value


class SearchField(models.TextField):
    """Holds `searchable(text)`; filled on every way into the table, bulk_create too."""

    def pre_save(self, model_instance: Any, add: bool) -> str:  # noqa: ARG002
        value = searchable(model_instance.text)
        setattr(model_instance, self.attname, value)
        return value


class _Composed:
    """Stores, and is compared with, composed text (NFC) without invisible signs."""

    def to_python(self, value: Any) -> Any:
        found = super().to_python(value)  # type: ignore[misc]
        return composed(found) if isinstance(found, str) else found

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        value = self.to_python(super().pre_save(model_instance, add))  # type: ignore[misc]
        setattr(model_instance, self.attname, value)  # type: ignore[attr-defined]
        return value


class ComposedCharField(_Composed, models.CharField):
    pass


class ComposedTextField(_Composed, models.TextField):
    pass


class SentenceText(models.Model):
    """Columns of the text; once a take was made of it, it can be superseded but not changed."""

    text = ComposedTextField(_("text"), unique=True)
    searchable = SearchField(_("text as it is searched"), default="", editable=False)
    phonemes = models.CharField(_("phonemes"), max_length=1000, blank=True)
    syllables = models.PositiveSmallIntegerField(_("syllables"), default=0)
    sounds = models.GeneratedField(
        expression=reduce(
            add,
            (
                Case(When(phonemes__contains=sound, then=Value(2**bit)), default=Value(0))
                for bit, sound in enumerate(SOUNDS)
            ),
        ),
        output_field=models.SmallIntegerField(),
        db_persist=True,
        verbose_name=_("which of the sounds most sentences lack, a bit each"),
    )
    superseded_by = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        editable=False,
        related_name="supersedes",
        verbose_name=_("replaced by"),
    )
    archived_at = models.DateTimeField(_("archived"), null=True, editable=False, db_index=True)
    archived_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("archived by"),
    )

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the row; raise ValidationError if that would change a recorded text."""
        with transaction.atomic():
            fields = kwargs.get("update_fields")
            if fields is None or "text" in fields:
                changed = self._recount_changed_text(lock=True)
                if changed and fields is not None:
                    kwargs["update_fields"] = {*fields, "searchable", "phonemes", "syllables"}
            super().save(*args, **kwargs)

    def clean(self) -> None:
        super().clean()
        self._recount_changed_text()

    def _recount_changed_text(self, *, lock: bool = False) -> bool:
        """Count the sounds of a text that differs from the stored one; refuse a recorded one."""
        if self._state.adding or "text" in self.get_deferred_fields():
            return False
        rows = type(self)._default_manager.filter(pk=self.pk)
        rows = rows.select_for_update() if lock else rows
        stored = rows.values_list("text", flat=True).first()
        if stored is None or composed(stored) == composed(self.text):
            return False
        if self.recordings.exists():  # type: ignore[attr-defined]
            message = _(
                "This text was recorded: its takes say “%(text)s”. Replace the sentence by a new "
                "one instead."
            )
            raise ValidationError({"text": message % {"text": stored}})
        for name, value in sentence_sounds(self.text).items():
            setattr(self, name, value)
        self.clean_fields(exclude={x.name for x in self._meta.fields} - {"phonemes"})
        return True
