"""Pages of those who run listening tests: all tests, a new one, one, with its results as plots."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from corpus.tables import formula_safe
from distillation.listening_tests.forms import ListeningTestForm
from distillation.listening_tests.models import ListeningTest
from distillation.listening_tests.scales import SCALES, SHARES, Kind
from distillation.listening_tests.services import creation, invitations
from distillation.listening_tests.services.access import is_withdrawn, may_see_results, part_of
from distillation.listening_tests.services.errors import ListeningError
from distillation.listening_tests.services.findings import disagreements
from distillation.listening_tests.services.participation import votes_standing
from distillation.listening_tests.services.results import (
    export_of,
    progress_of,
    result_of,
    vote_rows,
)
from distillation.listening_tests.services.sources import sources_of, styles_ready
from distillation.listening_tests.wording import EFFECTS, QUESTIONS, REASONS, answers, kinds
from distillation.models import Run, VoicePack
from distillation.services.errors import USER_FAULTS
from voicelab.operations.audit import Act, act_record
from voicelab.roles import ADMIN, REVIEWER, ROLES, role_required, roles_of

MAX_RUNS = 6
FEW_VOTES = 24  # below it, only large differences show
MEAN_LIMITS = (1.0, 5.0)
Names = Mapping[int, str]


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
        messages.success(
            request,
            _("The test is open again. Who could see its results meanwhile cannot go on."),
        )
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


@require_GET
@role_required(*ROLES)
def results(request: HttpRequest, pk: int) -> HttpResponse:
    test = get_object_or_404(ListeningTest.objects.select_related("run"), pk=pk)
    if not may_see_results(request.user, test):
        return _withheld(request, test)
    result = result_of(test)
    voices = {voice.position: voice for voice in test.voices.select_related("style_run__run")}
    context: dict[str, Any] = {"test": test, "result": result, "voices": voices.values()}
    if result:
        context |= _shown(test, result.figures, voices)
    return render(request, "listening_tests/results.html", context)


@require_GET
@role_required(REVIEWER)
def export(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    test = get_object_or_404(ListeningTest, pk=pk)
    if not may_see_results(request.user, test):
        raise PermissionDenied
    if kind == "json":
        answer: HttpResponse = JsonResponse(export_of(test), json_dumps_params={"indent": 2})
    elif kind == "csv":
        answer = _csv(test)
    else:
        raise Http404
    name = f"listening-test-{pk}.{kind}"
    act_record(Act.EXPORTED, about=name)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _withheld(request: HttpRequest, test: ListeningTest) -> HttpResponse:
    """Show why the results are not shown, and how to come to them."""
    part = part_of(request.user, test)
    if part is None and REVIEWER not in roles_of(request.user):
        raise PermissionDenied
    return render(request, "listening_tests/withheld.html", {"test": test, "part": part})


def _shown(test: ListeningTest, figures: dict[str, Any], voices: dict[int, Any]) -> dict[str, Any]:
    kind = Kind(test.kind)
    names = {position: _name(voice, voices) for position, voice in voices.items()}
    listeners = [
        {**row, "reliability": found, "reasons": [REASONS[one] for one in found["reasons"]]}
        for row in progress_of(test)
        if (found := figures["listeners"].get(str(row["listener"].number)))
    ]
    return {
        "kept": figures["kept"],
        "few": figures["kept"]["votes"] < FEW_VOTES,
        "alone": len(figures["listeners"]) - len(figures["excluded"]) == 1,
        "axis": EFFECTS[kind],
        "effects": effect_plot(kind, figures["kept"]["effects"], figures["all"]["effects"], names),
        "means": mean_plot(figures["kept"]["means"], names),
        "bars": answer_bars(kind, figures["kept"]["answers"], names),
        "excluded": len(figures["excluded"]),
        "listeners": listeners,
        "notes": list(disagreements(test)),
    }


def _name(voice: Any, voices: dict[int, Any]) -> str:
    several = len({one.style_run_id for one in voices.values()}) > 1
    role = voice.get_role_display()
    return f"{role} · {voice.style_run.run}" if several else role


def _csv(test: ListeningTest) -> HttpResponse:
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    rows = list(vote_rows(test))
    writer = csv.DictWriter(answer, list(rows[0]) if rows else ["test"])
    writer.writeheader()
    writer.writerows({name: formula_safe(value) for name, value in row.items()} for row in rows)
    return answer


@dataclass(frozen=True)
class Tick:
    """A figure of the axis and its place."""

    text: float
    x: str


@dataclass(frozen=True)
class Row:
    """An estimate as text and as percentages of the plot's width."""

    name: str
    found: Mapping[str, Any]
    x: str
    low_x: str
    high_x: str
    verdict: str = ""  # better, worse, open
    other: Mapping[str, Any] | None = None  # with every listener


@dataclass(frozen=True)
class Plot:
    rows: Sequence[Row]
    ticks: Sequence[Tick]
    digits: int
    null_x: str = ""


@dataclass(frozen=True)
class Bar:
    words: Any
    count: int
    width: str


def effect_plot(
    kind: Kind, kept: Sequence[Mapping[str, Any]], whole: Sequence[Mapping[str, Any]], names: Names
) -> Plot:
    """Return the effects of pairs of voices, each with that of all listeners beside it."""
    scale = SCALES[kind]
    every = {(one["first"], one["second"]): one for one in whole}
    rows = [
        _plot_row(
            f"{names[one['first']]} / {names[one['second']]}",
            one,
            (scale.low, scale.high),
            verdict=_verdict(one, scale.null),
            other=every.get((one["first"], one["second"])),
        )
        for one in kept
    ]
    limits = scale.low, scale.high
    values = (
        (0.0, 0.25, 0.5, 0.75, 1.0) if kind in SHARES else range(int(limits[0]), int(limits[1]) + 1)
    )
    ticks = [Tick(value, _percent(value, limits)) for value in values]
    return Plot(rows, ticks, 2 if kind in SHARES else 0, _percent(scale.null, limits))


def mean_plot(means: Mapping[str, Mapping[str, Any]], names: Names) -> Plot:
    """Return the mean rating of each voice."""
    rows = [_plot_row(names[int(key)], found, MEAN_LIMITS) for key, found in means.items()]
    return Plot(rows, [Tick(value, _percent(value, MEAN_LIMITS)) for value in range(1, 6)], 0)


def answer_bars(
    kind: Kind, groups: Sequence[Mapping[str, Any]], names: Names
) -> list[dict[str, Any]]:
    """Return how often each answer was given; of a pair, A is the voice named second."""
    words = {str(value): text for _, value, text in answers(kind)}
    shown = []
    for group in groups:
        most = max(1, *group["counts"].values())
        # favour of the first voice is positive, as that of B on the scale
        name = " / ".join(names[voice] for voice in reversed(group["voices"]))
        bars = [
            Bar(words[value], count, f"{100 * count / most:.2f}%")
            for value, count in group["counts"].items()
        ]
        shown.append(
            {
                "name": name,
                "bars": bars,
                "a": names[group["voices"][-1]],
                "b": names[group["voices"][0]],
            }
        )
    return shown


def _plot_row(name: str, found: Mapping[str, Any], limits: tuple[float, float], **more: Any) -> Row:
    known = found["low"] is not None
    low, high = (found["low"], found["high"]) if known else (found["value"],) * 2
    return Row(
        name=name,
        found=found,
        x=_percent(found["value"], limits),
        low_x=_percent(low, limits),
        high_x=_percent(high, limits),
        **more,
    )


def _verdict(found: Mapping[str, Any], null: float) -> str:
    if found["low"] is None or found["low"] <= null <= found["high"]:
        return "open"
    return "better" if found["value"] > null else "worse"


def _percent(value: float, limits: tuple[float, float]) -> str:
    low, high = limits
    return f"{100 * min(1.0, max(0.0, (value - low) / (high - low))):.2f}%"
