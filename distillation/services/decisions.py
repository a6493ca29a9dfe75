"""Decisions on evolved voices: who may take them, what they are bound to, when they suffice."""

from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from corpus.files import sha256_of_json
from distillation.models import Decision, RunState, StyleRun, VoicePack
from distillation.services.errors import RunError
from distillation.stages.findings import Findings, findings
from distillation.wording import name_words
from voicelab.operations.audit import Act, act_record
from voicelab.roles import ADMIN, REVIEWER

SECOND = "second"  # the verdict where one more reviewer must approve


@transaction.atomic
def pack_decide(
    *, pack: VoicePack, person: Any, verdict: str, reason: str, nevertheless: str = ""
) -> Decision:
    """Add a decision on the pack's current file and the style's current report.

    If something speaks against the voice, an approval needs a second person's, unless it says
    why the voice is approved `nevertheless`.

    Raises
    ------
    RunError
        `verdict`, `reason`, `not_evolved`, `not_validated`, `own_run`: nothing was kept.
    """
    if verdict not in Decision.Verdict.values:
        raise RunError("verdict", _("Approve or reject, not “%s”.") % verdict)
    if not reason.strip():
        raise RunError("reason", _("Say why: the reason is missing."))
    if pack.kind != VoicePack.Kind.EVOLVED:
        raise RunError("not_evolved", _("Only the evolved voice of a style can be reviewed."))
    if pack.style_run.state != RunState.FINISHED:
        raise RunError("not_validated", _("This voice is not validated yet; review it afterwards."))
    if person.pk == pack.style_run.run.created_by_id:
        raise RunError("own_run", own_run_words(person))
    red = verdict == Decision.Verdict.APPROVE and bool(findings_of(pack.style_run))
    decision = Decision.objects.create(
        pack=pack,
        pack_sha256=pack.sha256,
        report_sha256=report_hash_store(pack.style_run),
        verdict=verdict,
        reason=reason.strip(),
        nevertheless=nevertheless.strip() if red else "",
        needs_second=red and not nevertheless.strip(),
        person=person,
    )
    act = Act.VOICE_APPROVED if verdict == Decision.Verdict.APPROVE else Act.VOICE_REJECTED
    told = {"reason": decision.reason, "nevertheless": decision.nevertheless}
    act_record(act, person=person, about=pack, run=pack.style_run.run_id, **told)
    return decision


def own_run_words(person: Any) -> str:
    """Return why who launched a run does not review its voices, and who can."""
    people: Any = get_user_model().objects.filter(is_active=True).exclude(pk=person.pk)
    if people.filter(Q(is_superuser=True) | Q(groups__name__in=(REVIEWER, ADMIN))).exists():
        return _("You launched this run, so another reviewer decides on its voices.")
    return _(
        "You launched this run, and nobody else here may review. Give a second person the"
        " reviewer's role; or deploy the voice with an override, which is logged with its reason."
    )


def report_of(style_run: StyleRun) -> dict[str, Any]:
    """Return a style's report: its part of the run's, or its own as long as the run has none."""
    whole = getattr(style_run.run, "report", None)
    styles: dict[str, dict[str, Any]] = whole.data["styles"] if whole else {}
    return styles.get(style_run.style) or style_run.report


def findings_of(style_run: StyleRun) -> Findings:
    """Return what the current report says against the voice of a style."""
    whole = getattr(style_run.run, "report", None)
    differ = whole is None or whole.data["differentiation"]["passed"]
    return findings(report_of(style_run), styles_differ=differ)


def report_hash(style_run: StyleRun) -> str:
    """Return the SHA-256 of a style's current report."""
    return sha256_of_json(report_of(style_run))


def report_hash_store(style_run: StyleRun) -> str:
    """Keep the SHA-256 of a style's current report, which decisions are compared with."""
    style_run.report_sha256 = report_hash(style_run)
    StyleRun.objects.filter(pk=style_run.pk).update(report_sha256=style_run.report_sha256)
    return style_run.report_sha256


def approval_check(pack: VoicePack, override: str = "") -> None:
    """Raise unless the pack may be deployed: approved, and without a failed check.

    An `override` stands for an approval and admits what failed; it does not undo a rejection.

    Raises
    ------
    RunError
        `rejected`, `second_missing`, `approval_outdated`, `not_approved`, `failed_checks`.
    """
    verdict = rejection_check(pack)
    if override:
        return
    if verdict == SECOND:
        raise RunError(
            "second_missing", _("%s waits for a second reviewer: something got worse.") % pack
        )
    if verdict is None:
        raise _not_approved(pack)
    if failed := findings_of(pack.style_run).failed:
        raise RunError(
            "failed_checks",
            _("%(pack)s failed: %(checks)s. On its review page an admin can override that.")
            % {"pack": pack, "checks": ", ".join(map(name_words, failed))},
        )


def rejection_check(pack: VoicePack) -> str | None:
    """Return the verdict on a pack; raise RunError `rejected` if it is that."""
    report_hash_store(pack.style_run)
    found: Any = VoicePack.objects.with_verdict().get(pk=pack.pk)
    if found.verdict == Decision.Verdict.REJECT:
        raise RunError("rejected", _("%s was rejected; a reviewer must approve it first.") % pack)
    return str(found.verdict) if found.verdict else None


def _not_approved(pack: VoicePack) -> RunError:
    if pack.decisions.exists():
        message = _(
            "%s has no approval that counts: its file or report changed since, or it was given by"
            " who launched the run. Review it again."
        )
        return RunError("approval_outdated", message % pack)
    return RunError("not_approved", _("%s was not approved; review it first.") % pack)
