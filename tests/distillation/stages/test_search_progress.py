"""Stop rules of a search, and its milestones wherever it ends."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation.stages import search_progress
from distillation.stages.evolve import Evolution
from distillation.stages.search_progress import REASONS, Progress, why_stopped
from tests.distillation.voices import recipe, student

progress = st.builds(
    Progress,
    steps=st.just(50),
    step=st.integers(0, 100),
    improved_at=st.just(0),
    score=st.floats(1.0, 100.0),
    seconds=st.floats(0.0, 1e4),
)


@pytest.mark.parametrize(
    ("rules", "at", "why"),
    [
        ({}, {}, ""),
        ({}, {"step": 8}, "steps"),
        ({"goal": 80.0}, {"score": 80.0}, "goal"),
        ({"goal": 80.0}, {"score": 79.9}, ""),
        ({"goal": 80.0}, {"score": 80.0, "step": 8}, "goal"),
        ({"patience": 3}, {"step": 6}, "patience"),
        ({"patience": 3}, {"step": 5}, ""),
        ({"minutes": 0.5}, {"seconds": 30.0}, "minutes"),
        ({"minutes": 0.5}, {"seconds": 29.9}, ""),
    ],
)
def test_each_stop_rule_ends_the_search_and_is_named(rules: dict, at: dict, why: str) -> None:
    values = {
        "steps": recipe(**rules).steps,
        "step": 4,
        "improved_at": 3,
        "score": 70.0,
        "seconds": 9.0,
        **at,
    }
    assert why_stopped(recipe(**rules), Progress(**values)) == why
    assert why in ("", *REASONS)


@given(at=progress, goal=st.floats(0, 100), patience=st.integers(0, 9), minutes=st.floats(0, 200))
def test_a_stop_rule_still_applies_when_others_are_added(
    at: Progress, goal: float, patience: int, minutes: float
) -> None:
    rules = recipe(goal=goal, patience=patience, minutes=minutes)
    if why_stopped(recipe(), at):
        assert why_stopped(rules, at)


@given(
    steps=st.integers(1, 400),
    ends=st.integers(0, 400),
    improved=st.sets(st.integers(1, 400)),
    early=st.booleans(),
)
def test_wherever_a_search_ends_its_milestones_are_available(
    steps: int, ends: int, improved: set[int], early: bool
) -> None:
    """Keep the required packs from step to step, as the search does, and end anywhere."""
    end = min(ends, steps) if early else steps
    better = [0, *sorted(step for step in improved if step <= end)]
    kept: set[int] = set()
    for step in range(end + 1):
        known = [at for at in better if at <= step]
        wanted = search_progress.wanted(step, steps, open_ended=early)
        if step in wanted:
            kept.add(known[-1])
        kept &= {search_progress.best_at(at, known) for at in wanted}
        assert len(kept) < 16
    kept.add(better[-1])
    parts = search_progress.chosen(end, better, kept)
    assert min(parts) == 0
    assert parts[end] == better[-1]
    for step, at in parts.items():
        assert search_progress.best_at(step, better) == at
    for mark in search_progress.marks(end):
        off = min(abs(step - mark) for step in parts)
        assert off == 0 if not early else off <= 0.1 * mark + 1


def test_a_search_without_progress_ends_and_says_why(target_path: Path) -> None:
    wanted = recipe(early_stop=1.5, steps=400, patience=12)  # nothing is 1.5 times as near
    evolution = Evolution(wanted, "neutral", student(), target_path)
    evolution.advance(steps=13)
    evolution = Evolution(wanted, "neutral", student(), target_path, evolution.checkpoint())
    assert evolution.advance()
    assert (evolution.stopped, evolution.step) == ("patience", 12)
    assert set(evolution.milestones) == {0, 3, 6, 12}
    assert {pack.sha256 for pack in evolution.milestones.values()} == {evolution.start.sha256}
    again = Evolution(wanted, "neutral", student(), target_path, evolution.checkpoint())
    assert again.done
    assert again.milestones.keys() == evolution.milestones.keys()


def test_a_goal_reached_at_the_start_needs_no_step(target_path: Path) -> None:
    evolution = Evolution(recipe(goal=1.0), "neutral", student(), target_path)
    assert evolution.advance()
    assert (evolution.stopped, evolution.step, evolution.batch()) == ("goal", 0, [])
    assert evolution.best.sha256 == evolution.start.sha256
    assert set(evolution.milestones) == {0}


def test_the_time_limit_counts_over_all_slices(target_path: Path) -> None:
    wanted = recipe(steps=400, minutes=0.02)
    blob, spent = None, []
    for _ in range(60):
        evolution = Evolution(wanted, "neutral", student(), target_path, blob)
        if evolution.advance(steps=7):
            break
        spent.append(evolution.seconds)
        blob = evolution.checkpoint()
    assert evolution.stopped == "minutes"
    assert evolution.seconds >= 1.2
    assert spent == sorted(spent)
