"""Verdicts on takes, append-only: add one, undo one's own."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from corpus.models import Recording, Sentence, TakeVerdict
from corpus.services.take_scores import baseline_changed, take_reopened
from voicelab.operations.audit import Act, act_record


class VerdictConflict(Exception):
    """Somebody else added a verdict, or there is nothing to undo; the message says which."""


def take_judge(
    *, recording: Recording, person: Any, state: str, reason: str = "", seen: int | None = None
) -> TakeVerdict:
    """Append a reviewer's verdict and set the take's state to it.

    `seen` is the pk of the newest verdict shown to the reviewer, 0 if there was none;
    VerdictConflict if it is no longer the newest. None skips this check.
    """
    with transaction.atomic():
        _lock(recording)
        if seen is not None and verdict_newest(recording) != seen:
            raise VerdictConflict(_("Somebody judged this take meanwhile; their verdict stands."))
        return _append(recording, person=person, state=state, reason=reason)


def verdict_newest(recording: Recording) -> int:
    """Return the pk of a take's newest verdict, 0 if there is none."""
    return recording.verdicts.values_list("pk", flat=True).order_by("-pk").first() or 0


def verdict_undo(*, recording: Recording, person: Any) -> TakeVerdict:
    """Append a verdict that restores the state from before the person's own latest verdict.

    It has the restored state and reason; VerdictConflict if the current verdict is somebody
    else's or there is none.
    """
    with transaction.atomic():
        _lock(recording)
        standing = list(TakeVerdict.objects.standing().filter(recording=recording)[:2])
        if not standing or standing[0].person_id != person.pk:
            raise VerdictConflict(_("You have no verdict to undo."))
        before = standing[1] if len(standing) > 1 else None
        state = before.state if before else Recording.State.PENDING
        reason = before.reason if before else ""
        undone = standing[0]
        return _append(recording, person=person, state=state, reason=reason, undoes=undone)


def verdict_last(*, person: Any, recording: Recording | None = None) -> TakeVerdict | None:
    """Return the person's newest verdict, on this take or on any, if it can be undone."""
    rows = TakeVerdict.objects.standing().select_related("recording__sentence")
    mine = rows.filter(person=person, **({"recording": recording} if recording else {})).first()
    if mine is None:
        return None
    later = rows.filter(recording=mine.recording_id, pk__gt=mine.pk)
    return None if later.exists() else mine


def _lock(recording: Recording) -> None:
    """Lock the take's sentence: a verdict may change which of its takes is the best."""
    Sentence.objects.select_for_update().get(pk=recording.sentence_id)
    recording.refresh_from_db(fields=["state"])


def _append(recording: Recording, **said: Any) -> TakeVerdict:
    verdict = TakeVerdict.objects.create(recording=recording, **said)
    rejected, before = Recording.State.REJECTED, recording.state
    recording.state = verdict.state
    recording.save(update_fields=["state"])
    if recording.state == Recording.State.PENDING:
        take_reopened(recording)
    if (recording.state == rejected) != (before == rejected):
        baseline_changed(recording)
    Recording.objects.filter(sentence=recording.sentence_id).rank()
    told = {"take": recording.pk, "state": verdict.state, "reason": verdict.reason}
    act_record(Act.TAKE_JUDGED, person=verdict.person, about=recording, **told)
    return verdict
