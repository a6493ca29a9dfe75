"""Proves at start-up that a slice ends before its limits, and its limits before its lease."""

from itertools import pairwise
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

LIMITS = ("SLICE_SECONDS", "SLICE_SOFT_SECONDS", "SLICE_HARD_SECONDS", "LEASE_SECONDS")


@register()
def limits_check(**_options: Any) -> list[CheckMessage]:
    return [
        Error(
            f"{shorter} ({getattr(settings, shorter):g}) must be below "
            f"{longer} ({getattr(settings, longer):g}).",
            hint="A lease must outlive every slice, or two workers would do the same one.",
            id="distillation.E001",
        )
        for shorter, longer in pairwise(LIMITS)
        if getattr(settings, shorter) >= getattr(settings, longer)
    ]


def limits_refuse() -> None:
    """Raise ImproperlyConfigured: a worker skips Django's checks."""
    if errors := limits_check():
        raise ImproperlyConfigured(" ".join(error.msg for error in errors))
