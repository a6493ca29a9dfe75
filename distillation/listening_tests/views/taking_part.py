"""What a listener sees and sends: the name, the sounds, that they were played, votes."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from distillation.listening_tests.forms import NameForm
from distillation.listening_tests.models import Listener, ListeningTest, Trial
from distillation.listening_tests.scales import Kind
from distillation.listening_tests.services import participation
from distillation.listening_tests.services.access import can_listen, may_see_results
from distillation.listening_tests.services.errors import ListeningError
from distillation.listening_tests.services.invitations import invitation_accept, invitation_of
from distillation.listening_tests.wording import QUESTIONS, answers
from voicelab.roles import ROLES, role_required

GONE, CONFLICT, TOO_MANY = 410, 409, 429
Answer = Callable[..., Any]


@require_POST
@role_required(*ROLES)
def join(request: HttpRequest, pk: int) -> HttpResponse:
    test = get_object_or_404(ListeningTest, pk=pk)
    try:
        listener = participation.listener_join(test=test, person=request.user)
    except ListeningError:
        return render(request, "listening_tests/ended.html", status=GONE)
    return redirect("listening_test_listen", listener.key)


@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """Ask who comes through a signed link for a name."""
    invitation = invitation_of(token)
    if invitation is None:
        raise Http404
    if not invitation.is_valid or not invitation.test.is_open:
        return render(request, "listening_tests/ended.html", {"frame": _frame(None)}, status=GONE)
    form, status = NameForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                listener = invitation_accept(invitation=invitation, **form.cleaned_data)
                return redirect("listening_test_listen", listener.key)
            except ListeningError as error:
                form.add_error("name", str(error))
                status = TOO_MANY if error.code == "too_many" else 422
    return render(request, "listening_tests/enter.html", {"form": form}, status=status)


def _for_listener(view: Answer) -> Answer:
    """Find the listener by key; a signed-in person's part is for that person alone."""

    @wraps(view)
    def found(request: HttpRequest, key: Any, **rest: Any) -> Any:
        listeners = Listener.objects.select_related("test__run", "user", "invitation")
        listener = get_object_or_404(listeners, key=key)
        if listener.user_id and not request.user.is_authenticated:
            return _sign_in(request)
        if listener.user_id and listener.user != request.user:
            raise PermissionDenied
        return view(request, listener, **rest)

    return found


def _sign_in(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        return redirect_to_login(request.get_full_path())
    return JsonResponse({"problem": _("Your session ended; sign in again.")}, status=401)


@require_GET
@_for_listener
def listen(request: HttpRequest, listener: Listener) -> HttpResponse:
    context = {"listener": listener, "test": listener.test, "frame": _frame(listener)}
    if listener.finished_at or not can_listen(listener):
        context["results"] = may_see_results(request.user, listener.test)
        status = 200 if listener.finished_at else GONE
        return render(request, "listening_tests/ended.html", context, status=status)
    kind = Kind(listener.test.kind)
    context |= {"question": QUESTIONS[kind], "answers": answers(kind), "state": _state(listener)}
    context["address"] = request.build_absolute_uri()
    answer = render(request, "listening_tests/listen.html", context)
    answer["Cache-Control"] = "no-store"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


@require_GET
@_for_listener
def sound(request: HttpRequest, listener: Listener, trial: Any, side: str) -> HttpResponse:
    """Send a sound; nothing of the answer but its samples depends on the voice."""
    row = _trial(listener, trial)
    if side not in row.sounds or listener.finished_at or not can_listen(listener):
        raise Http404
    data = participation.sound_send(trial=row, side=side)
    return HttpResponse(data, content_type="audio/wav", headers={"Cache-Control": "no-store"})


@require_POST
@_for_listener
def played(request: HttpRequest, listener: Listener, trial: Any) -> HttpResponse:
    row, side = _trial(listener, trial), request.POST.get("side", "")
    return _done(listener, lambda: participation.sound_played(trial=row, side=side))


@require_POST
@_for_listener
def vote(request: HttpRequest, listener: Listener, trial: Any) -> HttpResponse:
    row, value = _trial(listener, trial), request.POST.get("value", "")
    number = int(value) if value.lstrip("-").isdecimal() and len(value) < 3 else 99
    return _done(listener, lambda: participation.vote_cast(trial=row, value=number))


@require_POST
@_for_listener
def undo(request: HttpRequest, listener: Listener) -> HttpResponse:
    return _done(listener, lambda: participation.vote_undo(listener=listener))


@require_POST
@_for_listener
def finish(request: HttpRequest, listener: Listener) -> HttpResponse:
    participation.listener_finish(listener=listener)
    return redirect("listening_test_listen", listener.key)


def _done(listener: Listener, act: Callable[[], None]) -> JsonResponse:
    """Do what was asked; answer with the place the listener is at now."""
    try:
        act()
    except ListeningError as error:
        body = {"problem": str(error), "code": error.code, "state": _state(listener)}
        return JsonResponse(body, status=GONE if error.code == "closed" else CONFLICT)
    return JsonResponse({"state": _state(listener)})


def _trial(listener: Listener, key: Any) -> Trial:
    rows = Trial.objects.select_related("listener__test", "sound_a", "sound_b", "sound_x")
    return get_object_or_404(rows, listener=listener, key=key)


def _state(listener: Listener) -> dict[str, Any]:
    """Return the current trial and how far the listener is; no voice, score or purpose."""
    trial, following = participation.trials_next(listener)
    done = len(participation.votes_standing(listener))
    return {
        "done": done,
        "total": listener.trials.count(),
        "trial": trial and _trial_state(listener, trial),
        "ahead": list(_addresses(listener, following).values()) if following else [],
    }


def _addresses(listener: Listener, trial: Trial) -> dict[str, str]:
    key = {"key": listener.key, "trial": trial.key}
    return {
        side: reverse("listening_test_sound", kwargs={**key, "side": side}) for side in trial.sounds
    }


def _trial_state(listener: Listener, trial: Trial) -> dict[str, Any]:
    ended = set(trial.playings.exclude(played_at=None).values_list("side", flat=True))
    key = {"key": listener.key, "trial": trial.key}
    return {
        "text": listener.test.texts[trial.sentence],
        "sides": [
            {"side": side, "src": src, "played": side in ended}
            for side, src in _addresses(listener, trial).items()
        ],
        "played": reverse("listening_test_played", kwargs=key),
        "vote": reverse("listening_test_vote", kwargs=key),
    }


def _frame(listener: Listener | None) -> str:
    is_person = listener is not None and listener.user_id
    return "base.html" if is_person else "listening_tests/bare.html"
