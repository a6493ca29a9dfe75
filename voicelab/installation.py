"""What a new installation still needs from its administrator, in an order that works."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils.translation import gettext as _

from corpus.models import Sentence, StyleLabel
from distillation.engines import natural_student
from distillation.services.in_use import engines_in_use
from distillation.services.recovery import worker_is_there
from voicelab.roles import LABELER, REVIEWER, ROLE_NAMES, SPEAKER


@dataclass(frozen=True, kw_only=True)
class Missing:
    """What is missing, and the command or the page that brings it."""

    text: str
    command: str = ""
    href: str = ""
    action: str = ""


def missing() -> list[Missing]:
    """Return what is missing, first things first."""
    return list(_missing())


def _missing() -> Iterator[Missing]:
    if not StyleLabel.objects.exists():
        yield Missing(
            text=_("Load the four styles and 127 sentences that come with Voice Lab:"),
            command="manage.py load_corpus",
        )
    elif not Sentence.objects.exists():
        yield Missing(
            text=_("The corpus has no sentences."),
            href=reverse("sentences_import"),
            action=_("Import sentences"),
        )
    if roles := _roles_without_people():
        yield Missing(
            text=_("Nobody has the role: %(roles)s.") % {"roles": ", ".join(roles)},
            href=reverse("people"),
            action=_("Add people"),
        )
    if not engines_in_use().natural_is_here:
        yield Missing(
            text=_("For voices that sound natural, fetch Kokoro's files:"),
            command=natural_student().install_hint,
        )
    if not worker_is_there():
        yield Missing(
            text=_("No worker is alive, so runs and deployments would wait:"),
            command="celery -A voicelab worker",
        )


def _roles_without_people() -> list[str]:
    held = set(Group.objects.filter(user__is_active=True).values_list("name", flat=True))
    return [str(ROLE_NAMES[role]) for role in (LABELER, SPEAKER, REVIEWER) if role not in held]
