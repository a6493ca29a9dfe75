"""Withdrawn consents, and what was made from a speaker's takes."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from corpus.models import Speaker
from distillation.models import Deployment
from distillation.services.provenance import Made, voice_made
from voicelab.roles import ADMIN, SPEAKER, role_required, roles_of


@require_GET
@role_required(ADMIN)
def withdrawals(request: HttpRequest) -> HttpResponse:
    """List withdrawn consents, newest first, with what is still deployed."""
    withdrawn = Speaker.objects.filter(withdrawn_at__isnull=False).order_by("-withdrawn_at")
    rows = [(speaker, _counts(voice_made(speaker))) for speaker in withdrawn]
    return render(request, "distillation/withdrawals.html", {"rows": rows})


@require_GET
@role_required(SPEAKER, ADMIN)
def voice_uses(request: HttpRequest, pk: int) -> HttpResponse:
    """Show every target, pack and deployment made from one voice; a speaker sees their own."""
    speaker = get_object_or_404(Speaker, pk=pk)
    if ADMIN not in roles_of(request.user) and speaker.user_id != request.user.pk:
        raise PermissionDenied
    made = voice_made(speaker)
    context = {"speaker": speaker, "made": made, "counts": _counts(made)}
    return render(request, "distillation/voice_uses.html", context)


def _counts(made: list[Made]) -> dict[str, Any]:
    deployments = [row for item in made for row in item.deployments]
    return {
        "targets": sum(bool(item.style_run.target) for item in made),
        "packs": sum(len(item.packs) for item in made),
        "deployments": len(deployments),
        "current": sum(
            row.state == Deployment.State.DEPLOYED
            and row.action != Deployment.Action.RETIRE
            and row.replaced_by_id is None
            for row in deployments
        ),
    }
