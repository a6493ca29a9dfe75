"""The five steps from a sentence to a voice in service: how far they are, and whose turn it is."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from corpus.models import Speaker
from corpus.services.counts import (
    disputes_count,
    records,
    takes_waiting_count,
    to_record_count,
    without_style_count,
)
from corpus.services.speakers import speaker_of
from distillation.listening_tests.services.access import tests_waiting
from distillation.models import Run, VoicePack
from distillation.sentence_selection import REFERENCES
from voicelab.roles import ADMIN, LABELER, REVIEWER, ROLE_NAMES, SPEAKER


@dataclass(frozen=True, kw_only=True)
class Todo:
    """Something this person can do now; `href` shows exactly the rows that `text` counts."""

    icon: str
    text: str
    action: str
    href: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """One of the five steps, as this person sees it.

    Attributes
    ----------
    done, total : int
        How far it is.
    said : str
        What is counted.
    href : str
        The page of what is counted; empty if this person may not open it.
    is_done : bool
    todo : list of Todo
        What this person can do for it now.
    waits_for : str
        Why there is nothing to do for this person.
    """

    icon: str
    title: str
    done: int
    total: int
    said: str
    href: str
    is_done: bool
    todo: list[Todo] = field(default_factory=list)
    waits_for: str = ""


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What the pages count of the corpus: sentences, labels, and takes by style."""

    total: int
    labelled: int
    accepted: int
    waiting: int
    styles: int
    styles_ready: int  # with as many accepted sentences as a run needs
    styles_deployed: int
    run: Run | None


def count(rows: list[dict[str, Any]], labels: dict[str | None, int], run: Run | None) -> Counts:
    """Return the counts of the rows of the home page, one for each style."""
    total = sum(labels.values())
    return Counts(
        total=total,
        labelled=total - labels.get(None, 0),
        accepted=sum(row["accepted"] for row in rows),
        waiting=sum(row["waiting"] for row in rows),
        styles=len(rows),
        styles_ready=sum(row["accepted"] >= REFERENCES for row in rows),
        styles_deployed=sum(row["deployment"] is not None for row in rows),
        run=run,
    )


def steps_for(person: Any, roles: frozenset[str], counts: Counts) -> list[Step]:
    """Return the five steps in their order."""
    return [
        _label(person, roles, counts),
        _record(person, roles, counts),
        _launch(roles, counts),
        _review(person, roles),
        _deploy(roles, counts),
    ]


def _label(person: Any, roles: frozenset[str], counts: Counts) -> Step:
    todo = []
    if not counts.total and LABELER in roles:
        href = reverse("corpus_import")
        todo.append(_todo("upload", _("The corpus is empty."), _("Import sentences"), href))
    without, disputed = without_style_count(), disputes_count(person)
    if LABELER in roles and without.n:
        text = ngettext(
            "%(n)s sentence has no style yet.", "%(n)s sentences have no style yet.", without.n
        )
        todo.append(_todo("label", text % {"n": without.n}, _("Label"), without.href))
    if REVIEWER in roles and disputed.n:
        text = ngettext("%(n)s sentence is disputed.", "%(n)s sentences are disputed.", disputed.n)
        todo.append(_todo("label", text % {"n": disputed.n}, _("Decide"), disputed.href))
    return Step(
        icon="label",
        title=_("Label"),
        done=counts.labelled,
        total=counts.total,
        said=_("sentences have a style"),
        href=f"{reverse('label')}?state=done" if roles else "",
        is_done=bool(counts.total) and counts.labelled == counts.total,
        todo=todo,
        waits_for=_for(roles, LABELER, _("Every sentence that you may label has a style.")),
    )


def _record(person: Any, roles: frozenset[str], counts: Counts) -> Step:
    todo = list(_to_record(person)) if records(person) else []
    waiting = takes_waiting_count()
    if REVIEWER in roles and waiting.n:
        text = ngettext(
            "%(n)s take waits for a verdict.", "%(n)s takes wait for a verdict.", waiting.n
        )
        todo.append(_todo("takes", text % {"n": waiting.n}, _("Review takes"), waiting.href))
    nothing = _("Nothing to record or to judge.")
    if counts.total and not counts.labelled:
        nothing = _("Recording begins once sentences have a style.")
    return Step(
        icon="takes",
        title=_("Record"),
        done=counts.accepted,
        total=counts.labelled,
        said=_("sentences have an accepted take"),
        href=f"{reverse('takes')}?state=accepted" if REVIEWER in roles else "",
        is_done=bool(counts.styles) and counts.styles_ready == counts.styles,
        todo=todo,
        waits_for=_for(roles, SPEAKER, nothing),
    )


def _to_record(person: Any) -> Iterator[Todo]:
    if not _has_consented(speaker_of(person)):
        text = _("Before your first take: say what your voice may be used for.")
        yield _todo("lock", text, _("Read and agree"), reverse("consent"))
    elif (missing := to_record_count(person)).n:
        text = ngettext(
            "%(n)s labelled sentence waits for your voice.",
            "%(n)s labelled sentences wait for your voice.",
            missing.n,
        )
        yield _todo("takes", text % {"n": missing.n}, _("Record"), missing.href)


def _has_consented(speaker: Speaker | None) -> bool:
    return bool(speaker and speaker.consented_at and not speaker.withdrawn_at)


def _launch(roles: frozenset[str], counts: Counts) -> Step:
    run, todo = counts.run, []
    active = run is not None and run.is_live
    if ADMIN in roles and counts.styles_ready and not active:
        text = ngettext(
            "%(n)s style has enough takes for a run.",
            "%(n)s styles have enough takes for a run.",
            counts.styles_ready,
        )
        href = reverse("run_launch")
        todo.append(_todo("runs", text % {"n": counts.styles_ready}, _("Launch a run"), href))
    if active and run:
        text = _("Run #%(run)s: %(state)s.") % {"run": run.pk, "state": run.get_state_display()}
        todo.append(_todo("runs", text, _("Watch it"), run.get_absolute_url()))
    finished = Run.objects.filter(state="finished").count()
    nothing = _("A run needs %(n)s accepted takes in a style.") % {"n": REFERENCES}
    return Step(
        icon="runs",
        title=_("Launch"),
        done=counts.styles_ready,
        total=counts.styles,
        said=_("styles have enough takes for a run"),
        href=reverse("runs") if roles else "",
        is_done=finished > 0,
        todo=todo,
        waits_for=_for(roles, ADMIN, nothing),
    )


def _review(person: Any, roles: frozenset[str]) -> Step:
    packs: Any = VoicePack.objects.evolved().filter(style_run__run__report__isnull=False)
    judged = packs.with_verdict().select_related("style_run")
    waiting, todo = judged.filter(verdict=None), []
    if n := tests_waiting(person):
        text = ngettext(
            "%(n)s listening test waits for you.", "%(n)s listening tests wait for you.", n
        )
        todo.append(_todo("voices", text % {"n": n}, _("Listen"), reverse("listening_tests")))
    if REVIEWER in roles and (pack := waiting.first()):
        of_run = waiting.filter(style_run__run=pack.style_run.run_id).count()
        text = ngettext(
            "%(n)s voice of run #%(run)s waits for your ears.",
            "%(n)s voices of run #%(run)s wait for your ears.",
            of_run,
        )
        href = reverse("review", args=[pack.style_run.run_id])
        text %= {"n": of_run, "run": pack.style_run.run_id}
        todo.append(_todo("review", text, _("Listen and decide"), href))
    total = judged.count()
    done = total - waiting.count()
    nothing = _("Voices come here when a run has ended.")
    return Step(
        icon="review",
        title=_("Listen"),
        done=done,
        total=total,
        said=_("evolved voices were judged"),
        href=reverse("runs") if roles else "",
        is_done=total > 0 and done == total,
        todo=todo,
        waits_for=_for(roles, REVIEWER, nothing),
    )


def _deploy(roles: frozenset[str], counts: Counts) -> Step:
    todo = []
    approved = VoicePack.objects.waiting().count()
    if ADMIN in roles and approved:
        text = ngettext(
            "%(n)s approved voice can be deployed.",
            "%(n)s approved voices can be deployed.",
            approved,
        )
        todo.append(_todo("voices", text % {"n": approved}, _("Deploy"), reverse("voices")))
    return Step(
        icon="voices",
        title=_("Deploy"),
        done=counts.styles_deployed,
        total=counts.styles,
        said=_("styles answer callers"),
        href=reverse("voices") if roles else "",
        is_done=bool(counts.styles) and counts.styles_deployed == counts.styles,
        todo=todo,
        waits_for=_for(roles, ADMIN, _("A voice must be approved first.")),
    )


def _for(roles: frozenset[str], needed: str, nothing: str) -> str:
    """Say who does a step, or to those who do it why they have nothing to do."""
    if needed in roles:
        return nothing
    return _("Done by people with the role: %(role)s.") % {"role": ROLE_NAMES[needed]}


def _todo(icon: str, text: str, action: str, href: str) -> Todo:
    return Todo(icon=icon, text=text, action=action, href=href)
