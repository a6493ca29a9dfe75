"""The recording studio: consent, sentences to read, uploaded takes, the feedback on each."""

import hashlib
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.db.models import Case, Exists, IntegerField, OuterRef, Q, Value, When
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from corpus.audio.coaching import wanted_pitch_hz
from corpus.audio.drawings import contour_svg
from corpus.audio.prosody import Prosody
from corpus.audio.types import AudioError
from corpus.forms import ConsentForm, TakeForm
from corpus.models import ProsodyScore, Recording, Sentence, Speaker, StyleLabel
from corpus.services.counts import takes_waiting_count, to_record_by_style
from corpus.services.speakers import consent_give, consent_withdraw, speaker_of
from corpus.services.takes import ConsentMissing, TakeIdTaken, take_store
from corpus.streaming import file_response
from corpus.uploads import TOO_LARGE
from corpus.views.measures import measures_of, parts_of
from corpus.wording import refusal
from voicelab.request_values import next_page
from voicelab.roles import SPEAKER, role_required

CONSENT = (
    gettext_lazy("My voice is recorded reading the sentences of this corpus aloud."),
    gettext_lazy(
        "The recordings are measured, heard by reviewers, and used to make a synthetic voice "
        "that resembles mine and speaks other texts than I read."
    ),
    gettext_lazy(
        "That voice is served to callers of this organisation's call centre, for as long as it "
        "is deployed."
    ),
    gettext_lazy(
        "I may withdraw on this page at any time. From then on none of my recordings is used for "
        "a new voice, and the administrators see which deployed voices came from them."
    ),
)

EXAMPLES = 200  # newest takes, of which the best is the example
PROMPTS = 20  # sentences per page, so that recording can continue offline
NEUTRAL, NEUTRAL_ENOUGH = "neutral", 3  # other styles are measured relative to neutral


class StudioTakeForm(TakeForm):
    """A take with its id and hash, and the speaker whose page recorded it."""

    uuid = forms.UUIDField()
    sha256 = forms.RegexField(r"^[0-9a-f]{64}$")
    speaker = forms.IntegerField()


@require_GET
@role_required(SPEAKER)
def studio(request: HttpRequest) -> HttpResponse:
    speaker = speaker_of(request.user)
    if not speaker or not speaker.consented_at or speaker.withdrawn_at:
        return redirect(f"{reverse('consent')}?{urlencode({'next': request.get_full_path()})}")
    styles = {style.key: style for style in StyleLabel.objects.all()}
    one_asked = request.GET.get("sentence") or request.GET.get("sentences")
    chosen = "" if one_asked else request.GET.get("style", "")
    counts = to_record_by_style(request.user)
    context = {
        "speaker": speaker,
        "prompts": _prompts(request, speaker, styles),
        "styles": [(style, counts.get(key, 0)) for key, style in styles.items()],
        "to_record": sum(counts.values()),
        "waiting": takes_waiting_count(Recording.objects.filter(speaker=speaker)),
        "chosen": chosen if chosen in styles else "",
        "listed": bool(_listed(request)),
        "labelled": _labelled(chosen if chosen in styles else ""),
        "examples": set(_with_example(speaker).values_list("key", flat=True)),
    }
    return render(request, "corpus/studio.html", context)


@require_POST
@role_required(SPEAKER)
def studio_store(request: HttpRequest) -> HttpResponse:
    """Store a take under the client's id; the browser deletes its copy once the hash matches."""
    form = StudioTakeForm(request.POST, request.FILES, too_large=TOO_LARGE in request.META)
    if not form.is_valid():
        faults = [str(fault) for faults in form.errors.values() for fault in faults]
        return JsonResponse({"refused": " ".join(faults)}, status=422)
    given = form.cleaned_data
    digest, claimed = _sha256(given["file"]), given.pop("sha256")
    if digest != claimed:
        return JsonResponse({"damaged": digest}, status=409)
    speaker = speaker_of(request.user)
    if speaker is None or speaker.pk != given.pop("speaker"):
        return JsonResponse({"other_person": True}, status=403)
    try:
        take = take_store(person=request.user, **given | {"speaker": speaker})
    except AudioError as error:
        return JsonResponse({"refused": refusal(error)}, status=422)
    except (ConsentMissing, TakeIdTaken) as error:
        return JsonResponse({"refused": str(error)}, status=422)
    verdict = reverse("studio_take", args=[take.pk])
    return JsonResponse({"id": take.pk, "sha256": take.original_sha256, "verdict": verdict})


@require_GET
@role_required(SPEAKER)
def studio_take(request: HttpRequest, pk: int) -> HttpResponse:
    takes = Recording.objects.select_related("style", "sentence", "speaker")
    take = get_object_or_404(takes, pk=pk, speaker=speaker_of(request.user))
    score = take.prosody_scores.first()
    context = {
        "take": take,
        "score": score,
        "measures": measures_of(score) if score else None,
        "contour": _contour(take, score) if score else "",
    }
    return render(request, "corpus/studio_verdict.html", context)


@require_GET
@role_required(SPEAKER)
def studio_history(request: HttpRequest) -> HttpResponse:
    """Show the speaker's takes of one sentence in one style, with the used one marked."""
    takes = Recording.objects.filter(
        speaker=speaker_of(request.user),
        sentence__sentence_id=request.GET.get("sentence", ""),
        style__key=request.GET.get("style", ""),
    )
    context = {
        "takes": takes.select_related("sentence").prefetch_related("verdicts"),
        "used": takes.usable().best_first().first(),
    }
    return render(request, "corpus/studio_history.html", context)


@require_GET
@role_required(SPEAKER)
def studio_example(request: HttpRequest, key: str) -> HttpResponse:
    """Send the best accepted take of a style: the speaker's own, or a synthetic voice's."""
    takes = _examples(speaker_of(request.user)).filter(style__key=key)
    newest = takes.order_by("-pk").values("pk")[:EXAMPLES]
    best = Recording.objects.filter(pk__in=newest).best_first().first()
    if best is None:
        raise Http404
    return file_response(request, best.wav, content_type="audio/wav")


def _examples(speaker: Speaker | None) -> Any:
    return Recording.objects.usable().filter(Q(speaker=speaker) | Q(speaker__synthetic=True))


def _with_example(speaker: Speaker) -> Any:
    takes = _examples(speaker).filter(style=OuterRef("pk"))
    return StyleLabel.objects.filter(Exists(takes))


def _prompts(
    request: HttpRequest, speaker: Speaker, styles: dict[str, StyleLabel]
) -> list[tuple[Sentence, StyleLabel]]:
    """Return the sentences to read next with their styles.

    With `sentences` (ids, in order) exactly these, with `sentence` that one and then the queue.
    """
    chosen = request.GET.get("style", "")
    if ids := _listed(request):
        listed: Any = Sentence.objects.labelled().filter(sentence_id__in=ids)
        rows = sorted(listed, key=lambda sentence: ids.index(sentence.sentence_id))
        return [(sentence, styles[sentence.label_key]) for sentence in rows]
    current: Any = Sentence.objects.current().with_label()
    asked = current.filter(sentence_id=request.GET.get("sentence", ""))
    first = [
        (sentence, styles[chosen if chosen in styles else sentence.label_key])
        for sentence in asked
        if chosen in styles or sentence.label_key
    ]
    waiting: Any = Sentence.objects.without_take_of(speaker)
    if chosen in styles and not first:
        waiting = waiting.filter(label_key=chosen)
    elif _neutral_takes(speaker) < NEUTRAL_ENOUGH:
        neutral_first = Case(
            When(label_key=NEUTRAL, then=Value(0)), default=Value(1), output_field=IntegerField()
        )
        waiting = waiting.order_by(neutral_first, "position", "pk")
    queue = [(sentence, styles[sentence.label_key]) for sentence in waiting[:PROMPTS]]
    return first + [prompt for prompt in queue if prompt not in first]


def _listed(request: HttpRequest) -> list[str]:
    return [one for one in request.GET.get("sentences", "").split(",") if one][:PROMPTS]


def _labelled(style: str) -> bool:
    """Return whether any sentence is labelled, with this style if one is given."""
    labelled = Sentence.objects.current().filter(label__isnull=False)
    return (labelled.filter(label__key=style) if style else labelled).exists()


def _neutral_takes(speaker: Speaker) -> int:
    takes = Recording.objects.filter(speaker=speaker, style__key=NEUTRAL)
    return takes.exclude(state=Recording.State.REJECTED).count()


def _contour(take: Recording, score: ProsodyScore) -> SafeString:
    prosody = Prosody.from_json(score.measures)
    drawing = contour_svg(
        prosody.contour,
        duration_s=take.duration_s,
        band_hz=wanted_pitch_hz(parts_of(score), prosody),
        median_hz=prosody.pitch_median_hz,
        title=_("Pitch of the take over the band its style wants"),
    )
    return mark_safe(drawing)  # noqa: S308 - contour_svg() escapes the title


def _sha256(file: Any) -> str:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()


@require_http_methods(["GET", "POST"])
@role_required(SPEAKER)
def consent(request: HttpRequest) -> HttpResponse:
    form = ConsentForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        consent_give(person=request.user, text="\n".join(map(str, CONSENT)))
        messages.success(request, _("Thank you. Your agreement was recorded."))
        return redirect(next_page(request, otherwise="studio"))
    context = {"form": form, "paragraphs": CONSENT, "speaker": speaker_of(request.user)}
    context["next"] = request.GET.get("next", "")
    return render(request, "corpus/consent.html", context, status=422 if form.errors else 200)


@require_POST
@role_required(SPEAKER)
def consent_end(request: HttpRequest) -> HttpResponse:
    speaker = speaker_of(request.user)
    if speaker and consent_withdraw(speaker=speaker, person=request.user):
        messages.success(request, _("Your consent is withdrawn. No new voice uses your takes."))
    return redirect("consent")
