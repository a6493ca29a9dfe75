"""Styles of one speaker: which wait for which, what is sent again, what fails together."""

from dataclasses import replace
from typing import Any

import pytest

from distillation.models import Run, RunState, Stage, StyleRun
from distillation.services import queue
from distillation.services.queue import is_ready
from distillation.services.runs import run_retry
from distillation.services.slice_work import Outcome
from distillation.services.slices import WAITED, slice_commit, style_advance, style_fail
from tests.distillation.factories import RunFactory, StyleRunFactory, plain_recipe
from tests.factories import PersonFactory

pytestmark = pytest.mark.django_db
STYLES = ("neutral", "amable", "empatico")


@pytest.fixture
def run() -> Run:
    recipe = replace(plain_recipe(*STYLES), student="kokoro", strategy="gradient")
    made: Any = RunFactory(recipe=recipe.to_json(), state=RunState.RUNNING)
    for key in STYLES:
        StyleRunFactory(run=made, style=key, state=RunState.QUEUED, stage=Stage.REFERENCE)
    return made


def style(run: Run, key: str) -> StyleRun:
    return run.style_runs.select_related("run").get(style=key)


def stages(run: Run, **of: Stage) -> None:
    for key, stage in of.items():
        run.style_runs.filter(style=key).update(stage=stage)


def ready(run: Run) -> list[str]:
    return [key for key in STYLES if is_ready(style(run, key))]


def test_the_speaker_needs_every_target_and_the_others_the_speaker(run: Run) -> None:
    assert ready(run) == list(STYLES)  # their targets can be made
    stages(run, neutral=Stage.EVOLVE, amable=Stage.EVOLVE)
    assert ready(run) == ["empatico"]
    stages(run, empatico=Stage.EVOLVE)
    assert ready(run) == ["neutral"]
    stages(run, neutral=Stage.VALIDATE)
    assert ready(run) == list(STYLES)


def test_styles_of_strategies_without_a_common_speaker_never_wait(run: Run) -> None:
    run.recipe = plain_recipe(*STYLES).to_json()
    run.save()
    stages(run, neutral=Stage.EVOLVE, amable=Stage.EVOLVE)
    assert ready(run) == list(STYLES)


def test_an_unreadable_recipe_does_not_block_other_runs(run: Run) -> None:
    run.recipe = {**run.recipe, "version": 999}
    run.save()
    stages(run, amable=Stage.EVOLVE)
    assert is_ready(style(run, "amable"))
    assert queue.work_waits()


def test_a_waiting_slice_takes_no_lease_and_does_not_count_as_waiting_work(run: Run) -> None:
    stages(run, **dict.fromkeys(STYLES, Stage.EVOLVE))
    style_advance(style_run_id=style(run, "amable").pk, slice=0)
    assert style(run, "amable").lease == ""
    run.style_runs.filter(style="neutral").update(lease="x")
    assert not queue.work_waits()  # so that a helper may join the speaker's search


def test_waiting_styles_are_sent_once_the_speaker_is_finished(
    run: Run, django_capture_on_commit_callbacks: Any
) -> None:
    stages(run, **dict.fromkeys(STYLES, Stage.EVOLVE))
    run.style_runs.filter(style="neutral").update(lease="x", state=RunState.RUNNING)
    with django_capture_on_commit_callbacks() as callbacks:
        assert slice_commit(style(run, "neutral"), Outcome(stage=Stage.VALIDATE))
    sent = {c.keywords["args"][0] for c in callbacks if getattr(c, "keywords", {}).get("args")}
    assert sent == {style(run, key).pk for key in STYLES}


def test_styles_waiting_for_a_failed_one_fail_with_it_and_all_are_retried(run: Run) -> None:
    stages(run, **dict.fromkeys(STYLES, Stage.EVOLVE))
    style_fail(style_run_id=style(run, "neutral").pk, slice=0, code="bad_target", message="why")
    run.refresh_from_db()
    assert (run.state, run.error_code) == (RunState.FAILED, "bad_target")
    assert style(run, "amable").error_code == WAITED
    run_retry(run=run, person=PersonFactory(roles=["admin"]))
    assert set(run.style_runs.values_list("state", flat=True)) == {RunState.QUEUED}


def test_a_target_that_cannot_be_made_ends_the_run_once_the_others_have_theirs(run: Run) -> None:
    stages(run, neutral=Stage.EVOLVE)
    style_fail(style_run_id=style(run, "empatico").pk, slice=0, code="no_texts", message="why")
    assert style(run, "neutral").error_code == WAITED
    run.style_runs.filter(style="amable").update(lease="x")
    assert slice_commit(style(run, "amable"), Outcome(stage=Stage.EVOLVE))
    run.refresh_from_db()
    assert (run.state, run.error_code) == (RunState.FAILED, "no_texts")
