"""A listener's part in a test: trials, sounds sent and played, votes, undo, the end."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from distillation.listening_tests.design import PlannedTrial, plan
from distillation.listening_tests.models import (
    Invitation,
    Listener,
    ListeningTest,
    ListeningVote,
    Playing,
    PreparedSound,
    Trial,
)
from distillation.listening_tests.scales import SCALES, Kind, Sound
from distillation.listening_tests.services.access import can_listen
from distillation.listening_tests.services.errors import ListeningError

LEAST_SHARE = 0.8  # of a sound's duration must pass before it can have been played to its end


def listener_join(*, test: ListeningTest, person: Any) -> Listener:
    """Let a signed-in person take part; return the same part again later.

    Raises
    ------
    ListeningError
        `closed`: no new listeners.
    """
    with transaction.atomic():
        test = ListeningTest.objects.select_for_update().get(pk=test.pk)
        if part := test.listeners.filter(user=person).first():
            return part
        name = person.get_full_name() or person.username
        most = Listener._meta.get_field("name").max_length
        return listener_add(test=test, name=name[:most], user=person)


def listener_add(
    *,
    test: ListeningTest,
    name: str,
    user: Any = None,
    invitation: Invitation | None = None,
) -> Listener:
    """Add a listener with their trials; the caller holds the test's lock."""
    listener = Listener(
        test=test, number=test.listeners.count(), name=name, user=user, invitation=invitation
    )
    if not can_listen(listener):
        raise ListeningError("closed", _("This test takes no more listeners."))
    listener.save()
    voices = {voice.position: voice.is_reference for voice in test.voices.all()}
    planned = plan(
        Kind(test.kind),
        [position for position, is_reference in voices.items() if not is_reference],
        len(test.texts),
        listener=listener.number,
        seed=test.seed,
        reference=next((position for position, is_x in voices.items() if is_x), None),
    )
    _trials_store(listener, planned)
    return listener


def _trials_store(listener: Listener, planned: tuple[PlannedTrial, ...]) -> None:
    rows = PreparedSound.objects.filter(voice__test=listener.test).select_related("voice")
    sounds = {(row.voice.position, row.sentence, row.degraded): row for row in rows}

    def sound_of(trial: PlannedTrial, sound: Sound | None) -> PreparedSound | None:
        return sounds[sound.voice, trial.sentence, sound.degraded] if sound else None

    trials = []
    for position, trial in enumerate(planned):
        sides = [sound_of(trial, sound) for sound in trial.sides]
        trials.append(
            Trial(
                listener=listener,
                position=position,
                purpose=trial.purpose,
                sentence=trial.sentence,
                sound_a=sides[0],
                sound_b=sides[1] if len(sides) > 1 else None,
                sound_x=sound_of(trial, trial.reference),
            )
        )
    Trial.objects.bulk_create(trials)


def votes_standing(listener: Listener) -> dict[int, ListeningVote]:
    """Return the newest row of each trial that was voted on, unless it takes the vote back."""
    rows = ListeningVote.objects.filter(trial__listener=listener).order_by("pk")
    newest = {row.trial_id: row for row in rows}
    return {pk: row for pk, row in newest.items() if row.value is not None}


def trial_current(listener: Listener) -> Trial | None:
    """Return the first trial without a vote, and note when it was first shown."""
    return trials_next(listener)[0]


def trials_next(listener: Listener) -> tuple[Trial | None, Trial | None]:
    """Return the current trial, as `trial_current` does, and the one after it.

    The sounds of the latter may be sent ahead; they cannot count as played before it is shown.
    """
    voted = votes_standing(listener)
    rows = listener.trials.exclude(pk__in=voted).select_related("sound_a", "sound_b", "sound_x")
    trial, following = [*rows[:2], None, None][:2]
    if trial and trial.opened_at is None:
        trial.opened_at = timezone.now()
        trial.save(update_fields=["opened_at"])
    return trial, following


def sound_send(*, trial: Trial, side: str) -> bytes:
    """Return the sound of a side, and note that it was sent."""
    sound = trial.sounds[side]
    Playing.objects.get_or_create(trial=trial, side=side)
    with sound.file.open() as file:
        return bytes(file.read())


def sound_played(*, trial: Trial, side: str) -> None:
    """Note that a side was played to its end.

    Raises
    ------
    ListeningError
        `not_sent`, or `too_soon`: less time has passed than the sounds take.
    """
    with transaction.atomic():
        playing = Playing.objects.filter(trial=trial, side=side).first()
        if playing is None or trial.opened_at is None:
            raise ListeningError("not_sent", _("This sound was not played yet."))
        others = trial.playings.exclude(played_at=None).exclude(side=side).count()
        least_s = LEAST_SHARE * trial.sound_a.duration_s * (others + 1)
        if timezone.now() < trial.opened_at + timedelta(seconds=least_s):
            raise ListeningError("too_soon", _("Play both sounds to the end first."))
        Playing.objects.filter(pk=playing.pk, played_at=None).update(played_at=timezone.now())


def vote_cast(*, trial: Trial, value: int) -> None:
    """Store an answer to the current trial.

    Raises
    ------
    ListeningError
        `closed`, `bad_value`, `not_played`, or `elsewhere`: another trial is the current one.
    """
    if value not in SCALES[Kind(trial.listener.test.kind)].answers:
        raise ListeningError("bad_value", _("This is no answer of the scale."))
    with transaction.atomic():
        listener = _locked(trial.listener)
        standing = votes_standing(listener).get(trial.pk)
        if standing and standing.value == value:
            return  # sent again, as its confirmation was lost
        if trial_current(listener) != trial:
            raise ListeningError("elsewhere", _("The test went on elsewhere; here is its place."))
        played = set(trial.playings.exclude(played_at=None).values_list("side", flat=True))
        if played != set(trial.sounds):
            raise ListeningError("not_played", _("Play every sound to its end before you answer."))
        ListeningVote.objects.create(trial=trial, value=value)


def vote_undo(*, listener: Listener) -> None:
    """Take the last answer back; its trial is the current one again."""
    with transaction.atomic():
        standing = votes_standing(_locked(listener))
        last = max(standing.values(), key=lambda vote: vote.pk, default=None)
        if last is None:
            raise ListeningError("nothing", _("There is no answer to take back."))
        ListeningVote.objects.create(trial=last.trial, value=None)


def listener_finish(*, listener: Listener) -> None:
    """End a listener's part; their answers stay, and none can follow."""
    Listener.objects.filter(pk=listener.pk, finished_at=None).update(finished_at=timezone.now())


def _locked(listener: Listener) -> Listener:
    locked: Listener = (
        Listener.objects.select_for_update(of=("self",)).select_related("test").get(pk=listener.pk)
    )
    if locked.finished_at or not can_listen(locked):
        raise ListeningError("closed", _("Your part of this test has ended."))
    return locked
