"""Quality of takes: scored against the speaker's neutral voice, which is stored with the score."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from celery import current_app
from django.db import transaction
from django.db.models import Exists, OuterRef

from corpus.audio.checks import Check
from corpus.audio.profile import Baseline, Quality, quality
from corpus.audio.prosody import ANALYSER, Prosody
from corpus.models import ProsodyScore, Recording, Sentence, Speaker

BASELINE_STYLE = "neutral"
NEUTRAL_TAKES = 30  # a speaker's neutral voice is the mean of the first ones; further are not used
AT_ONCE = 100  # takes that are evaluated for one request or by one task
RESCORE = "corpus.tasks.waiting_rescore"
LEAST_CHANGE = 0.005  # of the quality: less is not shown, as it rounds to the same two digits


@dataclass(frozen=True)
class Rescore:
    """What evaluating a judged take again would change."""

    score: ProsodyScore
    quality: float
    baseline: dict[str, Any]

    @property
    def difference(self) -> float:
        return self.quality - self.score.quality


def score_write(recording: Recording, prosody: Prosody, checks: list[Check]) -> ProsodyScore:
    """Append a score of the current analyser, against the speaker's neutral voice of now."""
    judged, baseline = _judge(recording, prosody, checks, _neutral_of(recording.speaker_id))
    return ProsodyScore.objects.create(
        recording=recording,
        analyser=ANALYSER,
        quality=judged.score,
        parts=judged.to_json(),
        baseline=baseline,
        pitch_mean_hz=prosody.pitch_mean_hz,
        pitch_range_st=prosody.pitch_range_st,
        energy_std=prosody.energy_std,
        speech_rate=prosody.speech_rate,
        pause_ratio=prosody.pause_ratio,
        measures=prosody.to_json(),
    )


def baseline_changed(recording: Recording) -> None:
    """Score the speaker's waiting takes again: this one came to the neutral takes or left them.

    Takes that were judged keep the score they were judged with; see `takes_rescore`.
    """
    if recording.style.key != BASELINE_STYLE:
        return
    neutral = list(_neutral_takes(recording.speaker_id))
    if len(neutral) < NEUTRAL_TAKES or recording.pk <= neutral[-1]:
        waiting_rescore(speaker=recording.speaker_id)


@transaction.atomic
def waiting_rescore(*, speaker: int, after: int = 0) -> None:
    """Score the speaker's `AT_ONCE` oldest waiting takes after a key again; a task does the rest.

    The oldest are the next to be reviewed.
    """
    waiting = Recording.objects.filter(speaker=speaker, state=Recording.State.PENDING, pk__gt=after)
    takes = list(waiting.order_by("pk").values_list("pk", flat=True)[: AT_ONCE + 1])
    _rescore(speaker, takes[:AT_ONCE])
    if len(takes) > AT_ONCE:
        rest = {"speaker": speaker, "after": takes[AT_ONCE - 1]}
        send = partial(current_app.send_task, RESCORE, kwargs=rest)
        transaction.on_commit(send, robust=True)


def take_reopened(recording: Recording) -> None:
    """Score a take again that waits once more; the neutral voice may have changed meanwhile."""
    _rescore(recording.speaker_id, [recording.pk])


def rescore_preview(speaker: Speaker, *, after: int = 0) -> tuple[list[Rescore], int | None]:
    """Return the accepted takes whose quality the speaker's neutral voice of now would change.

    Looks at `AT_ONCE` takes after the one with the key `after`; also returns the last key, if there
    are more.
    """
    accepted = Recording.objects.filter(
        speaker=speaker, state=Recording.State.ACCEPTED, pk__gt=after
    )
    takes = list(accepted.order_by("pk").values_list("pk", flat=True)[: AT_ONCE + 1])
    neutral, found = _neutral_of(speaker.pk), []
    for score in _newest(speaker.pk, recording__in=takes[:AT_ONCE]):
        judged, baseline = _judge_again(score, neutral)
        if abs(judged.score - score.quality) >= LEAST_CHANGE:
            found.append(Rescore(score, judged.score, baseline))
    return found, takes[AT_ONCE - 1] if len(takes) > AT_ONCE else None


@transaction.atomic
def takes_rescore(*, speaker: Speaker, takes: Iterable[int], person: Any) -> int:
    """Append a score by the neutral voice of now to these accepted takes; return how many."""
    neutral, accepted = _neutral_of(speaker.pk), Recording.State.ACCEPTED
    sentences = _sentences_lock(takes := set(takes))
    chosen = _newest(speaker.pk, recording__state=accepted, recording__in=takes)
    for score in chosen:
        judged, baseline = _judge_again(score, neutral)
        score.pk, score._state.adding = None, True
        score.quality, score.parts, score.baseline = judged.score, judged.to_json(), baseline
        score.rescored_by = person
        score.save(force_insert=True)
    Recording.objects.filter(sentence__in=sentences).rank()
    return len(chosen)


def _sentences_lock(takes: set[int]) -> list[int]:
    rows = Sentence.objects.filter(pk__in=Recording.objects.filter(pk__in=takes).values("sentence"))
    return list(rows.select_for_update().order_by("pk").values_list("pk", flat=True))


def _rescore(speaker: int, takes: list[int]) -> None:
    """Change the scores of those of these takes that wait, unless they are just being judged."""
    neutral, pending = _neutral_of(speaker), Recording.State.PENDING
    rows = Recording.objects.filter(pk__in=takes, state=pending).select_for_update(skip_locked=True)
    scores = _newest(speaker, recording__in=list(rows.values_list("pk", flat=True)))
    for score in scores:
        judged, score.baseline = _judge_again(score, neutral)
        score.quality, score.parts = judged.score, judged.to_json()
        score.recording.quality = score.quality
    ProsodyScore.objects.bulk_update(scores, ["quality", "parts", "baseline"], batch_size=200)
    scored = [score.recording for score in scores]
    Recording.objects.bulk_update(scored, ["quality"], batch_size=200)


def _newest(speaker: int, **which: Any) -> list[ProsodyScore]:
    """Return the newest score of the current analyser of each of the speaker's takes."""
    rows = ProsodyScore.objects.filter(recording__speaker=speaker, analyser=ANALYSER, **which)
    rows = rows.select_related("recording__style", "recording__sentence").order_by("pk")
    return list({score.recording_id: score for score in rows}.values())


def _judge_again(score: ProsodyScore, neutral: "_NeutralVoice") -> tuple[Quality, dict[str, Any]]:
    checks = [Check.from_json(check) for check in score.recording.checks]
    return _judge(score.recording, Prosody.from_json(score.measures), checks, neutral)


def _judge(
    recording: Recording, prosody: Prosody, checks: list[Check], neutral: "_NeutralVoice"
) -> tuple[Quality, dict[str, Any]]:
    """Return the quality relative to the speaker's other neutral takes, and their baseline."""
    n, baseline = neutral.without(recording.pk)
    judged = quality(prosody, checks, recording.style.profile, baseline)
    return judged, {"takes": n} | (asdict(baseline) if baseline else {})


def _neutral_takes(speaker: int) -> Any:
    """Return the keys of the takes that are the speaker's neutral voice, in order."""
    scores = ProsodyScore.objects.filter(recording=OuterRef("pk"), analyser=ANALYSER)
    takes = Recording.objects.filter(Exists(scores), speaker=speaker, style__key=BASELINE_STYLE)
    left = takes.exclude(state=Recording.State.REJECTED).order_by("pk")
    return left.values_list("pk", flat=True)[:NEUTRAL_TAKES]


def _neutral_of(speaker: int) -> "_NeutralVoice":
    scores = ProsodyScore.objects.filter(
        recording__in=list(_neutral_takes(speaker)), analyser=ANALYSER
    )
    rows = scores.order_by("pk").values_list("recording_id", "measures")
    return _NeutralVoice({pk: Prosody.from_json(measures) for pk, measures in rows})


class _NeutralVoice:
    """The neutral takes of a speaker, and their mean without one of them."""

    def __init__(self, takes: dict[int, Prosody]) -> None:
        self._takes = takes
        self._found: dict[int | None, tuple[int, Baseline | None]] = {}

    def without(self, take: int) -> tuple[int, Baseline | None]:
        """Return how many takes there are beside this one, and their mean."""
        left_out = take if take in self._takes else None
        if left_out not in self._found:
            others = [prosody for pk, prosody in self._takes.items() if pk != left_out]
            self._found[left_out] = len(others), Baseline.of(others)
        return self._found[left_out]
