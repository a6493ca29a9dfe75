"""Queries of runs, their styles, packs and deployments."""

from datetime import timedelta
from typing import Any, Self

from django.db import models
from django.db.models import Case, Count, Exists, Max, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, Now

ACTIVE = ("queued", "running")
HELD = "storage_"  # what the error of work begins with that waits for room (corpus/faults.py)
PACED, PACES = 30, 100  # minimum candidates for measuring pace; newest searches considered


class RunQuerySet(models.QuerySet):
    def active(self) -> Self:
        return self.filter(state__in=ACTIVE)

    def held(self) -> Self:
        """Runs that were paused because their work could not be stored."""
        return self.filter(state="paused", error_code__startswith=HELD)

    def with_progress(self) -> Self:
        """Annotate `step` and `steps` over all styles; newest first."""
        sums = self.annotate(step=Sum("style_runs__step"), steps=Sum("style_runs__steps"))
        return sums.order_by("-pk")


class StyleRunQuerySet(models.QuerySet):
    def active(self) -> Self:
        return self.filter(state__in=ACTIVE)

    def unleased(self) -> Self:
        """Styles without a worker."""
        return self.filter(lease="")

    def paces(self) -> dict[str, tuple[float, int]]:
        """Return the seconds per candidate in the newest search with each student, and its run."""
        student = KeyTextTransform("student", "run__recipe")
        judged = self.filter(evaluations__gte=PACED).annotate(student=student)
        found = judged.order_by("-pk").values_list("student", "seconds", "evaluations", "run")
        return {
            student: (seconds / count, run)
            for student, seconds, count, run in reversed(found[:PACES])
        }

    def forgotten(self, patience: timedelta) -> Self:
        """Work without a worker whose message, if there was one, must have been lost."""
        waiting = Q(queued_at=None) | Q(queued_at__lte=Now() - patience)
        return self.active().unleased().filter(waiting)


class VoicePackQuerySet(models.QuerySet):
    def evolved(self) -> Self:
        return self.filter(kind="evolved")

    def with_verdict(self) -> Self:
        """Annotate `verdict`: `approve`, `reject`, `second` (one more must approve), or None.

        Only decisions on the current pack and report count, and none by who launched the run; of
        older decisions it is not known which report they were about. A rejection ends earlier
        approvals.
        """
        decisions: Any = self.model._meta.get_field("decisions").related_model
        report = Q(report_sha256=OuterRef("style_run__report_sha256")) | Q(report_sha256="")
        counted = decisions.objects.filter(
            report, pack=OuterRef("pk"), pack_sha256=OuterRef("sha256")
        ).exclude(person=OuterRef("style_run__run__created_by"))
        rejections = counted.filter(verdict="reject").order_by("-pk").values("pk")[:1]
        approvals = counted.filter(verdict="approve", pk__gt=OuterRef("rejection")).order_by()
        people = approvals.values("pack").annotate(n=Count("person", distinct=True)).values("n")
        return self.annotate(
            rejection=Coalesce(Subquery(rejections), 0),
            approvers=Coalesce(Subquery(people), 0),
            verdict=Case(
                When(Exists(approvals.filter(needs_second=False)), then=Value("approve")),
                When(approvers__gte=2, then=Value("approve")),
                When(approvers=1, then=Value("second")),
                When(rejection__gt=0, then=Value("reject")),
                output_field=models.CharField(null=True),
            ),
        )

    def approved(self) -> Self:
        return self.with_verdict().filter(verdict="approve")

    def waiting(self) -> Self:
        """Approved voices that were never deployed and have no pending deployment."""
        deployments: Any = self.model._meta.get_field("deployments").related_model
        standing = deployments.objects.standing().values("pack")
        return self.approved().evolved().exclude(pk__in=standing)


class DeploymentQuerySet(models.QuerySet):
    def current(self) -> Self:
        """The deployments of the voices in service."""
        return self.latest_done().exclude(action="retire")

    def latest_done(self) -> Self:
        """What was last done to each voice and place: a deployment, or that it was retired."""
        return self.filter(state="deployed", replaced_by=None)

    def standing(self) -> Self:
        """Deployments that succeeded at some time or are requested."""
        return self.exclude(state="failed")

    def newer_than(self, row: Any) -> Self:
        """Standing deployments of the same voice and place requested later; newest first."""
        same = self.standing().filter(voice=row.voice, place=row.place, pk__gt=row.pk)
        return same.order_by("-pk")

    def last_of(self, place: str) -> dict[str, int]:
        """Return by voice the last deployment that was requested or done; forms carry it."""
        rows = self.standing().filter(place=place).order_by().values("voice")
        return dict(rows.annotate(last=Max("pk")).values_list("voice", "last"))

    def last_of_each_voice(self) -> Self:
        newest = self.order_by().values("voice").annotate(newest=Max("pk")).values("newest")
        return self.filter(pk__in=newest)

    def forgotten(self, patience: timedelta) -> Self:
        """Requests whose message, if there was one, must have been lost; oldest first."""
        asked = self.annotate(asked_at=Coalesce("queued_at", "created_at"))
        return asked.filter(state="requested", asked_at__lte=Now() - patience).order_by("pk")


class PlaygroundSoundQuerySet(models.QuerySet):
    def standing(self) -> Self:
        return self.exclude(state="failed")

    def for_worker(self) -> Self:
        """Candidates that wait for a worker."""
        return self.filter(state="waiting", pack__isnull=False)

    def forgotten(self, patience: timedelta) -> Self:
        """Those whose message must have been lost."""
        return self.for_worker().filter(queued_at__lte=Now() - patience)
