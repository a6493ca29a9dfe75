"""Results of a test, kept until there are newer votes; who is how far; the votes as rows."""

from collections.abc import Iterator
from typing import Any

from distillation.listening_tests.analysis import Ends, analyse
from distillation.listening_tests.models import (
    ComparedVoice,
    Listener,
    ListeningResult,
    ListeningTest,
    ListeningVote,
    PreparedSound,
)
from distillation.listening_tests.reliability import Ballot
from distillation.listening_tests.scales import Kind, Purpose, Sound

Role = ComparedVoice.Role
SOUNDS = ("sound_a", "sound_b", "sound_x")


def votes_of(test: ListeningTest) -> list[ListeningVote]:
    """Return the votes that stand, in the order of listeners and trials."""
    of_sounds = [f"trial__{name}__voice" for name in SOUNDS]
    rows = ListeningVote.objects.filter(trial__listener__test=test).order_by("pk")
    newest = {row.trial_id: row for row in rows.select_related("trial__listener", *of_sounds)}
    standing = [row for row in newest.values() if row.value is not None]
    return sorted(standing, key=lambda row: (row.trial.listener.number, row.trial.position))


def result_of(test: ListeningTest) -> ListeningResult | None:
    """Return the results of the votes so far; None before the first."""
    votes = ListeningVote.objects.filter(trial__listener__test=test)
    last = votes.order_by("-pk").values_list("pk", flat=True).first()
    if last is None:
        return None
    kept = test.results.filter(last_vote=last).first()
    return kept or _measured(test, last)


def _measured(test: ListeningTest, last: int) -> ListeningResult:
    voices = list(test.voices.all())
    judged = [voice.position for voice in voices if not voice.is_reference]
    ballots = [_ballot(row) for row in votes_of(test)]
    figures = analyse(Kind(test.kind), judged, ballots, _ends(voices))
    return ListeningResult.objects.create(test=test, last_vote=last, figures=figures)


def _ballot(row: ListeningVote) -> Ballot:
    trial = row.trial
    sides = tuple(_sound(one) for one in (trial.sound_a, trial.sound_b) if one)
    return Ballot(
        trial.listener.number, Purpose(trial.purpose), trial.sentence, sides, row.value or 0
    )


def _sound(row: PreparedSound) -> Sound:
    return Sound(row.voice.position, row.degraded)


def _ends(voices: list[ComparedVoice]) -> Ends | None:
    """Return the voice under test, the stock voice (or the start) and the target, if all play."""
    by_role = {voice.role: voice.position for voice in reversed(voices)}
    low = by_role.get(Role.STOCK, by_role.get(Role.START))
    high = by_role.get(Role.TARGET, by_role.get(Role.HUMAN))
    voice = by_role.get(Role.EVOLVED)
    return None if voice is None or low is None or high is None else (voice, low, high)


def progress_of(test: ListeningTest) -> list[dict[str, Any]]:
    """Return each listener with trials done and in all."""
    done: dict[int, int] = {}
    for row in votes_of(test):
        done[row.trial.listener_id] = done.get(row.trial.listener_id, 0) + 1
    listeners = test.listeners.select_related("user").prefetch_related("trials")
    return [
        {"listener": one, "done": done.get(one.pk, 0), "total": len(one.trials.all())}
        for one in listeners
    ]


def vote_rows(test: ListeningTest) -> Iterator[dict[str, Any]]:
    """Yield every standing vote with what was played, for export."""
    result = result_of(test)
    excluded = set(result.figures["excluded"]) if result else set()
    for row in votes_of(test):
        trial, listener = row.trial, row.trial.listener
        yield {
            "test": test.pk,
            "kind": test.kind,
            "style": test.style,
            "listener": listener.number + 1,
            "name": listener.name,
            "excluded": listener.number in excluded,
            "trial": trial.position + 1,
            "purpose": trial.purpose,
            "sentence": trial.sentence + 1,
            "text": test.texts[trial.sentence],
            **{name[-1]: _played(getattr(trial, name)) for name in SOUNDS},
            "answer": row.value,
            "voted_at": row.created_at.isoformat(),
        }


def _played(sound: PreparedSound | None) -> str:
    if sound is None:
        return ""
    mark = " degraded" if sound.degraded else ""
    return f"run {sound.voice.style_run.run_id} {sound.voice.role}{mark}"


def export_of(test: ListeningTest) -> dict[str, Any]:
    """Return all about a test as plain JSON types: voices, sounds, listeners, results, votes."""
    result = result_of(test)
    return {
        "test": test.pk,
        "kind": test.kind,
        "run": test.run_id,
        "style": test.style,
        "created": test.created_at.isoformat(),
        "closed": test.closed_at and test.closed_at.isoformat(),
        "sentences": test.texts,
        "voices": [_voice_json(voice) for voice in test.voices.prefetch_related("sounds")],
        "listeners": [_listener_json(row) for row in progress_of(test)],
        "results": result and result.figures,
        "votes": list(vote_rows(test)),
    }


def _voice_json(voice: ComparedVoice) -> dict[str, Any]:
    return {
        "position": voice.position,
        "role": voice.role,
        "run": voice.style_run.run_id,
        "pack_sha256": voice.pack.sha256 if voice.pack else None,
        "reference": voice.is_reference,
        "sounds": [
            {
                "sentence": sound.sentence + 1,
                "degraded": sound.degraded,
                "source": sound.source,
                "loudness_lufs": round(sound.loudness_lufs, 2),
                "duration_s": round(sound.duration_s, 3),
            }
            for sound in voice.sounds.all()
        ],
    }


def _listener_json(row: dict[str, Any]) -> dict[str, Any]:
    listener: Listener = row["listener"]
    return {
        "listener": listener.number + 1,
        "name": listener.name,
        "signed_in": listener.user_id is not None,
        "done": row["done"],
        "total": row["total"],
        "joined": listener.joined_at.isoformat(),
        "finished": listener.finished_at and listener.finished_at.isoformat(),
    }
