"""What the demo's exit status is about: each style against its start, on held-out sentences."""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Any

MEASURES = {"target": "similarity to its speaker", "total": "score"}


def faults_of(report: dict[str, Any], *, answered: Set[str]) -> list[str]:
    """Return one line for everything that keeps the demo from success; empty where all is well.

    A style has to be better than its start on held-out sentences in `MEASURES`, to pass every
    check of the validation, and to have answered over HTTP; the styles have to differ.
    """
    found = [fault for key, style in report["styles"].items() for fault in _of_style(key, style)]
    if not report["differentiation"]["passed"]:
        found.append("The styles do not differ enough; see the report.")
    silent = [key for key, style in report["styles"].items() if style["passed"]]
    found += [f"{key}: the speech service did not answer." for key in silent if key not in answered]
    return found


def _of_style(key: str, style: dict[str, Any]) -> Iterator[str]:
    for measure, words in MEASURES.items():
        before, after = (style[kind]["score"][measure] for kind in ("start", "evolved"))
        if after <= before:
            yield (
                f"{key}: on held-out sentences the {words} is not better than at the start "
                f"({before:.3f} → {after:.3f})."
            )
    for check in style["checks"]:
        if not check["passed"]:
            yield f"{key}: {check['reason']}"
