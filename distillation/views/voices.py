"""Deployed voices, candidates for deployment, their provenance, and withdrawn consents."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from corpus.models import LabelDecision, Recording, Speaker
from distillation.hub import weights_origin
from distillation.models import Deployment, VoicePack
from distillation.recipe import RunRecipe
from distillation.services.deployments import packs_deploy_later
from distillation.services.errors import USER_FAULTS, RunError
from distillation.services.in_use import InUse, engines_in_use
from distillation.services.provenance import Made, voice_made
from distillation.services.recovery import worker_is_there
from voicelab.roles import ADMIN, ROLES, SPEAKER, role_required, roles_of


@require_GET
@role_required(*ROLES)
def voices(request: HttpRequest) -> HttpResponse:
    deployments = Deployment.objects.select_related("pack__style_run__run", "person", "replaced_by")
    last = deployments.last_of_each_voice()
    pending = list(deployments.filter(state=Deployment.State.REQUESTED))
    deployed = _deployed(deployments.current())
    in_use = engines_in_use()
    context = {
        "deployed": deployed,
        "elsewhere": _outside_voices_dir(deployed),
        "in_use": in_use,
        "unserved": [row for row in deployed if row.pack.engine != in_use.speech],
        "spoken": _voice_to_try(deployed, in_use),
        "earlier": list(deployments.exclude(replaced_by=None)[:20]),
        "pending": pending,
        "unanswered": bool(pending) and not worker_is_there(),
        "failed": list(last.filter(state=Deployment.State.FAILED).order_by("voice")),
        "waiting": _not_deployed(),
        "speech_url": settings.SPEECH_URL,
    }
    return render(request, "distillation/voices.html", context)


@require_GET
@role_required(*ROLES)
def voice(request: HttpRequest, pk: int) -> HttpResponse:
    deployment = get_object_or_404(
        Deployment.objects.select_related(
            "pack__style_run__run__created_by", "pack__style_run__run__report", "person"
        ),
        pk=pk,
    )
    return render(request, "distillation/voice.html", voice_context(deployment))


@require_POST
@role_required(ADMIN)
def deploy(request: HttpRequest) -> HttpResponse:
    wanted = _ids(request, "pack")
    packs = list(VoicePack.objects.filter(pk__in=wanted))
    try:
        done = packs_deploy_later(
            packs=packs,
            person=request.user,
            plain=wanted - _ids(request, "fitted"),
            override=_override(request),
            seen={pack.style: _seen(request, pack.style) for pack in packs},
        )
    except USER_FAULTS as error:
        messages.error(request, str(error))
        return _back(request)
    names = ", ".join(row.voice for row in done)
    messages.success(request, _("Sent to a worker: %s.") % names)
    return redirect("voices")


def _override(request: HttpRequest) -> str:
    """Return why a voice is deployed against the rules; empty if that was not asked for."""
    if not request.POST.get("override"):
        return ""
    if reason := request.POST.get("override_reason", "").strip():
        return reason
    raise RunError("reason", _("Say why: the reason is missing."))


def _seen(request: HttpRequest, voice: str) -> int:
    """Return the deployment of the voice that the form was made from; 0 if it names none."""
    return next(iter(_ids(request, f"seen-{voice}")), 0)


def _back(request: HttpRequest) -> HttpResponse:
    """Go back to the review that an override was sent from, else to the voices."""
    run = next(iter(_ids(request, "back")), None)
    return redirect("review", run) if run else redirect("voices")


def _ids(request: HttpRequest, name: str) -> set[int]:
    asked = request.POST.getlist(name)
    return {int(pk) for pk in asked if pk.isdecimal() and len(pk) < 10}


def voice_context(deployment: Deployment) -> dict[str, Any]:
    """Return the provenance of a voice: its run, recipe, takes, labels and decisions."""
    pack = deployment.pack
    style_run = pack.style_run
    recipe = style_run.run.run_recipe
    style = recipe.style(pack.style)
    audio_files = [*style.takes.values(), *style.targets, *dict(style.prompt).values()]
    audio_files.append(recipe.teacher_options.get("prompt", ""))
    takes = Recording.objects.filter(wav__in=audio_files)
    labels = LabelDecision.objects.filter(
        sentence__text__in=style.reference_texts, style__key=pack.style
    )
    return {
        "deployment": deployment,
        "pack": pack,
        "style_run": style_run,
        "run": style_run.run,
        "recipe": recipe,
        "other_weights": _other_weights(recipe),
        "style": style,
        "takes": takes.select_related("sentence", "speaker", "uploaded_by"),
        "labels": labels.select_related("sentence", "person"),
        "decisions": pack.decisions.select_related("person"),
        "replaced": Deployment.objects.filter(replaced_by=deployment).first(),
        "speech_url": settings.SPEECH_URL,
    }


def _deployed(rows: QuerySet[Deployment]) -> list[Deployment]:
    """Return one row per voice, by name: from the folder in use if possible, else another."""
    found: dict[str, Any] = {}
    for row in rows.order_by("pk"):
        earlier = found.get(row.voice)
        if not earlier or _in_voices_dir(row) or not _in_voices_dir(earlier):
            found[row.voice] = row
    return sorted(found.values(), key=lambda row: row.voice)


def _voice_to_try(deployed: Sequence[Deployment], in_use: InUse) -> str:
    """Return a voice to try: a deployed one, else one of the engine's own; empty if none."""
    names = [
        row.voice for row in deployed if _in_voices_dir(row) and row.pack.engine == in_use.speech
    ]
    return next(iter([*names, *in_use.stock]), "")


def _outside_voices_dir(deployed: Sequence[Deployment]) -> dict[str, Any]:
    """Return the voices deployed to a folder that the speech service no longer reads."""
    rows = [row for row in deployed if not _in_voices_dir(row)]
    places = sorted({row.place for row in rows})
    voices = [row.voice for row in rows]
    return {"rows": rows, "voices": voices, "places": places} if rows else {}


def _in_voices_dir(row: Deployment) -> bool:
    return row.place == str(settings.VOICES_DIR)


def _not_deployed() -> list[VoicePack]:
    """Return approved packs that are not deployed, newest first, each style's newest marked."""
    newest = dict(Deployment.objects.standing().order_by("pack_id").values_list("voice", "pack_id"))
    packs: list[Any] = list(VoicePack.objects.waiting().select_related("style_run__run"))
    for pack in packs:
        pack.is_newest = pack.pk > newest.get(pack.style, 0)
        newest[pack.style] = max(pack.pk, newest.get(pack.style, 0))
    return packs


def _other_weights(recipe: RunRecipe) -> str:
    """Return the installed Kokoro weights in words if the recipe used others; else empty."""
    _kind, sha256 = recipe.student_weights
    installed = weights_origin(settings.MODEL_DIR) if sha256 else None
    return _(installed.words) if installed and installed.sha256 not in ("", sha256) else ""


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
            row.state == Deployment.State.DEPLOYED and row.replaced_by_id is None
            for row in deployments
        ),
    }
