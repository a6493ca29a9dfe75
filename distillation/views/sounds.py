"""The sounds of a run: the list to play, the streamed files, and their waveforms."""

import hashlib
import re
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from corpus.audio import drawings
from corpus.audio.types import Audio, AudioError
from corpus.streaming import file_response
from distillation.models import RunState, StyleRun, VoicePack
from distillation.services.run_files import clip_name, held_out_name, sample_name, sound_read
from distillation.services.target_access import may_hear_target
from voicelab.roles import ROLES, role_required

PARTS = (25, 50)  # percent of the search at which its best voice is kept, besides start and end
FINAL_STATES = (RunState.FINISHED, RunState.CANCELLED)  # no further milestone will be stored

CLIP = re.compile(r"target-(?P<number>[1-9]\d?)")
SPEAKERS = ("target", "start", "evolved", "stock", "deployed")


@require_GET
@role_required(*ROLES)
def style_audio(request: HttpRequest, pk: int, style: str, what: str, kind: str) -> HttpResponse:
    """Send the target of a style, one of its further clips, or its best voice so far."""
    row = get_object_or_404(StyleRun.objects.select_related("run"), run__pk=pk, style=style)
    if what != "preview" and not may_hear_target(request.user, row):
        raise PermissionDenied
    if clip := CLIP.fullmatch(what):
        return _sound(request, clip_name(row.target.name, int(clip["number"])), kind)
    return _sound(request, getattr(row, what).name if what in ("target", "preview") else "", kind)


@require_GET
@role_required(*ROLES)
def held_out_audio(
    request: HttpRequest, pk: int, style: str, number: int, who: str, kind: str
) -> HttpResponse:
    """Send a held-out sentence spoken by the target, the start voice or the evolved voice."""
    row = get_object_or_404(StyleRun.objects.select_related("run"), run__pk=pk, style=style)
    if who == "target" and not may_hear_target(request.user, row):
        raise PermissionDenied
    name = held_out_name(row.run_id, row.style, number, who) if who in SPEAKERS else ""
    return _sound(request, name, kind)


@require_GET
@role_required(*ROLES)
def pack_audio(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Send the longest held-out sentence, spoken by an evolved pack."""
    pack = get_object_or_404(VoicePack.objects.evolved().select_related("style_run__run"), pk=pk)
    run = pack.style_run.run
    number = len(run.recipe["held_out_texts"])
    return _sound(request, held_out_name(run.pk, pack.style, number, "evolved"), kind)


@require_GET
@role_required(*ROLES)
def pack_sample(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Send the first search text, spoken by a milestone or the final pack."""
    return _sound(request, sample_name(get_object_or_404(VoicePack, pk=pk)), kind)


def _sound(request: HttpRequest, name: str, kind: str) -> Any:
    if not name or not default_storage.exists(name):
        raise Http404
    if kind != "svg":
        return file_response(request, default_storage.open(name), content_type="audio/wav")
    try:
        audio = sound_read(name)
    except AudioError as error:
        raise Http404 from error
    return waveform_response(audio)


def waveform_response(audio: Audio) -> HttpResponse:
    """Return the drawing of a sound."""
    drawing = drawings.svg(audio, title=_("Waveform"))
    answer = HttpResponse(drawing, content_type="image/svg+xml")
    answer["Cache-Control"] = "private, max-age=3600"
    return answer


def sounds_of(row: StyleRun, packs: list[VoicePack], *, target: bool) -> dict[str, Any]:
    """Return what to listen to `first` and `more`; the URL of each changes with its content.

    If `target` is false, the target has no URL: the person may not listen to it.
    """
    found = _milestone_packs(row, packs)
    start, final = found.pop(0), found.pop(100)
    clips = range(2, row.target_info.get("clips", 1) + 1) if target else ()
    may_come = row.state not in FINAL_STATES and not row.stopped
    first = [_target(row, target), _best(row, final)]
    return {
        "first": [*first, _milestone(row, "start", start)] if start or may_come else first,
        "more": [
            *(_clip(row, number) for number in clips),
            *(
                _milestone(row, f"part-{part}", pack) | {"percent": part}
                for part, pack in found.items()
                if pack or may_come
            ),
        ],
    }


def _target(row: StyleRun, may_hear: bool) -> dict[str, Any]:
    if not may_hear:
        return _listed(row, "target", "") | {"withheld": True}
    return _of_style(row, "target", row.target.name)


def _best(row: StyleRun, final: VoicePack | None) -> dict[str, Any]:
    """Return the final voice, or the best so far while the search goes on."""
    if final:
        return _milestone(row, "best", final) | {"final": True}
    sound = _listed(row, "best", row.preview.name)
    return sound | (_urls(row, "preview", sound["version"]) if row.preview else {})


def _of_style(row: StyleRun, what: str, name: str | None) -> dict[str, Any]:
    sound = _listed(row, what, name)
    return sound | (_urls(row, what, sound["version"]) if name else {})


def _clip(row: StyleRun, number: int) -> dict[str, Any]:
    what = f"target-{number}"
    sound = _listed(row, what, row.target.name) | {"what": "clip", "number": number}
    return sound | _urls(row, what, sound["version"])


def _milestone_packs(row: StyleRun, packs: list[VoicePack]) -> dict[int, VoicePack | None]:
    """Return the best pack at 0, 100 and each of `PARTS` percent; None if there is none."""
    end = (row.step if row.stopped else row.steps) or 1
    found: dict[int, VoicePack | None] = dict.fromkeys((0, *PARTS, 100))
    for pack in packs:
        if pack.kind == VoicePack.Kind.EVOLVED:
            found[100] = pack
        else:
            share = 100 * pack.step / end
            found[min((0, *PARTS), key=lambda part: abs(part - share))] = pack
    return found


def _milestone(row: StyleRun, what: str, pack: VoicePack | None) -> dict[str, Any]:
    sound = _listed(row, what, pack.sha256 if pack else "")
    if pack is None:
        return sound
    return {
        **sound,
        "step": pack.step,
        "score": pack.scores.get("score"),
        "src": reverse("pack_sample", args=[pack.pk]),
        "drawn": reverse("sample_waveform", args=[pack.pk]),
    }


def _listed(row: StyleRun, what: str, content: str | None) -> dict[str, Any]:
    sound_id = f"sound-{row.style}-{what}"
    version = hashlib.sha256(f"{sound_id}-{content}".encode()).hexdigest()[:8]
    return {"id": sound_id, "what": what, "version": version}  # short: all in one query


def _urls(row: StyleRun, what: str, version: str) -> dict[str, str]:
    query = f"?v={version}"
    return {
        name: reverse("style_audio", args=[row.run_id, row.style, what, kind]) + query
        for name, kind in (("src", "wav"), ("drawn", "svg"))
    }
