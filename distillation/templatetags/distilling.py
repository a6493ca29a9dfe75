"""What the pages of runs and voices need to name styles and times."""

from typing import Any

from django import template

from corpus.models import StyleLabel
from distillation.models import StyleRun
from distillation.services.playground import mix_parts
from distillation.services.target_access import may_hear_target
from distillation.wording import (
    as_time,
    delivery_errors,
    delivery_words,
    explained,
    fault_words,
    field_value,
    field_words,
    measure_words,
    name_words,
    signed,
    target_warnings,
)

register = template.Library()
for words in (
    as_time,
    delivery_errors,
    delivery_words,
    explained,
    fault_words,
    field_value,
    field_words,
    measure_words,
    name_words,
    signed,
    target_warnings,
):
    register.filter(words)


@register.simple_tag(takes_context=True)
def style_of(context: template.Context, key: str) -> StyleLabel:
    """Return the style's label; where the corpus has it no more, a plain one of that name."""
    found: StyleLabel | None = context["styles_by_key"].get(key)
    return found or StyleLabel(key=key, name=key, colour="")


@register.filter
def voice_words(name: str) -> str:
    """Return a voice of the speech service as people read it: a mix with its shares."""
    parts = {part: float(n) for part, n in mix_parts(name).items()}
    total = sum(parts.values())
    return ", ".join(f"{part} {100 * n / total:.0f} %" for part, n in parts.items()) or name


SHAPES = ("circle", "square", "triangle", "diamond", "hexagon")


@register.simple_tag(takes_context=True)
def seen_of(context: template.Context, voice: str) -> str:
    """Return what the page knows as the last deployment of a voice, for its forms."""
    return str((context.get("seen") or {}).get(voice, 0))


@register.simple_tag(takes_context=True)
def hears_target(context: template.Context, row: StyleRun) -> bool:
    return may_hear_target(context["user"], row)


@register.simple_tag(takes_context=True)
def tone_of(context: template.Context, key: str) -> Any:
    """Return name, colour and shape of a line: of a style or, on the page that compares, a run."""
    for place in context.get("places") or ():
        if place.key == key:
            shape, name = run_shape(place.number), f"{place.run.name} #{place.run.pk}".strip()
            return {"colour": f"run-{place.number}", "shape": shape, "name": name}
    return style_of(context, key)


@register.filter
def run_shape(number: int) -> str:
    return SHAPES[(number - 1) % len(SHAPES)]


@register.filter
def percent(value: float, most: float) -> str:
    return f"{max(0.0, min(100.0, 100 * value / most)):.2f}%"


@register.filter
def short(sha256: str) -> str:
    return sha256[:12]
