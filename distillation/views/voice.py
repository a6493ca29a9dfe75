"""One deployed version: its page, from the voice back to everything that made it, and its card."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from corpus.models import LabelDecision, Recording
from distillation import manifest
from distillation.engines import STUDENTS, TEACHERS
from distillation.hub import weights_origin
from distillation.models import Deployment
from distillation.recipe import RunRecipe
from distillation.services.decisions import findings_of
from distillation.services.versions import former_version
from distillation.services.voices_dir import voices_dir
from distillation.views.headline import headline
from voicelab.roles import ROLES, role_required


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
