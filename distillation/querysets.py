"""Reads over runs and packs."""

from typing import Self

from django.db import models
from django.db.models import OuterRef, Subquery


class RunQuerySet(models.QuerySet):
    def active(self) -> Self:
        return self.filter(state__in=("queued", "running"))


class VoicePackQuerySet(models.QuerySet):
    def evolved(self) -> Self:
        return self.filter(kind="evolved")

    def with_verdict(self) -> Self:
        """Annotate `verdict`: the last decision on exactly this file, or None."""
        from distillation.models import Decision

        last = Decision.objects.filter(pack=OuterRef("pk"), pack_sha256=OuterRef("sha256"))
        return self.annotate(verdict=Subquery(last.order_by("-pk").values("verdict")[:1]))

    def approved(self) -> Self:
        return self.with_verdict().filter(verdict="approve")
