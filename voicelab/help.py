"""Help for each role: what to do, in which order, with a picture of each page."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from voicelab.roles import (
    ADMIN,
    LABELER,
    REVIEWER,
    ROLE_NAMES,
    ROLES,
    SPEAKER,
    role_required,
    roles_of,
)


@dataclass(frozen=True)
class Part:
    """One thing to do: how, its page and the name of its picture (`static/help/{language}`)."""

    title: str | Promise
    text: tuple[str | Promise, ...]
    page: str
    picture: str


GUIDES: dict[str, tuple[Part, ...]] = {
    LABELER: (
        Part(
            _("Give sentences a style"),
            (
                _(
                    "Read the sentence as a caller would hear it, and choose the style it "
                    "should be spoken in. The suggestion comes from rules: accept it only if "
                    "you agree."
                ),
                _(
                    "Every choice is saved at once, and can be undone. The filters above narrow"
                    " the list."
                ),
            ),
            "label",
            "label",
        ),
        Part(
            _("One by one, with the keyboard"),
            (
                _(
                    "Keys 1 to 4 choose a style, Enter accepts the suggestion, and the next "
                    "sentence follows. Choices are kept while the connection is away."
                ),
                _(
                    "Some sentences are labelled by two people who do not see each other's "
                    "choice. If they differ, a reviewer decides: nothing was wrong with your "
                    "choice."
                ),
            ),
            "focus",
            "focus",
        ),
        Part(
            _("Accept many suggestions at once"),
            (
                _(
                    "Choose a list or a category, look through its suggestions, and accept them"
                    " together. One click undoes it."
                ),
            ),
            "label_accept",
            "accept",
        ),
    ),
    SPEAKER: (
        Part(
            _("Say what your voice may be used for"),
            (
                _(
                    "Before the first take you read and agree to what your voice is used for. "
                    "You can withdraw it at any time: from then on no new run uses your takes."
                ),
            ),
            "consent",
            "consent",
        ),
        Part(
            _("Record in the studio"),
            (
                _(
                    "Check the microphone once in a quiet room, then read sentence after "
                    "sentence in the style that is named. The advice after a take says what to "
                    "change first."
                ),
                _(
                    "A take stays in this browser until the server has it, so nothing is lost "
                    "when the connection drops."
                ),
            ),
            "studio",
            "studio",
        ),
        Part(
            _("What became of your takes"),
            (
                _(
                    "Your takes, with their quality and the reviewer's verdict. What was sent "
                    "back says why; record it again. Finished files can be sent singly or as a "
                    "ZIP."
                ),
            ),
            "takes",
            "takes",
        ),
    ),
    REVIEWER: (
        Part(
            _("Judge takes"),
            (
                _(
                    "Listen, then accept with A or send back with a reason. The quality figure "
                    "helps; your ears decide. U takes the last verdict back."
                ),
            ),
            "listening",
            "listening",
        ),
        Part(
            _("Decide disputes"),
            (
                _(
                    "Where two people chose different styles without seeing each other's "
                    "choice, you choose one and say why."
                ),
            ),
            "label_disputes",
            "disputes",
        ),
        Part(
            _("Judge voices"),
            (
                _(
                    "When a run has ended, listen to target, start and evolved voice, look at "
                    "what got worse on held-out sentences, and approve or reject with a reason."
                    " Only an approved voice can be deployed."
                ),
            ),
            "runs",
            "review",
        ),
    ),
    ADMIN: (
        Part(
            _("People and roles"),
            (
                _(
                    "Add people, give them roles, and hand them the one-time link with which "
                    "they choose a password. An admin holds every role."
                ),
            ),
            "people",
            "people",
        ),
        Part(
            _("Launch a run"),
            (
                _(
                    "The page says what is still missing: five accepted takes in each style, "
                    "the student's files, a worker. Choose how thorough the search is; the rest"
                    " can stay as it is."
                ),
            ),
            "run_launch",
            "launch",
        ),
        Part(
            _("Watch a run"),
            (
                _(
                    "Listen to the best voice so far of each style, and see the score rise. A "
                    "run can be paused, resumed and cancelled; finished work is kept."
                ),
            ),
            "runs",
            "run",
        ),
        Part(
            _("Deploy voices"),
            (
                _(
                    "Choose among the approved voices and deploy them; the speech service takes"
                    " them over within seconds. Earlier voices can be deployed again."
                ),
            ),
            "voices",
            "voices",
        ),
    ),
}


@require_GET
@role_required(*ROLES)
def help_page(request: HttpRequest) -> HttpResponse:
    """List the guides, those of this person's roles first."""
    mine = roles_of(request.user)
    mine = frozenset({ADMIN}) if ADMIN in mine else mine
    first = sorted(GUIDES, key=lambda role: role not in mine)
    guides = [(role, ROLE_NAMES[role], GUIDES[role], role in mine) for role in first]
    return render(request, "help/index.html", {"guides": guides})


@require_GET
@role_required(*ROLES)
def help_role(request: HttpRequest, role: str) -> HttpResponse:
    if role not in GUIDES:
        raise Http404
    language = "es" if (get_language() or "es").startswith("es") else "en"
    context = {
        "role": role,
        "name": ROLE_NAMES[role],
        "parts": [(part, f"help/{language}/{part.picture}.webp") for part in GUIDES[role]],
    }
    return render(request, "help/role.html", context)
