"""A teacher, a strategy, a check and a style measure added from outside, by a module and a line."""

from pathlib import Path
from typing import Any, ClassVar

import pytest

from corpus.audio.prosody import Prosody
from corpus.audio.types import Audio
from distillation import engines
from distillation.launch.form import RunLaunchForm
from distillation.models import Stage
from distillation.search import STRATEGIES
from distillation.search.random_walk import RandomWalk
from distillation.services import slices
from distillation.services.recipes import recipe_build
from distillation.services.runs import run_launch
from distillation.stages import checks, differentiation
from distillation.stages.evolve import Evolution
from distillation.stages.run_report import build_report
from distillation.stages.validate import validate_style
from distillation.wording import name_words
from tests.distillation import outside
from tests.distillation.factories import corpus_make
from tests.distillation.voices import recipe, stranger, student
from tests.factories import PersonFactory


@pytest.mark.django_db
@pytest.mark.usefixtures("media")
def test_a_teacher_added_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(engines.TEACHERS, "outside", outside.INFO)
    corpus_make("neutral")
    assert "outside: Free for all." in str(RunLaunchForm().fields["teacher"].help_text)
    made = recipe_build(styles=["neutral"], steps=2, teacher="outside", student="praat")
    run = run_launch(person=PersonFactory(roles=["admin"]), recipe=made)
    slices.style_advance(style_run_id=run.style_runs.get().pk, slice=0)
    row = run.style_runs.get()
    assert (row.stage, row.error) == (Stage.EVOLVE, "")
    assert 20 <= row.target_info["duration_s"] <= 30


class OutsideWalk(RandomWalk):
    """The published walk under another name."""

    name: ClassVar[str] = "outside"


def test_a_strategy_added_from_outside(monkeypatch: pytest.MonkeyPatch, target_path: Path) -> None:
    monkeypatch.setitem(STRATEGIES, "outside", OutsideWalk)
    evolution = Evolution(recipe(strategy="outside", steps=2), "neutral", student(), target_path)
    assert evolution.advance()
    assert evolution.step == 2


def _longest(voice: Any, _natural: Any, threshold: float) -> checks.Check:
    return checks.at_least("longest", max(voice.durations_s), threshold, "longest sentence")


def _duration_s(audio: Audio, _prosody: Prosody) -> float:
    return audio.duration_s


def test_a_check_and_a_style_measure_added_from_outside(
    monkeypatch: pytest.MonkeyPatch, target_path: Path, tmp_path: Path
) -> None:
    monkeypatch.setitem(checks.CHECKS, "longest", checks.CheckRule(60.0, _longest))
    monkeypatch.setitem(differentiation.MEASURES, "duration_s", _duration_s)
    asked = recipe(thresholds=checks.default_thresholds())
    assert asked.thresholds["longest"] == 60.0
    style = validate_style(
        asked, "neutral", student(), None, None, target=target_path,
        start=student().stock_voice("pm_gil"), evolved=stranger(), audio_dir=tmp_path,
    )  # fmt: skip
    check = next(check for check in style.checks if check.name == "longest")
    assert (check.passed, check.threshold) == (False, 60.0)
    assert name_words("longest") == "longest"
    report = build_report(asked, [style])
    assert report["differentiation"]["axes"]["duration_s"]["style_means"]
    assert style.to_json()["evolved"]["prosody_mean"]["duration_s"] > 1
