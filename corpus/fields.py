"""A model field with a pseudorandom number derived from the sentence's id, the same everywhere."""

from hashlib import sha256
from typing import Any

from django.db import models


def draw(sentence_id: str) -> float:
    """Return a number in [0, 1) that depends only on the id, uniform over ids."""
    return int.from_bytes(sha256(sentence_id.encode()).digest()[:4], "big") / 2**32


class DrawField(models.FloatField):
    """Stores `draw(sentence_id)`; set on every save, including bulk_create."""

    def pre_save(self, model_instance: Any, add: bool) -> float:  # noqa: ARG002
        value = draw(model_instance.sentence_id)
        setattr(model_instance, self.attname, value)
        return value
