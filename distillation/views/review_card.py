"""One voice on the review page: what speaks against it, its sentences, who decided what."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from distillation.models import Decision, Deployment, VoicePack
from distillation.services.decisions import findings_of, own_run_words, report_hash
from distillation.services.target_access import may_hear_target
from distillation.stages.findings import ALIKE, DEPLOYED
from distillation.views.evidence import worsened
from distillation.views.headline import headline

OUTDATED = "outdated"  # decided on a report that has changed since


def review_card(
    pack: Any, style: dict[str, Any], in_service: Deployment | None, person: Any, seen: int
) -> dict[str, Any]:
    """Return what the page shows of a pack, given its style's report and the voice in service."""
    found = findings_of(pack.style_run)
    failed = [check for check in style["checks"] if not check["passed"]]
    worse = [name for name in found.worse if name != DEPLOYED]
    report_sha256 = report_hash(pack.style_run)
    decisions = [(one, _counts(one, pack, report_sha256)) for one in pack.decisions.all()]
    verdict = _verdict(pack, [counts for _one, counts in decisions], report_sha256)
    own = pack.style_run.run.created_by_id == person.pk
    other = in_service if in_service and in_service.pack_id != pack.pk else None
    return {
        "pack": pack,
        "style": style,
        "headline": headline(style),
        "against": found,
        "worsened": worsened({**style, "worse": worse}),
        "failed": failed,
        "alike": ALIKE in found.failed,
        "under_deployed": DEPLOYED in found.worse,
        "verdict": verdict,
        "decisions": decisions,
        "own_run": own_run_words(person) if own else "",
        "in_service": in_service,
        "seen": seen,
        "compared_before": _compared_before(pack, style, other),
        "sentences": _sentences(pack, style, other, person),
        "needs_override": bool(found.failed) or verdict != Decision.Verdict.APPROVE,
    }


def _verdict(pack: Any, counts: Collection[str], report_sha256: str) -> str | None:
    """Return the pack's verdict; `OUTDATED` if there was one on another file or report."""
    is_stored = pack.style_run.report_sha256 in ("", report_sha256)
    if pack.verdict and is_stored:
        return str(pack.verdict)
    return OUTDATED if {"file", "report"} & set(counts) else None


def _counts(decision: Decision, pack: VoicePack, report_sha256: str) -> str:
    """Return why a decision does not count, or what is unknown about it; empty if it counts."""
    if decision.pack_sha256 != pack.sha256:
        return "file"
    if decision.person_id == pack.style_run.run.created_by_id:
        return "launcher"
    if not decision.report_sha256:
        return "unbound"
    return "" if decision.report_sha256 == report_sha256 else "report"


def _compared_before(pack: Any, style: Mapping[str, Any], other: Deployment | None) -> bool:
    """Whether the figures against the voice in service are of another one, or are missing."""
    if other is None:
        return False
    report = getattr(pack.style_run.run, "report", None)
    if "over_deployed" not in (style.get("similarity") or {}):
        return True
    return report is not None and other.created_at > report.created_at


def _sentences(
    pack: VoicePack, style: dict[str, Any], other: Deployment | None, person: Any
) -> list[dict[str, Any]]:
    """Return the held-out sentences with their players, the ones that the target speaks first."""
    hears = may_hear_target(person, pack.style_run)
    elsewhere = _numbers_elsewhere(other)
    numbered = sorted(enumerate(style["audio"], start=1), key=lambda one: not one[1]["target"])
    return [
        {"text": one["text"], "players": list(_players(pack, style, number, one, hears, elsewhere))}
        for number, one in numbered
    ]


def _players(
    pack: VoicePack,
    style: Mapping[str, Any],
    number: int,
    one: Mapping[str, Any],
    hears: bool,
    elsewhere: dict[str, tuple[int, str, int]],
) -> Iterable[dict[str, Any]]:
    run = pack.style_run.run_id
    yield {
        "name": _("Target"),
        "missing": not one["target"],
        "withheld": bool(one["target"]) and not hears,
        **_urls(run, pack.style, number, "target"),
    }
    for who, name in (("start", _("Before")), ("evolved", _("After"))):
        natural = _naturalness(style, who, number)
        yield {"name": name, "naturalness": natural, **_urls(run, pack.style, number, who)}
    if one.get("deployed"):
        yield {"name": _("In service"), **_urls(run, pack.style, number, "deployed")}
    elif there := elsewhere.get(one["text"]):
        yield {"name": _("In service"), **_urls(*there, "evolved")}
    if one.get("stock"):
        yield {"name": _("Stock voice"), **_urls(run, pack.style, number, "stock")}


def _numbers_elsewhere(other: Deployment | None) -> dict[str, tuple[int, str, int]]:
    """Return where the voice in service says a held-out sentence, from its own validation."""
    if other is None:
        return {}
    run = other.pack.style_run.run
    texts = enumerate(run.recipe["held_out_texts"], start=1)
    return {text: (run.pk, other.voice, number) for number, text in texts}


def _urls(run: int, style: str, number: int, who: str) -> dict[str, str]:
    return {
        name: reverse("held_out_audio", args=[run, style, number, who, kind])
        for name, kind in (("src", "wav"), ("drawn", "svg"))
    }


def _naturalness(style: Mapping[str, Any], who: str, number: int) -> float | None:
    """Return the predicted naturalness of a sentence; None if it was not predicted."""
    found = style.get("naturalness")
    return found and found[who]["sentences"][number - 1]
