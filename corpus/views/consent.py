"""What a speaker agrees to before the first take, and the way back."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from corpus.forms import ConsentForm
from corpus.services.speakers import consent_give, consent_withdraw, speaker_of
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


@require_http_methods(["GET", "POST"])
@role_required(SPEAKER)
def consent(request: HttpRequest) -> HttpResponse:
    form = ConsentForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        consent_give(person=request.user, text="\n".join(map(str, CONSENT)))
        messages.success(request, _("Thank you. Your agreement was recorded."))
        return redirect(_next(request))
    context = {"form": form, "paragraphs": CONSENT, "speaker": speaker_of(request.user)}
    context["next"] = request.GET.get("next", "")
    return render(request, "corpus/consent.html", context, status=422 if form.errors else 200)


@require_POST
@role_required(SPEAKER)
def consent_end(request: HttpRequest) -> HttpResponse:
    speaker = speaker_of(request.user)
    if speaker:
        consent_withdraw(speaker=speaker)
        messages.success(request, _("Your consent is withdrawn. No new voice uses your takes."))
    return redirect("consent")


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return wanted if safe else "studio"
