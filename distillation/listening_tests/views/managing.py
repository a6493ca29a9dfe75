"""Pages of those who run listening tests: all tests, a new one, one test with its listeners."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from distillation.listening_tests.forms import ListeningTestForm
from distillation.listening_tests.models import ListeningTest
from distillation.listening_tests.scales import Kind
from distillation.listening_tests.services import creation, invitations
from distillation.listening_tests.services.access import is_withdrawn, may_see_results, part_of
from distillation.listening_tests.services.errors import ListeningError
from distillation.listening_tests.services.participation import votes_standing
from distillation.listening_tests.services.results import progress_of
from distillation.listening_tests.services.sources import sources_of, styles_ready
from distillation.listening_tests.wording import QUESTIONS, kinds
from distillation.models import Run, VoicePack
from distillation.services.errors import USER_FAULTS
from voicelab.roles import ADMIN, REVIEWER, ROLES, role_required

MAX_RUNS = 6


@require_GET
@role_required(*ROLES)
def listing(request: HttpRequest) -> HttpResponse:
    tests = ListeningTest.objects.select_related("run", "created_by")
    rows = [_row(test, request.user) for test in tests.prefetch_related("listeners", "voices")]
    return render(request, "listening_tests/tests.html", {"rows": rows})


@require_http_methods(["GET", "POST"])
@role_required(REVIEWER, ADMIN)
def new(request: HttpRequest) -> HttpResponse:
    runs, style = _asked(request)
    styles = [row.style for row in styles_ready(runs[0])] if runs else []
    style = style if style in styles else next(iter(styles), "")
    sources = sources_of(runs, style, request.user) if style else []
    context = {"runs": runs, "style": style, "styles": styles, "kinds": kinds()}
    if len(sources) < 2:
        return render(request, "listening_tests/new.html", context)
    form = ListeningTestForm(request.POST or None, sources=sources)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(_created(form, request.user))
        except (ListeningError, *USER_FAULTS) as error:
            form.add_error(None, str(error))
    status = 422 if request.method == "POST" else 200
    return render(request, "listening_tests/new.html", {**context, "form": form}, status=status)


@require_GET
@role_required(*ROLES)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    test = get_object_or_404(ListeningTest.objects.select_related("run", "created_by"), pk=pk)
    invitation = test.invitations.filter(revoked_at=None).first()
    link = invitation and invitations.invitation_token(invitation)
    context = {
        "row": (row := _row(test, request.user)),
        "test": row["test"],
        "question": QUESTIONS[Kind(test.kind)],
        "voices": test.voices.select_related("style_run__run"),
        "progress": progress_of(test),
        "results": may_see_results(request.user, test),
        "withdrawn": is_withdrawn(test),
        "invitation": invitation,
        "link": link and request.build_absolute_uri(_enter(link)),
    }
    return render(request, "listening_tests/test.html", context)


@require_POST
@role_required(ADMIN)
def invite(request: HttpRequest, pk: int) -> HttpResponse:
    test = get_object_or_404(ListeningTest, pk=pk)
    if "revoke" in request.POST:
        invitations.invitation_revoke(test=test)
        messages.success(request, _("The link is revoked; nobody can listen through it any more."))
    else:
        invitations.invitation_make(test=test, person=request.user)
        messages.success(request, _("The link is made; send it to whom you want to listen."))
    return redirect(test)


@require_POST
@role_required(REVIEWER, ADMIN)
def close(request: HttpRequest, pk: int) -> HttpResponse:
    test = get_object_or_404(ListeningTest, pk=pk)
    if "reopen" in request.POST:
        creation.listening_test_reopen(test=test)
        messages.success(request, _("Listeners can go on."))
    else:
        creation.listening_test_close(test=test)
        messages.success(request, _("The test is closed; its votes are kept."))
    return redirect(test)


def _row(test: ListeningTest, person: Any) -> dict[str, Any]:
    part = part_of(person, test)
    done = len(votes_standing(part)) if part else 0
    return {"test": test, "part": part, "done": done, "total": part.trials.count() if part else 0}


def _asked(request: HttpRequest) -> tuple[list[Run], str]:
    """Return the runs and the style that the address names, directly or by a voice pack."""
    data, pack = request.GET, request.GET.get("pack", "")
    if pack.isdecimal():
        found = get_object_or_404(VoicePack.objects.select_related("style_run__run"), pk=pack[:9])
        return [found.style_run.run], found.style
    wanted = list(dict.fromkeys(pk[:9] for pk in data.getlist("run") if pk.isdecimal()))
    runs = Run.objects.in_bulk(wanted[:MAX_RUNS])
    return [runs[int(pk)] for pk in wanted if int(pk) in runs], data.get("style", "")


def _created(form: ListeningTestForm, person: Any) -> ListeningTest:
    data = form.cleaned_data
    return creation.listening_test_create(
        kind=Kind(data["kind"]),
        sources=form.chosen,
        sentences=data["sentences"],
        results_shown=data["results_shown"],
        person=person,
    )


def _enter(token: str) -> str:
    return reverse("listening_test_enter", args=[token])
