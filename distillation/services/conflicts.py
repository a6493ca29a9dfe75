"""Two people change a voice at once: the first request counts, the other is refused."""

from collections.abc import Collection, Mapping

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from distillation.models import Deployment, VoicePack
from distillation.services.errors import RunError

Action = Deployment.Action
Seen = Mapping[str, int]  # by voice: the deployment that was looked at, 0 for none


def conflict_check(voices: Collection[str], seen: Seen) -> None:
    """Lock voices against other requests; raise if one was changed since it was looked at.

    Raises
    ------
    RunError
        `conflict`, naming who changed it and when.
    """
    packs = VoicePack.objects.evolved().filter(style__in=voices).order_by("pk")
    list(packs.select_for_update().values_list("pk"))  # all requests for a voice lock the same
    last = Deployment.objects.filter(voice__in=voices).last_of(str(settings.VOICES_DIR))
    for voice, pk in last.items():
        if pk != seen.get(voice, 0):
            row = Deployment.objects.select_related("person").get(pk=pk)
            raise RunError("conflict", _conflict_words(row))


def _conflict_words(row: Deployment) -> str:
    said = {
        Action.DEPLOY: _("%(voice)s: %(person)s deployed another version on %(when)s."),
        Action.ROLL_BACK: _("%(voice)s: %(person)s rolled it back on %(when)s."),
        Action.RETURN: _("%(voice)s: its former version came back by itself on %(when)s."),
        Action.RETIRE: _("%(voice)s: %(person)s retired it on %(when)s."),
    }[Action(row.action)]
    when = date_format(timezone.localtime(row.created_at), "SHORT_DATETIME_FORMAT")
    said %= {"voice": row.voice, "person": row.person, "when": when}
    return f"{said} {_('You had not seen that yet, so nothing was changed. Look again.')}"
