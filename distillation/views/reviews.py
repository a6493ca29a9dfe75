"""Report and review of a run: the measures, the voices side by side, and the decision."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from corpus.views.measures import bar_of
from distillation.models import ENDED, Decision, Deployment, Run, RunState, VoicePack
from distillation.services.decisions import findings_of, own_run_words, report_hash
from distillation.services.decisions import pack_decide as pack_decide_
from distillation.services.errors import RunError
from distillation.services.target_access import may_hear_target
from distillation.stages.checks import STYLE_DIRECTION
from distillation.stages.findings import ALIKE, DEPLOYED
from distillation.views.evidence import directions, marks, prosody, worsened
from distillation.views.headline import headline
from voicelab.roles import ADMIN, REVIEWER, ROLES, posted_from, role_required

OUTDATED = "outdated"  # decided on a report that has changed since


class DecisionForm(forms.ModelForm):
    class Meta:
        model = Decision
        fields = ["verdict", "reason", "nevertheless"]
        widgets = {"reason": forms.Textarea(attrs={"rows": 2})}


@require_GET
@role_required(*ROLES)
def report(request: HttpRequest, pk: int) -> HttpResponse:
    run = get_object_or_404(Run.objects.select_related("report", "created_by"), pk=pk)
    found = getattr(run, "report", None)
    styles = _in_order(run) if found else {}
    context = {"run": run, "report": found, "styles": styles, **_evidence(found, styles)}
    return render(request, "distillation/report.html", context)


@require_GET
@role_required(*ROLES)
def report_file(request: HttpRequest, pk: int) -> FileResponse:
    run = get_object_or_404(Run.objects.exclude(report=None).select_related("report"), pk=pk)
    try:
        file = run.report.file.open()
    except FileNotFoundError as error:
        raise Http404 from error
    return FileResponse(file, as_attachment=True, filename=f"validation_report-{pk}.json")


@require_GET
@role_required(*ROLES)
def review(request: HttpRequest, pk: int) -> HttpResponse:
    run = get_object_or_404(Run.objects.select_related("report"), pk=pk)
    context = review_context(run, DecisionForm(), request.user)
    return render(request, "distillation/review.html", context)


def _review_of(pk: int) -> str:
    pack = get_object_or_404(VoicePack.objects.evolved().select_related("style_run__run"), pk=pk)
    return f"{reverse('review', args=[pack.style_run.run_id])}#{pack.style}"


@posted_from(_review_of)
@role_required(REVIEWER, ADMIN)
def pack_decide(request: HttpRequest, pk: int) -> HttpResponse:
    pack = get_object_or_404(VoicePack.objects.evolved().select_related("style_run__run"), pk=pk)
    run, form = pack.style_run.run, DecisionForm(request.POST)
    if not form.is_valid():
        context = review_context(run, form, request.user, judged=pack)
        return render(request, "distillation/review.html", context, status=422)
    try:
        decision = pack_decide_(pack=pack, person=request.user, **form.cleaned_data)
    except RunError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _decided_words(decision))
    return redirect(_review_of(pk))


def _decided_words(decision: Decision) -> str:
    kept = _("Your decision on %s is kept.") % decision.pack.style
    if not decision.needs_second:
        return kept
    return f"{kept} {_('A second reviewer must approve this voice too.')}"


def _evidence(found: Any, styles: dict[str, Any]) -> dict[str, Any]:
    """Return the context that the page derives from a report; empty without a report."""
    if not found:
        return {}
    axes = directions(styles)
    shown = {
        key: {
            **style,
            "worsened": worsened(style),
            "marks": marks(style),
            "axes": axes.get(key),
            "prosody_rows": prosody(style),
            "profile": [bar_of(part) for part in found.data.get("profile", {}).get(key, ())],
        }
        for key, style in styles.items()
    }
    styles_differ = found.data["differentiation"]["passed"]
    return {
        "styles": shown,
        "natural": any(style.get("naturalness") for style in styles.values()),
        "explained": {name: any(one[name] for one in shown.values()) for name in ("marks", "axes")},
        "least_share": 100 * found.data.get("thresholds", {}).get(STYLE_DIRECTION, 0),
        "worse": {key: style["worsened"] for key, style in shown.items() if style["worsened"]},
        "checks_passed": styles_differ and all(style["passed"] for style in styles.values()),
    }


def review_context(
    run: Run, form: DecisionForm, person: Any, judged: VoicePack | None = None
) -> dict[str, Any]:
    styles = _validated(run)
    packs = list(
        VoicePack.objects.evolved()
        .filter(style_run__run=run, style__in=styles)
        .select_related("style_run")
        .with_verdict()
        .prefetch_related("decisions__person")
        .order_by("style_run")
    )
    for pack in packs:
        pack.style_run.run = run  # whose report is read once
    place = str(settings.VOICES_DIR)
    rows = Deployment.objects.current().filter(voice__in=styles, place=place)
    in_service = {row.voice: row for row in rows.select_related("pack__style_run__run")}
    seen = Deployment.objects.last_of(place)
    return {
        "run": run,
        "report": getattr(run, "report", None),
        "form": form,
        "judged": judged,
        "cards": [
            review_card(
                pack,
                styles[pack.style],
                in_service.get(pack.style),
                person,
                seen.get(pack.style, 0),
            )
            for pack in packs
        ],
    }


def _validated(run: Any) -> dict[str, Any]:
    """Return the reports by style; of a run without a report, those of its finished styles."""
    if hasattr(run, "report"):
        styles: dict[str, Any] = run.report.data["styles"]
        return styles
    finished = run.style_runs.filter(state=RunState.FINISHED) if run.state in ENDED else ()
    return {row.style: row.report for row in finished}


def _in_order(run: Any) -> dict[str, Any]:
    """Return the styles of a report in the run's order; PostgreSQL sorts the keys of JSON."""
    found = run.report.data["styles"]
    return {key: found[key] for key in run.run_recipe.style_keys if key in found}


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
