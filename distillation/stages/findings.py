"""What a style's report says against its voice: checks that failed, measures that got worse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from distillation.stages.compared_checks import worse

ALIKE = "differentiation"  # failed by the styles of a run together
DEPLOYED = "deployed"  # less similar to the target than the voice in service


@dataclass(frozen=True)
class Findings:
    """What speaks against a voice; false if nothing does.

    Attributes
    ----------
    failed : tuple of str
        Names of checks, and `ALIKE` if the styles of the run do not differ enough.
    worse : tuple of str
        Measures that got worse than the start's on held-out sentences (`compared_checks.worse`),
        and `DEPLOYED`.
    """

    failed: tuple[str, ...] = ()
    worse: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.failed or self.worse)


def findings(style: Mapping[str, Any], *, styles_differ: bool = True) -> Findings:
    """Return what speaks against the voice of a style's report.

    Parameters
    ----------
    style : mapping
        The style's part of a run's report, or what `validate_style` gave; reports of before
        `worse` was written are measured anew.
    styles_differ : bool, optional
        Whether the styles of the run differ enough.
    """
    failed = [check["name"] for check in style["checks"] if not check["passed"]]
    found = list(style["worse"]) if "worse" in style else worse(style)
    return Findings(
        failed=(*failed, *([] if styles_differ else [ALIKE])),
        worse=(*found, *([DEPLOYED] if _under_deployed(style) else [])),
    )


def _under_deployed(style: Mapping[str, Any]) -> bool:
    """Whether a voice is less similar to its target than the deployed one, beyond chance."""
    over = (style.get("similarity") or {}).get("over_deployed")
    if not over:
        return False
    highest = over["mean"] if over["high"] is None else over["high"]
    return bool(highest < 0)
