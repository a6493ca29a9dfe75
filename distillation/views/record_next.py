"""The page that says which takes would help most next, and opens the studio on them."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET

from corpus.models import Speaker
from corpus.services.speakers import speaker_of
from distillation.services.recording_needs import BANDS, SOUNDS, Cell, recording_needs
from voicelab.request_values import row_chosen
from voicelab.roles import ADMIN, REVIEWER, SPEAKER, role_required, roles_of

LENGTHS = (gettext_lazy("short"), gettext_lazy("medium"), gettext_lazy("long"))
# By length, and whether a sound is named.
WITHOUT: dict[tuple[int, bool], Any] = {
    (0, False): gettext_lazy("There is no take of a short sentence yet."),
    (1, False): gettext_lazy("There is no take of a medium sentence yet."),
    (2, False): gettext_lazy("There is no take of a long sentence yet."),
    (0, True): gettext_lazy("There is no take of a short sentence with “%(letters)s” yet."),
    (1, True): gettext_lazy("There is no take of a medium sentence with “%(letters)s” yet."),
    (2, True): gettext_lazy("There is no take of a long sentence with “%(letters)s” yet."),
}


@require_GET
@role_required(SPEAKER, REVIEWER, ADMIN)
def record_next(request: HttpRequest) -> HttpResponse:
    own, sees_all = speaker_of(request.user), bool({REVIEWER, ADMIN} & roles_of(request.user))
    if own is None and not sees_all:
        return redirect(f"{reverse('consent')}?{urlencode({'next': request.path})}")
    speaker = _chosen(request, own, sees_all=sees_all)
    needs = recording_needs(speaker)
    context = {
        "needs": needs,
        "groups": [
            (needs.rows[at][0].style, list(zip(LENGTHS, needs.rows[at : at + 3], strict=True)))
            for at in range(0, len(needs.rows), len(BANDS) + 1)
        ],
        "sounds": SOUNDS.values(),
        "suggestions": [
            (one, LENGTHS[one.cell.band], _reasons(one.cell)) for one in needs.suggestions
        ],
        "speaker": speaker,
        "speakers": Speaker.objects.filter(withdrawn_at=None) if sees_all else [],
        "may_record": SPEAKER in roles_of(request.user) and speaker == own,
        "labelled": any(cell.sentences for row in needs.rows for cell in row),
        "short": BANDS[0],
        "long": BANDS[1] + 1,
    }
    return render(request, "distillation/record_next.html", context)


def _chosen(request: HttpRequest, own: Speaker | None, *, sees_all: bool) -> Speaker | None:
    """Return the speaker whose takes count: one's own, or whom a reviewer chose."""
    asked = request.GET.get("speaker", "")
    if not sees_all or (own and not asked):
        return own
    return Speaker.objects.filter(pk=row_chosen(asked)).first()


def _reasons(cell: Cell) -> list[str]:
    """Return in plain words why a cell is suggested."""
    found = []
    if not cell.takes:
        found.append(str(WITHOUT[cell.band, bool(cell.sound)]) % {"letters": cell.letters})
    if cell.is_weak and cell.score and cell.mean:
        text = _(
            "The last voice resembled the speaker least here: similarity %(score)s, on average "
            "%(mean)s."
        )
        found.append(text % {"score": _two(cell.score), "mean": _two(cell.mean)})
    if cell.takes and not cell.is_weak:
        text = ngettext(
            "There is only %(n)s take of such a sentence.",
            "There are only %(n)s takes of such sentences.",
            cell.takes,
        )
        found.append(text % {"n": cell.takes})
    return found


def _two(value: float) -> str:
    return number_format(round(value, 2), 2)
