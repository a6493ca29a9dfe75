"""The terms of Voice Lab: the glossary page, and the source of the explanations in place."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET

from voicelab.roles import ROLES, role_required


@dataclass(frozen=True)
class Term:
    """A term, what it means in one or two sentences, and in which part of the work it is met."""

    key: str
    name: str | Promise
    meaning: str | Promise
    part: str | Promise


LABELS, TAKES = _("Labels and takes"), _("Takes and their quality")
RUNS, FIGURES, SERVICE = _("Runs"), _("Figures of a voice"), _("Voices in service")

_TERMS = (
    Term(
        "corpus",
        pgettext_lazy("term", "corpus"),
        _("All sentences of this installation, with their labels and takes."),
        LABELS,
    ),
    Term(
        "sentence",
        pgettext_lazy("term", "sentence"),
        _("One text of the corpus. Speakers read it aloud, and voices are tried with it."),
        LABELS,
    ),
    Term(
        "style",
        pgettext_lazy("term", "style"),
        _(
            "A way of speaking: neutral, friendly, empathetic or professional. Each gets a "
            "voice of its own."
        ),
        LABELS,
    ),
    Term(
        "label",
        pgettext_lazy("term", "label"),
        _("The style that a sentence should be spoken in, as people decided."),
        LABELS,
    ),
    Term(
        "suggestion",
        pgettext_lazy("term", "suggestion"),
        _(
            "The style that the guide's rules propose for a sentence. It is no label until "
            "a person accepts it."
        ),
        LABELS,
    ),
    Term(
        "blind",
        pgettext_lazy("term", "labelled blind"),
        _(
            "A drawn share of the sentences is labelled by two people who do not see each "
            "other's choice, so that their agreement can be measured."
        ),
        LABELS,
    ),
    Term(
        "dispute",
        pgettext_lazy("term", "dispute"),
        _(
            "Two people chose different styles for a sentence without seeing each other's "
            "choice. A reviewer decides."
        ),
        LABELS,
    ),
    Term(
        "agreement",
        pgettext_lazy("term", "agreement (kappa, alpha)"),
        _(
            "How far labelers choose the same styles, beyond chance: 1 is always, 0 no more"
            " than by chance."
        ),
        LABELS,
    ),
    Term(
        "take",
        pgettext_lazy("term", "take"),
        _("One recording of one sentence in one style."),
        TAKES,
    ),
    Term(
        "consent",
        pgettext_lazy("term", "consent"),
        _(
            "A speaker's permission to use the takes for voices. Without it, or once it is "
            "withdrawn, no run uses them."
        ),
        TAKES,
    ),
    Term(
        "quality",
        pgettext_lazy("term", "quality of a take"),
        _(
            "0 to 1: whether the recording is technically usable and sounds like its style."
            " A person decides; the figure helps."
        ),
        TAKES,
    ),
    Term(
        "lufs",
        "LUFS",
        _("The unit of loudness as it is heard; higher is louder, speech lies at about -23."),
        TAKES,
    ),
    Term(
        "pitch",
        pgettext_lazy("term", "pitch (F0), semitones"),
        _("How high a voice speaks, in hertz. Twelve semitones are twice the frequency."),
        TAKES,
    ),
    Term(
        "run",
        pgettext_lazy("term", "run"),
        _(
            "One execution of a recipe: it makes targets, searches a voice for each style, "
            "and checks them."
        ),
        RUNS,
    ),
    Term(
        "recipe",
        pgettext_lazy("term", "recipe"),
        _("Everything that determines a run's result. The same recipe gives the same voices."),
        RUNS,
    ),
    Term(
        "fingerprint",
        pgettext_lazy("term", "fingerprint"),
        _("A short code of a recipe: two runs with the same one did the same."),
        RUNS,
    ),
    Term(
        "teacher",
        pgettext_lazy("term", "teacher"),
        _(
            "What speaks the target: your accepted takes, or an engine that clones a voice "
            "from one."
        ),
        RUNS,
    ),
    Term(
        "student",
        pgettext_lazy("term", "student"),
        _("The engine whose voice is evolved and later answers callers."),
        RUNS,
    ),
    Term(
        "prompt",
        pgettext_lazy("term", "prompt"),
        _("A take and its text that a cloning teacher takes the voice and the style from."),
        RUNS,
    ),
    Term(
        "target",
        pgettext_lazy("term", "target"),
        _(
            "The speech that a voice should sound like: clips in one style, by the teacher "
            "or given as files."
        ),
        RUNS,
    ),
    Term(
        "base-voice",
        pgettext_lazy("term", "base voice, stock voice"),
        _(
            "A voice that the student brings along. The search begins at the one nearest to"
            " the target."
        ),
        RUNS,
    ),
    Term(
        "search",
        pgettext_lazy("term", "search"),
        _("The part of a run that tries voices step by step and keeps those that score higher."),
        RUNS,
    ),
    Term(
        "step",
        pgettext_lazy("term", "step, candidate"),
        _("In each step of a search one voice, the candidate, is proposed, spoken and scored."),
        RUNS,
    ),
    Term(
        "seed",
        pgettext_lazy("term", "seed"),
        _("The number that random draws begin with: with the same one, a run can be repeated."),
        RUNS,
    ),
    Term(
        "worker",
        pgettext_lazy("term", "worker"),
        _(
            "A process on the server that does the work of runs and deployments. Without "
            "one, they wait."
        ),
        RUNS,
    ),
    Term(
        "score",
        pgettext_lazy("term", "score"),
        _(
            "0 to 100: how near a voice is to its target and how even it is, from the three"
            " similarities. No ear has judged it."
        ),
        FIGURES,
    ),
    Term(
        "held-out",
        pgettext_lazy("term", "held-out"),
        _(
            "Sentences that the search never used. Only figures on them tell how a voice "
            "does on new texts."
        ),
        FIGURES,
    ),
    Term(
        "similarity",
        pgettext_lazy("term", "similarity to the target"),
        _(
            "0 to 1: how alike a network for recognizing speakers finds the voice and its "
            "target. Above 0.7 it takes most for one person."
        ),
        FIGURES,
    ),
    Term(
        "self-similarity",
        pgettext_lazy("term", "self-similarity"),
        _("0 to 1: how alike the voice is to itself on different sentences; low means it wavers."),
        FIGURES,
    ),
    Term(
        "feature-similarity",
        pgettext_lazy("term", "feature similarity"),
        _("0 to 1: how near timbre, brightness, energy, pitch and pace are to the target's."),
        FIGURES,
    ),
    Term(
        "interval",
        pgettext_lazy("term", "interval (95 %)"),
        _(
            "The range in which a figure lies if other sentences are drawn. A change whose "
            "interval reaches 0 may be chance."
        ),
        FIGURES,
    ),
    Term(
        "naturalness",
        pgettext_lazy("term", "naturalness"),
        _("1 to 5: how natural listeners would find the speech, as a network predicts it."),
        FIGURES,
    ),
    Term(
        "start",
        pgettext_lazy("term", "start"),
        _("The voice that a search began with; gains are counted from it."),
        FIGURES,
    ),
    Term(
        "check",
        pgettext_lazy("term", "check"),
        _("A limit that the finished voice has to keep on held-out sentences, such as similarity."),
        FIGURES,
    ),
    Term(
        "voice-pack",
        pgettext_lazy("term", "voice pack"),
        _("The file that holds an evolved voice; the student speaks with it."),
        SERVICE,
    ),
    Term(
        "listening-test",
        pgettext_lazy("term", "listening test"),
        _("People compare voices without knowing which is which, sentence by sentence."),
        SERVICE,
    ),
    Term(
        "approval",
        pgettext_lazy("term", "approval"),
        _("A reviewer's decision, with a reason, that a voice may be deployed."),
        SERVICE,
    ),
    Term(
        "deployment",
        pgettext_lazy("term", "deployment"),
        _("A voice pack is handed to the speech service and answers callers from then on."),
        SERVICE,
    ),
    Term(
        "delivery",
        pgettext_lazy("term", "delivery"),
        _(
            "The speed, the gain and the pitch range that the service adds to a deployed voice, "
            "fitted to its target."
        ),
        SERVICE,
    ),
    Term(
        "speech-service",
        pgettext_lazy("term", "speech service"),
        _("The program that turns text into speech with the deployed voices, for other systems."),
        SERVICE,
    ),
)
TERMS: dict[str, Term] = {term.key: term for term in _TERMS}


@require_GET
@role_required(*ROLES)
def glossary(request: HttpRequest) -> HttpResponse:
    parts: dict[str | Promise, list[Term]] = {}
    for term in _TERMS:
        parts.setdefault(term.part, []).append(term)
    return render(request, "glossary.html", {"parts": list(parts.items())})
