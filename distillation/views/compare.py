"""The page that compares runs: curves, recipes, figures, voices."""

import re
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from distillation.models import Run, ScorePoint, StyleRun, VoicePack
from distillation.recipe import differences
from distillation.views.charts import Chart, compared
from distillation.views.headline import headline
from distillation.wording import field_value
from voicelab.roles import ROLES, role_required

MIN_RUNS, MAX_RUNS = 2, 6
MAX_SHOWN = 60  # characters; longer lists are folded
# Fields that make the scores of two runs incomparable: weights, targets, search texts.
INCOMPARABLE = re.compile(
    r"^(weights|teacher|search_texts|held_out_texts|compared"
    r"|styles\.[^.]+\.(ref|takes|targets|speed|prompt))"
)


@dataclass(frozen=True)
class Place:
    """A run on the page; `number` decides its colour, shape and dash."""

    number: int
    run: Run

    @property
    def key(self) -> str:
        return str(self.run.pk)


@dataclass(frozen=True)
class Value:
    """A field's value in one run's recipe; `listed` holds the items of a list that is folded."""

    place: Place
    value: Any
    listed: list[tuple[Any, bool]]  # each item, and whether some run lacks it

    @property
    def own(self) -> int:
        return sum(own for _, own in self.listed)


@require_GET
@role_required(*ROLES)
def compare(request: HttpRequest) -> HttpResponse:
    requested = request.GET.getlist("run")
    places = _places(requested)
    if len(places) < MIN_RUNS:
        return render(request, "distillation/compare.html", {"places": places})
    differ = differences([place.run.run_recipe for place in places])
    context = {
        "places": places,
        "too_many": len(set(requested)) > MAX_RUNS,
        "apart": any(INCOMPARABLE.search(name) for name in differ),
        "rows": [(name, _values(places, values)) for name, values in differ.items()],
        "styles": _styles(places),
    }
    return render(request, "distillation/compare.html", context)


def _places(requested: list[str]) -> list[Place]:
    """Return the existing runs that the URL names, in its order, without duplicates."""
    wanted = list(dict.fromkeys(int(pk) for pk in requested if pk.isdecimal() and len(pk) < 10))
    found = Run.objects.select_related("created_by", "report").in_bulk(wanted)
    runs = [found[pk] for pk in wanted if pk in found]
    return [Place(number, run) for number, run in enumerate(runs[:MAX_RUNS], start=1)]


def _values(places: list[Place], values: list[Any]) -> list[Value]:
    lists = [value for value in values if isinstance(value, list)]
    long = any(len(field_value(value)) > MAX_SHOWN for value in lists)
    common = set.intersection(*(set(map(str, value)) for value in lists)) if long else set()

    def listed(value: Any) -> list[tuple[Any, bool]]:
        items = value if long and isinstance(value, list) else ()
        return [(item, str(item) not in common) for item in items]

    return [Value(place, value, listed(value)) for place, value in zip(places, values, strict=True)]


def _styles(places: list[Place]) -> list[dict[str, Any]]:
    """Return curves and table rows of each style that occurs in one of the runs."""
    by_run = {place.run.pk: place for place in places}
    rows = list(StyleRun.objects.filter(run__in=by_run).select_related("run").order_by("pk"))
    packs = _last_packs(rows)
    points = list(ScorePoint.objects.filter(style_run__in=rows).order_by("step"))
    shown = []
    for key in dict.fromkeys(row.style for row in rows):
        style_rows = [row for row in rows if row.style == key]
        style_rows.sort(key=lambda row: by_run[row.run_id].number)
        shown.append(
            {
                "key": key,
                "within": f"{key}-",  # of the ids of its charts
                "charts": _charts(style_rows, points),
                "rows": [_row(by_run[row.run_id], row, packs.get(row.pk)) for row in style_rows],
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
    run_report = getattr(place.run, "report", None)  # only this one compares styles
    report = run_report.data["styles"].get(row.style) if run_report else None
    return {
        "place": place,
        "style_run": row,
        "pack": pack,
        "held_out": row.report.get("evolved", {}).get("score"),
        "headline": headline(report or row.report, row.style),
        "minutes": row.seconds / 60,
        "per_second": row.evaluations / row.seconds if row.seconds else None,
    }


def _last_packs(rows: list[StyleRun]) -> dict[int, VoicePack]:
    """Return each style run's final voice."""
    found = VoicePack.objects.evolved().filter(style_run__in=rows).order_by("pk")
    return {pack.style_run_id: pack for pack in found}
