"""What templates need to draw chips, bars and figures under a strict CSP."""

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.http import QueryDict
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from corpus.models import StyleLabel

register = template.Library()


@register.inclusion_tag("components/style_chip.html", takes_context=True)
def style_chip(context: template.Context, style: StyleLabel | str | None) -> dict[str, Any]:
    """Draw a style's chip, given its row or its key."""
    if isinstance(style, str):
        return {"style": context["styles_by_key"].get(style), "key": style}
    return {"style": style}


def _share(value: float, low: float, high: float) -> float:
    width = high - low
    return min(100.0, max(0.0, 100.0 * (value - low) / width)) if width else 0.0


def _number(value: Any) -> float | None:
    return None if value in (None, "") else float(value)


@register.simple_tag(takes_context=True)
def score_geometry(context: template.Context) -> dict[str, Any]:
    """Turn value, min, max, threshold, low, high of the context into percentages."""
    names = ("value", "min", "max", "threshold", "low", "high")
    value, low, high, threshold, band_low, band_high = (_number(context.get(n)) for n in names)
    low, high = low or 0.0, 1.0 if high is None else high

    def percent(x: float | None) -> str:
        return "" if x is None else f"{_share(x, low, high):.2f}%"

    state, band_x, band = "", "", 0.0
    if band_low is not None and band_high is not None:
        band_x = percent(band_low)
        band = _share(band_high, low, high) - _share(band_low, low, high)
    if value is not None and threshold is not None:
        state = "is-good" if value >= threshold else "is-bad"
    return {
        "value": percent(value),
        "threshold": percent(threshold),
        "band_x": band_x,
        "band_width": f"{max(band, 1.0):.2f}%",
        "state": state,
    }


@register.simple_tag(takes_context=True)
def query_with(context: template.Context, **changes: Any) -> str:
    """Give the address's query with some keys changed; None or empty removes one."""
    query: QueryDict = context["request"].GET.copy()
    for key, value in changes.items():
        query.pop(key, None)
        if value not in (None, ""):
            query[key] = str(value)
    return f"?{query.urlencode()}"


@register.simple_tag
def stack_geometry(parts: list[tuple[StyleLabel, int]], whole: float) -> list[dict[str, Any]]:
    """Lay parts side by side, in percentages of the whole."""
    pieces, at = [], 0.0
    for style, n in parts:
        width = _share(n, 0, whole)
        pieces.append({"style": style, "x": f"{at:.2f}%", "width": f"{width:.2f}%"})
        at += width
    return pieces


@register.filter
def ago(moment: datetime) -> str:
    """Say how long ago something was, in one unit."""
    if timezone.now() - moment < timedelta(minutes=1):
        return _("just now")
    return _("%(time)s ago") % {"time": timesince(moment, depth=1)}


@register.filter
def when(moment: datetime) -> str:
    """Say how long ago something was; the exact moment shows on pointing."""
    exact = date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT")
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', moment.isoformat(), exact, ago(moment)
    )


@register.simple_tag
def recorded_bar(accepted: int, waiting: int, whole: int) -> dict[str, str]:
    """Widths of the accepted and the waiting part of a bar."""
    return {
        "accepted": f"{_share(accepted, 0, whole):.2f}%",
        "waiting": f"{_share(waiting, 0, whole):.2f}%",
    }
