"""The page that lays runs over one another: curves, recipes, figures, voices."""

import re
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from distillation.comparison import differences
from distillation.models import Run, ScorePoint, StyleRun, VoicePack
from distillation.views.charts import Chart, compared
from distillation.views.evidence import worsened
from distillation.wording import field_value
from voicelab.roles import ROLES, role_required

LEAST, MOST = 2, 6
SHORT = 60  # letters a value of several may have to be shown at once
# Fields that make the scores of two runs incomparable: weights, targets, search texts.
APART = re.compile(
    r"^(weights|teacher|search_texts|held_out_texts|compared"
    r"|styles\.[^.]+\.(ref|takes|targets|speed|prompt))"
)


@dataclass(frozen=True)
class Place:
    """A run on the page; `number` gives it its colour, shape and dash."""

    number: int
    run: Run

    @property
    def key(self) -> str:
        return str(self.run.pk)


@dataclass(frozen=True)
class Value:
    """What a field is in one run's recipe; `listed` where it is too long to be shown at once."""

    place: Place
    value: Any
    listed: list[tuple[Any, bool]]  # each with whether some run has it not

    @property
    def own(self) -> int:
        return sum(own for _, own in self.listed)


@require_GET
@role_required(*ROLES)
def compare(request: HttpRequest) -> HttpResponse:
    asked = request.GET.getlist("run")
    places = _places(asked)
    if len(places) < LEAST:
        return render(request, "distillation/compare.html", {"places": places})
    differ = differences([place.run.run_recipe for place in places])
    context = {
        "places": places,
        "too_many": len(set(asked)) > MOST,
        "apart": any(APART.search(name) for name in differ),
        "rows": [(name, _values(places, values)) for name, values in differ.items()],
        "styles": _styles(places),
    }
    return render(request, "distillation/compare.html", context)


def _places(asked: list[str]) -> list[Place]:
    """Return the runs of the address in its order, each once, those that are there."""
    wanted = list(dict.fromkeys(int(pk) for pk in asked if pk.isdecimal() and len(pk) < 10))
    found = Run.objects.select_related("created_by", "report").in_bulk(wanted)
    runs = [found[pk] for pk in wanted if pk in found]
    return [Place(number, run) for number, run in enumerate(runs[:MOST], start=1)]


def _values(places: list[Place], values: list[Any]) -> list[Value]:
    lists = [value for value in values if isinstance(value, list)]
    long = any(len(field_value(value)) > SHORT for value in lists)
    everywhere = set.intersection(*(set(map(str, value)) for value in lists)) if long else set()

    def listed(value: Any) -> list[tuple[Any, bool]]:
        items = value if long and isinstance(value, list) else ()
        return [(item, str(item) not in everywhere) for item in items]

    return [Value(place, value, listed(value)) for place, value in zip(places, values, strict=True)]


def _styles(places: list[Place]) -> list[dict[str, Any]]:
    """Return what is shown of each style that one of the runs has."""
    by_run = {place.run.pk: place for place in places}
    rows = list(StyleRun.objects.filter(run__in=by_run).select_related("run").order_by("pk"))
    packs = _last_packs(rows)
    points = list(ScorePoint.objects.filter(style_run__in=rows).order_by("step"))
    shown = []
    for key in dict.fromkeys(row.style for row in rows):
        of_style = [row for row in rows if row.style == key]
        of_style.sort(key=lambda row: by_run[row.run_id].number)
        shown.append(
            {
                "key": key,
                "charts": _charts(of_style, points),
                "rows": [_row(by_run[row.run_id], row, packs.get(row.pk)) for row in of_style],
            }
        )
    return shown


def _charts(rows: list[StyleRun], points: list[ScorePoint]) -> list[Chart]:
    wanted = {row.pk for row in rows}
    return compared(
        [(str(row.run_id), row) for row in rows],
        [point for point in points if point.style_run_id in wanted],
    )


def _row(place: Place, row: StyleRun, pack: VoicePack | None) -> dict[str, Any]:
    held_out = row.report.get("evolved", {}).get("score")
    whole = getattr(place.run, "report", None)  # what compares styles is in the run's alone
    return {
        "place": place,
        "style_run": row,
        "pack": pack,
        "held_out": held_out,
        "gains": _gains(row.report),
        "worsened": worsened(whole.data["styles"].get(row.style, {})) if whole else [],
        "minutes": row.seconds / 60,
        "per_second": row.evaluations / row.seconds if row.seconds else None,
    }


def _gains(report: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the gains in target similarity with their intervals, by what they are gains over."""
    found = report.get("similarity") or {}
    names = ("gain", "over_best_base") if "best_base" in found else ("gain",)
    return [(name, found[name]) for name in names if name in found]


def _last_packs(rows: list[StyleRun]) -> dict[int, VoicePack]:
    """Return the voice each style ended with."""
    found = VoicePack.objects.evolved().filter(style_run__in=rows).order_by("pk")
    return {pack.style_run_id: pack for pack in found}
