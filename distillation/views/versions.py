"""The versions of a voice with their figures; back to the former one, and out of service."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from distillation.models import Decision, Deployment
from distillation.services.errors import USER_FAULTS
from distillation.services.versions import voice_retire, voice_roll_back
from distillation.views.headline import Headline, headline
from voicelab.roles import ADMIN, role_required

Action, State = Deployment.Action, Deployment.State


@dataclass
class Version:
    """A version of a voice: its deployments, newest first, its figures and approvals."""

    number: int
    rows: list[Deployment]
    headline: Headline | None
    approvals: list[Decision] = field(default_factory=list)

    @property
    def row(self) -> Deployment:
        return self.rows[0]

    @property
    def served(self) -> bool:
        """Whether it was in service and did not fail its test there."""
        return any(row.state == State.DEPLOYED for row in self.rows)

    @property
    def in_service(self) -> bool:
        return self.row.state == State.DEPLOYED and self.row.replaced_by_id is None


def versions_of(rows: Iterable[Deployment]) -> dict[str, list[Version]]:
    """Return the versions by voice, newest first, from all deployments, newest first.

    The rows have their pack's style run and decisions.
    """
    found: dict[str, dict[int, Version]] = defaultdict(dict)
    for row in rows:
        if row.version is None or row.action == Action.RETIRE:
            continue
        versions = found[row.voice]
        if row.version in versions:
            versions[row.version].rows.append(row)
            continue
        approvals = [one for one in row.pack.decisions.all() if one.verdict == "approve"]
        figures = headline(row.pack.style_run.report)
        versions[row.version] = Version(row.version, [row], figures, approvals)
    return {
        voice: sorted(versions.values(), key=lambda one: -one.number)
        for voice, versions in found.items()
    }


@require_POST
@role_required(ADMIN)
def roll_back(request: HttpRequest, pk: int) -> HttpResponse:
    return _change(request, pk, voice_roll_back, _("Sent to a worker: %s goes back."))


@require_POST
@role_required(ADMIN)
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    return _change(request, pk, voice_retire, _("Sent to a worker: %s is retired."))


def _change(
    request: HttpRequest, pk: int, change: Callable[..., Deployment], said: str
) -> HttpResponse:
    deployment = get_object_or_404(Deployment.objects.select_related("pack"), pk=pk)
    try:
        change(deployment=deployment, person=request.user)
    except USER_FAULTS as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said % deployment.voice)
    return redirect("voices")
