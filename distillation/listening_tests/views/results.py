"""The results of a listening test: effects, listeners, their plots; and the votes as files."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from corpus.tables import formula_safe
from distillation.listening_tests.models import ListeningTest
from distillation.listening_tests.scales import SCALES, SHARES, Kind
from distillation.listening_tests.services.access import may_see_results, part_of
from distillation.listening_tests.services.findings import disagreements
from distillation.listening_tests.services.results import (
    export_of,
    progress_of,
    result_of,
    vote_rows,
)
from distillation.listening_tests.wording import EFFECTS, REASONS, answers
from voicelab.operations.audit import Act, act_record
from voicelab.roles import REVIEWER, ROLES, role_required, roles_of

FEW_VOTES = 24  # below it, only large differences show
MEAN_LIMITS = (1.0, 5.0)
Names = Mapping[int, str]


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
        _row(
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
    rows = [_row(names[int(key)], found, MEAN_LIMITS) for key, found in means.items()]
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


def _row(name: str, found: Mapping[str, Any], limits: tuple[float, float], **more: Any) -> Row:
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
