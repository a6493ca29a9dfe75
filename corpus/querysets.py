"""Reads over the corpus: the current label of a sentence is derived here, nowhere else."""

from typing import Self

from django.db import models
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce


class SentenceQuerySet(models.QuerySet):
    def with_label(self) -> Self:
        """Annotate `label_key`: the last adjudication, else the last decision, else None."""
        from django.apps import apps

        def latest(name: str) -> Subquery:
            rows = apps.get_model("corpus", name).objects.filter(sentence=OuterRef("pk"))
            return Subquery(rows.order_by("-pk").values("style__key")[:1])

        return self.annotate(label_key=Coalesce(latest("Adjudication"), latest("LabelDecision")))

    def labelled(self) -> Self:
        return self.with_label().filter(label_key__isnull=False)

    def unlabelled(self) -> Self:
        return self.with_label().filter(label_key__isnull=True)


class RecordingQuerySet(models.QuerySet):
    def usable(self) -> Self:
        """Accepted takes of speakers who consented and did not withdraw."""
        return self.filter(
            state="accepted",
            speaker__consented_at__isnull=False,
            speaker__withdrawn_at__isnull=True,
        )

    def with_quality(self) -> Self:
        from django.apps import apps

        scores = apps.get_model("corpus", "ProsodyScore").objects
        latest = scores.filter(recording=OuterRef("pk")).order_by("-pk").values("quality")[:1]
        return self.annotate(quality=Subquery(latest))

    def best_first(self) -> Self:
        return self.with_quality().order_by(F("quality").desc(nulls_last=True), "-take", "-pk")
