"""Reads over the corpus: the current label of a sentence is derived here, nowhere else."""

from typing import Any, Self

from django.apps import apps
from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce


def _latest(name: str, value: str) -> Subquery:
    rows = apps.get_model("corpus", name).objects.filter(sentence=OuterRef("pk"))
    return Subquery(rows.order_by("-pk").values(value)[:1])


class SentenceQuerySet(models.QuerySet):
    def with_label(self) -> Self:
        """Annotate `label_key`: the last adjudication, else the last decision, else None."""
        return self.annotate(
            label_key=Coalesce(
                _latest("Adjudication", "style__key"), _latest("LabelDecision", "style__key")
            )
        )

    def with_decision(self) -> Self:
        """Annotate `decision_pk` and `adjudication_pk`: the latest row of each, or None."""
        return self.annotate(
            decision_pk=_latest("LabelDecision", "pk"),
            adjudication_pk=_latest("Adjudication", "pk"),
        )

    def labelled(self) -> Self:
        return self.with_label().filter(label_key__isnull=False)

    def unlabelled(self) -> Self:
        return self.with_label().filter(label_key__isnull=True)

    def search(self, words: str) -> Self:
        """Keep sentences whose text or id contains the words."""
        return self.filter(Q(text__icontains=words) | Q(sentence_id__icontains=words))

    def label_counts(self) -> dict[str | None, int]:
        """Sentences by current label; the key None counts the unlabelled."""
        rows = self.with_label().order_by().values_list("label_key")
        return dict(rows.annotate(n=Count("pk")))

    def without_take_of(self, speaker: Any) -> Self:
        """Keep labelled sentences whose label this speaker has no waiting or accepted take of."""
        takes = apps.get_model("corpus", "Recording").objects
        mine = takes.filter(
            sentence=OuterRef("pk"), style__key=OuterRef("label_key"), speaker=speaker
        )
        return self.labelled().exclude(Exists(mine.exclude(state="rejected")))

    def take_counts(self) -> dict[str, dict[str, int]]:
        """By current label: sentences with an accepted take in it, and with one that waits."""
        takes = apps.get_model("corpus", "Recording").objects
        there = takes.filter(sentence=OuterRef("pk"), style__key=OuterRef("label_key"))
        rows = (
            self.labelled()
            .annotate(
                accepted=Exists(there.filter(state="accepted")),
                waiting=Exists(there.filter(state="pending")),
            )
            .order_by()
            .values("label_key")
            .annotate(
                accepted_n=Count("pk", filter=Q(accepted=True)),
                waiting_n=Count("pk", filter=Q(accepted=False, waiting=True)),
            )
        )
        return {
            row["label_key"]: {"accepted": row["accepted_n"], "waiting": row["waiting_n"]}
            for row in rows
        }


class RecordingQuerySet(models.QuerySet):
    def consented(self) -> Self:
        """Takes of speakers who consented and did not withdraw."""
        return self.filter(speaker__consented_at__isnull=False, speaker__withdrawn_at__isnull=True)

    def usable(self) -> Self:
        """Accepted takes of speakers who consented and did not withdraw."""
        return self.consented().filter(state="accepted")

    def search(self, words: str) -> Self:
        """Keep takes whose sentence's text or id contains the words."""
        return self.filter(
            Q(sentence__text__icontains=words) | Q(sentence__sentence_id__icontains=words)
        )

    def state_counts(self) -> dict[str, int]:
        """Takes by state."""
        return dict(self.order_by().values_list("state").annotate(n=Count("pk")))

    def with_quality(self) -> Self:
        scores = apps.get_model("corpus", "ProsodyScore").objects
        latest = scores.filter(recording=OuterRef("pk")).order_by("-pk").values("quality")[:1]
        return self.annotate(quality=Subquery(latest))

    def best_first(self) -> Self:
        return self.with_quality().order_by(F("quality").desc(nulls_last=True), "-take", "-pk")
