"""A number drawn from a sentence's id: the same on every machine, whoever makes the row."""

from hashlib import sha256
from typing import Any

from django.db import models


def draw(sentence_id: str) -> float:
    """Return a number in [0, 1) that depends on the id only and is spread evenly over ids."""
    return int.from_bytes(sha256(sentence_id.encode()).digest()[:4], "big") / 2**32


class DrawField(models.FloatField):
    """Holds `draw(sentence_id)`; filled on every way into the table, bulk_create too."""

    def pre_save(self, model_instance: Any, add: bool) -> float:  # noqa: ARG002
        value = draw(model_instance.sentence_id)
        setattr(model_instance, self.attname, value)
        return value
