"""Voices in service, approved, retired; the page and card of each; what withdrawals concern."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from corpus.models import LabelDecision, Recording, Speaker
from distillation import manifest
from distillation.engines import STUDENTS, TEACHERS
from distillation.hub import weights_origin
from distillation.models import Deployment, VoicePack
from distillation.recipe import RunRecipe
from distillation.services.decisions import findings_of
from distillation.services.deployments import packs_deploy_later
from distillation.services.errors import USER_FAULTS, RunError
from distillation.services.in_use import InUse, engines_in_use
from distillation.services.provenance import Made, voice_made
from distillation.services.recovery import worker_is_there
from distillation.services.versions import former_version
from distillation.services.voices_dir import voices_dir
from distillation.views.headline import headline
from distillation.views.versions import versions_of
from voicelab.roles import ADMIN, ROLES, SPEAKER, role_required, roles_of

TEST_TIME = timedelta(minutes=5)  # a test that was asked for longer ago is not waited for
Action, State = Deployment.Action, Deployment.State


@require_GET
@role_required(*ROLES)
def voices(request: HttpRequest) -> HttpResponse:
    deployments = Deployment.objects.select_related(
        "pack__style_run__run", "person", "replaced_by__person"
    )
    last = deployments.last_of_each_voice()
    pending = list(deployments.filter(state=State.REQUESTED))
    deployed = _deployed(deployments.current())
    in_use = engines_in_use()
    waiting, place = _not_deployed(), str(settings.VOICES_DIR)
    listed = deployments.prefetch_related("pack__decisions__person").exclude(version=None)
    versions = versions_of(listed.order_by("-pk"))
    context = {
        "deployed": [
            {"row": row, "versions": versions.get(row.voice, []), **_version(row, versions)}
            for row in deployed
        ],
        "retired": [
            {"row": row, "versions": versions.get(row.voice, [])}
            for row in deployments.latest_done().filter(action=Action.RETIRE, place=place)
        ],
        "seen": Deployment.objects.last_of(place),
        "elsewhere": _outside_voices_dir(deployed),
        "in_use": in_use,
        "unserved": [row for row in deployed if row.pack.engine != in_use.speech],
        "spoken": _voice_to_try(deployed, in_use),
        "pending": pending,
        "testing": any(map(_is_tested_now, deployed)),
        "unanswered": bool(pending) and not worker_is_there(),
        "failed": list(last.filter(state=State.FAILED).order_by("voice")),
        "returned": _returned(deployments),
        "waiting": waiting,
        "choosable": any(not one["failed"] for one in waiting),
        "speech_url": settings.SPEECH_URL,
    }
    return render(request, "distillation/voices.html", context)


def _version(row: Deployment, versions: dict[str, Any]) -> dict[str, Any]:
    """Return the version in service and the one before it; None where there is none."""
    numbered = versions.get(row.voice, [])
    lower = [one for one in numbered if one.number < (row.version or 0) and one.served]
    return {
        "version": next((one for one in numbered if one.number == row.version), None),
        "former": next(iter(lower), None),
    }


def _is_tested_now(row: Deployment) -> bool:
    return row.test.get("state") == "asked" and row.created_at > timezone.now() - TEST_TIME


def _returned(deployments: QuerySet[Deployment]) -> list[Deployment]:
    """Return the deployments that failed their test and were not followed by another one."""
    rows = deployments.filter(state=State.RETURNED, replaced_by__replaced_by=None)
    return list(rows.order_by("voice"))


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


def _not_deployed() -> list[dict[str, Any]]:
    """Return approved packs that are not deployed, newest first, each style's newest marked.

    With their figures, and the checks they failed: these are deployed with an override only.
    """
    newest = dict(Deployment.objects.standing().order_by("pack_id").values_list("voice", "pack_id"))
    packs: list[Any] = list(VoicePack.objects.waiting().select_related("style_run__run__report"))
    found = []
    for pack in packs:
        failed = findings_of(pack.style_run).failed
        is_newest = pack.pk > newest.get(pack.style, 0) and not failed
        newest[pack.style] = max(pack.pk, newest.get(pack.style, 0))
        figures = headline(pack.style_run.report)
        found.append({"pack": pack, "is_newest": is_newest, "failed": failed, "headline": figures})
    return found


@require_GET
@role_required(*ROLES)
def voice(request: HttpRequest, pk: int) -> HttpResponse:
    deployment = _deployment(pk)
    context = voice_context(deployment)
    return render(request, "distillation/voice.html", context)


@require_GET
@role_required(*ROLES)
def voice_card(request: HttpRequest, pk: int) -> HttpResponse:
    """Send what a voice is, who approved it and with which figures, as Markdown."""
    deployment = _deployment(pk)
    context = voice_context(deployment) | _card_context(deployment)
    answer = render(
        request, "distillation/voice_card.txt", context, content_type="text/markdown; charset=utf-8"
    )
    name = f"{deployment.voice}-v{deployment.version or 0}.md"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _deployment(pk: int) -> Deployment:
    rows = Deployment.objects.select_related(
        "pack__style_run__run__created_by",
        "pack__style_run__run__report",
        "person",
        "replaced_by__person",
    )
    return get_object_or_404(rows, pk=pk)


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
    same = Deployment.objects.filter(voice=deployment.voice).exclude(version=None)
    return {
        "deployment": deployment,
        "pack": pack,
        "style_run": style_run,
        "run": style_run.run,
        "recipe": recipe,
        "headline": headline(style_run.report),
        "in_service": Deployment.objects.current().filter(pk=deployment.pk).exists(),
        "former": former_version(deployment),
        "numbers": same.exclude(action=Deployment.Action.RETIRE).order_by("version", "pk"),
        "other_weights": _other_weights(recipe),
        "style": style,
        "takes": takes.select_related("sentence", "speaker", "uploaded_by"),
        "labels": labels.select_related("sentence", "person"),
        "decisions": pack.decisions.select_related("person"),
        "replaced": Deployment.objects.filter(replaced_by=deployment).first(),
        "speech_url": settings.SPEECH_URL,
    }


def _card_context(deployment: Deployment) -> dict[str, Any]:
    style_run = deployment.pack.style_run
    takes = Recording.objects.filter(uses__style_run=style_run).select_related("speaker")
    speakers = {take.speaker_id: take.speaker for take in takes}
    recipe = style_run.run.run_recipe
    return {
        "against": findings_of(style_run) if style_run.report else None,
        "checks": style_run.report.get("checks", []),
        "speakers": list(speakers.values()),
        "student": STUDENTS.get(deployment.pack.engine),
        "teacher": TEACHERS.get(recipe.teacher),
        "tensors_sha256": _tensors_hash(deployment),
        "language": dict(settings.LANGUAGES).get(recipe.lang, ""),
    }


def _tensors_hash(deployment: Deployment) -> str:
    """Return the hash of the safetensors in the service's folder; empty if it has another pack."""
    try:
        found = manifest.read(voices_dir())
    except manifest.ManifestError:
        return ""
    voice = found.voices.get(deployment.voice) if found else None
    return voice.safetensors_sha256 if voice and voice.sha256 == deployment.sha256 else ""


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
            row.state == Deployment.State.DEPLOYED
            and row.action != Deployment.Action.RETIRE
            and row.replaced_by_id is None
            for row in deployments
        ),
    }
