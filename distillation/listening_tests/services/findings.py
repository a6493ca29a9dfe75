"""What listeners found, for other pages: a voice's result, and where ear and score disagree."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from distillation.listening_tests.models import ComparedVoice, ListeningTest
from distillation.listening_tests.scales import SCALES, Kind
from distillation.listening_tests.services.results import result_of
from distillation.models import Run, VoicePack

Role = ComparedVoice.Role
AGAINST = (Role.DEPLOYED, Role.STOCK, Role.START)  # what a voice is best compared with
MIN_LISTENERS = 2  # one listener's ears do not refute a score


@dataclass(frozen=True)
class Summary:
    """How listeners judged a voice against another one.

    Attributes
    ----------
    test : ListeningTest
    against : ComparedVoice
        The voice in service, else the best stock voice, else the start.
    value, low, high : float
        Share of votes (preference, ABX) or difference (CMOS, MOS) in favour of the voice, with
        its 95 % interval; the limits are None if unknown.
    null : float
        The value if the voices do not differ.
    votes, listeners : int
    measured_at : datetime
    """

    test: ListeningTest
    against: ComparedVoice
    value: float
    low: float | None
    high: float | None
    null: float
    votes: int
    listeners: int
    measured_at: datetime

    @property
    def verdict(self) -> str:
        """`better`, `worse` or `open`, if the interval contains no difference."""
        if self.low is None or self.high is None or self.low <= self.null <= self.high:
            return "open"
        return "better" if self.value > self.null else "worse"


@dataclass(frozen=True)
class Disagreement:
    """Listeners prefer a voice whose score is lower.

    Attributes
    ----------
    test : ListeningTest
    preferred, other : ComparedVoice
    measure : str
        `total` (0-100) or `target` (similarity, 0-1), on held-out sentences.
    preferred_score, other_score : float
    """

    test: ListeningTest
    preferred: ComparedVoice
    other: ComparedVoice
    measure: str
    preferred_score: float
    other_score: float


def summary_of(pack: VoicePack) -> Summary | None:
    """Return the newest result of an evolved voice against what it would replace, or None."""
    compared = ComparedVoice.objects.filter(pack=pack, role=Role.EVOLVED, is_reference=False)
    for voice in compared.select_related("test__run").order_by("-test"):
        if found := _summary(voice):
            return found
    return None


def notes_of(run: Run) -> list[Disagreement]:
    """Return where listeners of the run's tests and its scores disagree beyond chance."""
    tests = ListeningTest.objects.filter(voices__style_run__run=run).distinct()
    return [note for test in tests for note in disagreements(test)]


def disagreements(test: ListeningTest) -> Iterator[Disagreement]:
    """Yield the pairs of a test whose better voice by ear has the lower score."""
    result = result_of(test)
    if result is None:
        return
    voices = {voice.position: voice for voice in test.voices.select_related("style_run__run")}
    null = SCALES[Kind(test.kind)].null
    for effect in result.figures["kept"]["effects"]:
        if effect["listeners"] < MIN_LISTENERS or _may_be_chance(effect, null):
            continue
        pair = [voices[effect["first"]], voices[effect["second"]]]
        preferred, other = pair if effect["value"] > null else pair[::-1]
        if note := _disagreement(test, preferred, other):
            yield note


def _may_be_chance(effect: dict[str, Any], null: float) -> bool:
    return effect["low"] is None or bool(effect["low"] <= null <= effect["high"])


def _disagreement(
    test: ListeningTest, preferred: ComparedVoice, other: ComparedVoice
) -> Disagreement | None:
    for measure in ("total", "target"):
        scores = [held_out_score(voice, measure) for voice in (preferred, other)]
        if None not in scores:
            better, worse = (float(score or 0.0) for score in scores)
            if better < worse:
                return Disagreement(test, preferred, other, measure, better, worse)
            return None
    return None


def held_out_score(voice: ComparedVoice, measure: str) -> float | None:
    """Return the score (`total`) or target similarity (`target`) that the report has, or None."""
    report = voice.style_run.report
    similarity = report.get("similarity") or {}
    role = voice.role
    if role == Role.STOCK:  # absent where the best base voice is the one the search began with
        role = "best_base" if "best_base" in similarity else Role.START
    if measure == "target":
        return (similarity.get(role) or {}).get("mean")
    if interval := (report.get("score_intervals") or {}).get(role):
        return interval["mean"]
    return (report.get(role) or {}).get("score", {}).get("total")


def _summary(voice: ComparedVoice) -> Summary | None:
    result = result_of(voice.test)
    if result is None:
        return None
    others = list(voice.test.voices.all())
    by_role = {one.role: one for one in others if one.style_run_id == voice.style_run_id}
    for role in AGAINST:
        against = by_role.get(role)
        effect = against and _effect(result.figures, voice.position, against.position)
        if against and effect:
            return Summary(
                test=voice.test,
                against=against,
                null=SCALES[Kind(voice.test.kind)].null,
                measured_at=result.created_at,
                **effect,
            )
    return None


def _effect(figures: dict[str, Any], first: int, second: int) -> dict[str, Any] | None:
    """Return the effect of the first voice against the second; the first has a lower position."""
    for one in figures["kept"]["effects"]:
        if (one["first"], one["second"]) == (first, second):
            names = ("value", "low", "high", "votes", "listeners")
            return {name: one[name] for name in names}
    return None
