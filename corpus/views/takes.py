"""Take pages: the list, the upload, one take with its measures, the verdict, scoring again."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from corpus.audio.drawings import svg
from corpus.audio.io import decode
from corpus.audio.prosody import Prosody
from corpus.audio.types import AudioError
from corpus.forms import TakeFilter, TakeForm, VerdictForm
from corpus.models import Recording, Sentence, Speaker, StyleLabel
from corpus.services import take_scores
from corpus.services.counts import takes_waiting, to_record_count
from corpus.services.speakers import speaker_of
from corpus.services.takes import ConsentMissing, take_store
from corpus.services.verdicts import VerdictConflict, verdict_last, verdict_newest
from corpus.services.verdicts import take_judge as judge
from corpus.streaming import file_response
from corpus.uploads import TOO_LARGE
from corpus.views.measures import measures_of
from corpus.wording import refusal
from voicelab.http import HtmxRequest
from voicelab.paging import LongPaginator
from voicelab.request_values import row_number
from voicelab.roles import REVIEWER, SPEAKER, posted_from, role_required, roles_of

PAGE_SIZE = 25
MOST_FILTERED, MOST_FOUND, MOST_SENTENCES = 10_000, 500, 5000
SENTENCES_FOUND = 20


def takes_seen_by(person: Any) -> Any:
    """Return the takes a person may listen to: all for reviewers, their own for speakers."""
    takes = Recording.objects.select_related("sentence", "style", "speaker")
    return takes if REVIEWER in roles_of(person) else takes.filter(speaker=speaker_of(person))


@require_GET
@role_required(SPEAKER, REVIEWER)
def takes(request: HttpRequest) -> HttpResponse:
    seen, may_record = takes_seen_by(request.user), SPEAKER in roles_of(request.user)
    filter_, counts = TakeFilter(request.GET), seen.state_counts()
    page = _pages(filter_, seen, counts).get_page(request.GET.get("page"))
    rows = seen.in_bulk(list(page.object_list))
    page.object_list = [rows[pk] for pk in page.object_list if pk in rows]
    context = {
        "filter": filter_,
        "page": page,
        "counts": counts,
        "may_record": may_record,
        "to_record": to_record_count(request.user).n if may_record else 0,
    }
    return render(request, "corpus/takes.html", context)


def _pages(filter_: TakeFilter, seen: Any, counts: dict[str, int]) -> LongPaginator:
    """Return the pages of the keys; a filter and a search are counted up to a limit."""
    wanted = filter_.cleaned_data if filter_.is_valid() else {}
    takes = _filtered(filter_, seen)
    if wanted.get("q"):
        return LongPaginator(_newest_found(takes, wanted["q"]), PAGE_SIZE, most=MOST_FOUND)
    keys = takes.order_by("-pk").values_list("pk", flat=True)
    if wanted.get("style") or wanted.get("speaker"):
        return LongPaginator(keys, PAGE_SIZE, most=MOST_FILTERED)
    return LongPaginator(keys, PAGE_SIZE, known=counts.get(wanted.get("state", ""), 0))


def _newest_found(takes: Any, words: str) -> list[int]:
    """Return the keys of the newest takes of sentences with these words, at most one too many.

    PostgreSQL would go through all takes from the newest on, which takes long unless a great part
    of the sentences has the words; with `+ 0` it goes by the sentences' takes.
    """
    sentences = Sentence.objects.search(words).order_by().values_list("pk", flat=True)
    found = list(sentences[: MOST_SENTENCES + 1])
    if len(found) > MOST_SENTENCES:
        newest = takes.search(words).order_by("-pk")
    else:
        newest = takes.filter(sentence__in=found).order_by((F("pk") + 0).desc())
    return list(newest.values_list("pk", flat=True)[: MOST_FOUND + 1])


@require_GET
@role_required(SPEAKER, REVIEWER)
def take(request: HttpRequest, pk: int) -> HttpResponse:
    recording = get_object_or_404(takes_seen_by(request.user), pk=pk)
    return render(request, "corpus/take.html", _take_context(request, recording))


@posted_from(lambda pk: reverse("take", args=[pk]))
@role_required(REVIEWER)
def take_judge(request: HttpRequest, pk: int) -> HttpResponse:
    recording = get_object_or_404(takes_seen_by(request.user), pk=pk)
    form = VerdictForm(request.POST)
    if not form.is_valid():
        context = _take_context(request, recording) | {"verdict_form": form}
        return render(request, "corpus/take.html", context, status=422)
    try:
        judge(recording=recording, person=request.user, **form.cleaned_data)
    except VerdictConflict as conflict:
        messages.warning(request, str(conflict))
        return redirect("take", pk)
    if "next" in request.POST:
        return _next_to_judge(request)
    messages.success(request, _("Take %(state)s.") % {"state": recording.get_state_display()})
    return redirect("take", pk)


@require_GET
@role_required(SPEAKER, REVIEWER)
def take_audio(request: HttpRequest, pk: int) -> HttpResponse:
    recording = get_object_or_404(takes_seen_by(request.user), pk=pk)
    name = f"{recording.sentence}_{recording.style.key}_{recording.take}.wav"
    return file_response(
        request,
        recording.wav,
        content_type="audio/wav",
        filename=name if "download" in request.GET else "",
    )


@require_GET
@role_required(SPEAKER, REVIEWER)
@cache_control(private=True, max_age=86400, immutable=True)
def take_waveform(request: HttpRequest, pk: int) -> HttpResponse:
    recording = get_object_or_404(takes_seen_by(request.user), pk=pk)
    return HttpResponse(_waveform(recording, None), content_type="image/svg+xml")


@require_http_methods(["GET", "POST"])
@role_required(SPEAKER)
def take_upload(request: HtmxRequest) -> HttpResponse:
    speaker = speaker_of(request.user)
    if not speaker or not speaker.consented_at or speaker.withdrawn_at:
        return _redirect(
            request, f"{reverse('consent')}?{urlencode({'next': request.get_full_path()})}"
        )
    if request.method == "GET":
        form = TakeForm(initial=_preselected(request, speaker))
        return _upload_page(request, speaker, form)
    sent = (request.POST, request.FILES)
    form = TakeForm(*sent, too_large=TOO_LARGE in request.META)
    if form.is_valid():
        recording = _store(request, speaker, form)
        if recording:
            return _redirect(request, reverse("take", args=[recording.pk]))
    return _upload_page(request, speaker, form, status=422)


def _store(request: HttpRequest, speaker: Speaker, form: TakeForm) -> Recording | None:
    try:
        return take_store(speaker=speaker, person=request.user, **form.cleaned_data)
    except AudioError as error:
        form.add_error("file", refusal(error))
    except ConsentMissing as error:
        form.add_error(None, str(error))
    return None


def _upload_page(
    request: HtmxRequest, speaker: Speaker, form: TakeForm, status: int = 200
) -> HttpResponse:
    key = form["sentence"].value()
    sentence = Sentence.objects.with_label().filter(sentence_id=key).first()
    typed = request.GET.get("sentence", "").strip()[:100]
    context = {
        "form": form,
        "speaker": speaker,
        "sentence": sentence,
        "found": _sentences_found("" if sentence and typed == key else typed, speaker),
        "style": StyleLabel.objects.filter(key=form["style"].value()).first(),
        "to_record": to_record_count(request.user).n,
    }
    is_full_page = not request.htmx or request.htmx.boosted
    name = "corpus/take_upload.html" if is_full_page else "corpus/_take_form.html"
    return render(request, name, context, status=status)


def _sentences_found(words: str, speaker: Speaker) -> Any:
    """Return the sentences to choose from: with these words, or else the next to record."""
    current: Any = Sentence.objects.current()
    rows = current.search(words) if words else Sentence.objects.without_take_of(speaker)
    return rows[:SENTENCES_FOUND]


def _preselected(request: HttpRequest, speaker: Speaker) -> dict[str, Any]:
    """Preselect the requested sentence, else the next to record, in the style of its label."""
    sentences = Sentence.objects.current().with_label()
    sentence: Any = (
        sentences.filter(sentence_id=request.GET.get("sentence", "")).first()
        or Sentence.objects.without_take_of(speaker).first()
        or sentences.first()
    )
    return {
        "sentence": sentence and sentence.sentence_id,
        "style": request.GET.get("style") or (sentence and sentence.label_key),
    }


def _take_context(request: HttpRequest, recording: Recording) -> dict[str, Any]:
    score = recording.prosody_scores.first()
    prosody = Prosody.from_json(score.measures) if score else None
    others = takes_seen_by(request.user).filter(
        sentence=recording.sentence, style=recording.style, speaker=recording.speaker
    )
    return {
        "take": recording,
        "score": score,
        "measures": measures_of(score) if score else None,
        "drawing": _waveform(recording, prosody),
        "verdicts": recording.verdicts.select_related("person", "undone_by"),
        "mine": verdict_last(person=request.user, recording=recording),
        "others": others.exclude(pk=recording.pk),
        "may_judge": REVIEWER in roles_of(request.user),
        "may_record": recording.speaker.user_id == request.user.pk,
        "verdict_form": VerdictForm(initial={"seen": verdict_newest(recording)}),
    }


def _waveform(recording: Recording, prosody: Prosody | None) -> SafeString:
    with recording.wav.open("rb") as file:
        audio = decode(file.read())
    title = _("Waveform of %s") % recording.sentence
    if prosody is None:
        return mark_safe(svg(audio, title=title))  # noqa: S308 - svg() escapes the title
    drawing = svg(audio, width=900, height=160, pitch=prosody.contour, title=title)
    return mark_safe(drawing)  # noqa: S308


def _next_to_judge(request: HttpRequest) -> HttpResponse:
    waiting = takes_waiting(takes_seen_by(request.user)).last()
    if waiting:
        return redirect("take", waiting.pk)
    messages.success(request, _("No take waits for a verdict."))
    return redirect("takes")


def _redirect(request: HtmxRequest, url: str) -> HttpResponse:
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def _filtered(filter_: TakeFilter, seen: Any) -> Any:
    if not filter_.is_valid():
        return seen
    wanted = filter_.cleaned_data
    if wanted["state"]:
        waits = wanted["state"] == Recording.State.PENDING
        seen = takes_waiting(seen) if waits else seen.filter(state=wanted["state"])
    if wanted["style"]:
        seen = seen.filter(style=StyleLabel.objects.get(key=wanted["style"]))
    return seen.filter(speaker=wanted["speaker"]) if wanted["speaker"] else seen


@require_http_methods(["GET", "POST"])
@role_required(REVIEWER)
def takes_rescore(request: HttpRequest, pk: int) -> HttpResponse:
    speaker = get_object_or_404(Speaker, pk=pk)
    if request.method == "POST":
        takes = [found for take in request.POST.getlist("take") if (found := row_number(take))]
        n = take_scores.takes_rescore(speaker=speaker, takes=takes, person=request.user)
        text = ngettext("%(n)s take scored again.", "%(n)s takes scored again.", n)
        messages.success(request, text % {"n": n})
        return redirect("takes_rescore", pk)
    after = row_number(request.GET.get("after", "")) or 0
    rows, following = take_scores.rescore_preview(speaker, after=after)
    context = {
        "speaker": speaker,
        "rows": sorted(rows, key=lambda row: -abs(row.difference)),
        "following": following,
        "at_once": take_scores.AT_ONCE,
    }
    return render(request, "corpus/takes_rescore.html", context)
