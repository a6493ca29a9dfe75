"""The review queue: pending takes one at a time, played, displayed and reviewed by keyboard."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_POST

from corpus.audio.drawings import png, svg
from corpus.audio.io import decode
from corpus.audio.prosody import Prosody
from corpus.forms import TakeFilter, VerdictForm
from corpus.models import Recording
from corpus.services.counts import takes_waiting
from corpus.services.thresholds import threshold_now
from corpus.services.verdicts import (
    VerdictConflict,
    take_judge,
    verdict_last,
    verdict_newest,
    verdict_undo,
)
from corpus.views.measures import measures_of
from voicelab.roles import REVIEWER, SPEAKER, role_required, roles_of


@require_GET
@role_required(REVIEWER)
def listening(request: HttpRequest) -> HttpResponse:
    """Show the requested or the first pending take; `style` and `speaker` filter the queue."""
    queue = _queue(request)
    wanted = request.GET.get("take", "")
    take = queue.filter(pk=wanted).first() if wanted.isdecimal() and len(wanted) < 12 else None
    take = take or queue.first()
    context = {"filter": TakeFilter(request.GET), "waiting": queue.count(), "take": take}
    context |= {"mine": verdict_last(person=request.user), "query": _query(request, None)}
    if take:
        context |= _take_context(request, queue, take)
    return render(request, "corpus/listening.html", context)


@require_POST
@role_required(REVIEWER)
def listening_judge(request: HttpRequest, pk: int) -> HttpResponse:
    """Store a verdict and redirect to the next take; a newer verdict by somebody else stays."""
    take = get_object_or_404(Recording, pk=pk)
    form = VerdictForm(request.POST)
    following = _url(request, _after(_queue(request), pk))
    if form.is_valid():
        try:
            take_judge(recording=take, person=request.user, **form.cleaned_data)
        except VerdictConflict as conflict:
            messages.warning(request, str(conflict))
    else:
        messages.error(request, str(next(iter(form.errors.values()))[0]))
        following = _url(request, take)
    return redirect(following)


@require_POST
@role_required(REVIEWER)
def take_judge_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo the person's own verdict; in the queue, redirect to the take, pending again."""
    take = get_object_or_404(Recording.objects.select_related("sentence"), pk=pk)
    try:
        verdict_undo(recording=take, person=request.user)
    except VerdictConflict as conflict:
        messages.error(request, f"{take.sentence}: {conflict}")
    else:
        text = _("Verdict taken back; the take is %(state)s.")
        messages.success(request, text % {"state": take.get_state_display()})
    if "queue" not in request.POST or take.state != Recording.State.PENDING:
        return redirect("take", pk)
    if not _queue(request).filter(pk=pk).exists():
        return redirect(f"{reverse('listening')}?take={pk}")
    return redirect(_url(request, take))


@require_GET
@role_required(SPEAKER, REVIEWER)
@cache_control(private=True, max_age=86400, immutable=True)
def take_spectrogram(request: HttpRequest, pk: int) -> HttpResponse:
    takes: Any = Recording.objects.all()
    if REVIEWER not in roles_of(request.user):
        takes = takes.filter(speaker__user=request.user)
    with get_object_or_404(takes, pk=pk).wav.open("rb") as file:
        return HttpResponse(png(decode(file.read())), content_type="image/png")


def _queue(request: HttpRequest) -> Any:
    """Return the pending takes, oldest first, filtered by the URL's parameters."""
    takes: Any = takes_waiting()
    filter_ = TakeFilter(request.GET)
    if filter_.is_valid():
        if filter_.cleaned_data["style"]:
            takes = takes.filter(style__key=filter_.cleaned_data["style"])
        if filter_.cleaned_data["speaker"]:
            takes = takes.filter(speaker=filter_.cleaned_data["speaker"])
    return takes.select_related("sentence", "style", "speaker").order_by("pk")


def _take_context(request: HttpRequest, queue: Any, take: Recording) -> dict[str, Any]:
    score = take.prosody_scores.first()
    prosody = Prosody.from_json(score.measures) if score else None
    with take.wav.open("rb") as file:
        audio = decode(file.read())
    drawing = svg(
        audio,
        width=900,
        height=160,
        pitch=prosody.contour if prosody else None,
        title=_("Waveform of %s") % take.sentence,
    )
    before = queue.filter(pk__lt=take.pk).last()
    after = queue.filter(pk__gt=take.pk).first()
    return {
        "score": score,
        "threshold": threshold_now(),
        "measures": measures_of(score) if score else None,
        "drawing": mark_safe(drawing),  # noqa: S308 - svg() escapes the title
        "previous": before and _url(request, before),
        "following": after and _url(request, after),
        "seen": verdict_newest(take),
        "judge_url": reverse("listening_judge", args=[take.pk]) + _query(request, None),
    }


def _after(queue: Any, pk: int) -> Recording | None:
    """Return the pending take after this one, wrapping around at the end."""
    return queue.filter(pk__gt=pk).first() or queue.exclude(pk=pk).first()


def _url(request: HttpRequest, take: Recording | None) -> str:
    return reverse("listening") + _query(request, take)


def _query(request: HttpRequest, take: Recording | None) -> str:
    query = request.GET.copy()
    query.pop("take", None)
    if take:
        query["take"] = str(take.pk)
    return f"?{query.urlencode()}" if query else ""
