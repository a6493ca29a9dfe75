"""Verdicts on takes: append one, take one's own back; nothing a reviewer said is overwritten."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from corpus.models import Recording, TakeVerdict
from corpus.services.takes import baseline_changed


class VerdictConflict(Exception):
    """Somebody judged meanwhile, or there is nothing to take back; the message says which."""


def take_judge(
    *, recording: Recording, person: Any, state: str, reason: str = "", seen: int | None = None
) -> TakeVerdict:
    """Append a reviewer's verdict and let it be the take's state.

    `seen` is the newest verdict the reviewer was shown, 0 where there was none; VerdictConflict
    if it is no longer the newest. None: whatever came before.
    """
    with transaction.atomic():
        Recording.objects.select_for_update().get(pk=recording.pk)
        if seen is not None and verdict_newest(recording) != seen:
            raise VerdictConflict(_("Somebody judged this take meanwhile; their verdict stands."))
        return _append(recording, person=person, state=state, reason=reason)


def verdict_newest(recording: Recording) -> int:
    """Return the key of the last thing said about a take, 0 before the first."""
    return recording.verdicts.values_list("pk", flat=True).order_by("-pk").first() or 0


def verdict_undo(*, recording: Recording, person: Any) -> TakeVerdict:
    """Append a verdict that restores what was there before the person's own, if that is on top.

    It carries the state and the reason that count again; VerdictConflict if the verdict that
    counts is somebody else's, or there is none.
    """
    with transaction.atomic():
        Recording.objects.select_for_update().get(pk=recording.pk)
        standing = list(TakeVerdict.objects.standing().filter(recording=recording)[:2])
        if not standing or standing[0].person_id != person.pk:
            raise VerdictConflict(_("There is no verdict of yours to take back."))
        before = standing[1] if len(standing) > 1 else None
        state = before.state if before else Recording.State.PENDING
        reason = before.reason if before else ""
        undone = standing[0]
        return _append(recording, person=person, state=state, reason=reason, undoes=undone)


def verdict_last(*, person: Any, recording: Recording | None = None) -> TakeVerdict | None:
    """Return the person's newest verdict, on this take or on any, if it could be taken back."""
    rows = TakeVerdict.objects.standing().select_related("recording__sentence")
    mine = rows.filter(person=person, **({"recording": recording} if recording else {})).first()
    if mine is None:
        return None
    later = rows.filter(recording=mine.recording_id, pk__gt=mine.pk)
    return None if later.exists() else mine


def _append(recording: Recording, **said: Any) -> TakeVerdict:
    verdict = TakeVerdict.objects.create(recording=recording, **said)
    recording.state = verdict.state
    recording.save(update_fields=["state"])
    baseline_changed(recording)
    return verdict
