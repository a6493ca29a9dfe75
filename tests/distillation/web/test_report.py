"""The report's evidence: losses, similarity, direction of a style, delivery."""

import json
from dataclasses import asdict
from typing import Any, cast

import pytest
from django.test import Client
from django.urls import reverse

from corpus.audio.profile import style_part
from distillation.models import Run
from distillation.recipe import OBJECTIVE
from distillation.views.evidence import directions, marks, prosody, worsened
from tests.distillation.factories import direction, finished_run, similarity, style_report
from tests.factories import PersonFactory, StyleFactory
from tests.web import words
from voicelab.roles import LABELER, REVIEWER

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]

ADDED = ("similarity", "worse", "target_figures", "direction", "delivery")
DELIVERY = {
    "speed": 1.04,
    "gain_db": -2.1,
    "pitch_range": 1.18,
    "range_error": {"without": -0.154, "with": 0.021},
    "rate_error": {"without": -0.031, "with": 0.004},
    "level_error_db": {"without": 2.2, "with": 0.1},
}
GREEN, RED = "message success", "message error worse"


@pytest.fixture
def run() -> Run:
    for number, key in enumerate(("neutral", "amable")):
        StyleFactory(key=key, name=key.capitalize(), colour=f"style-{number + 1}")
    run = finished_run("neutral", "amable")
    run.report.data["differentiation"]["passed"] = True
    for style in run.report.data["styles"].values():
        style["delivery"] = dict(DELIVERY)
    return saved(run, passed=True)


def saved(run: Run, *, passed: bool) -> Run:
    run.report.passed = run.report.data["passed"] = passed
    run.report.save()
    return run


def amable(run: Run) -> dict[str, Any]:
    """Return the style's report; figures changed in it are its own."""
    styles = run.report.data["styles"]
    styles["amable"] = json.loads(json.dumps(styles["amable"]))
    return cast(dict[str, Any], styles["amable"])


def page(name: str, run: Run, *, role: str = LABELER, language: str = "en") -> str:
    client = Client(headers={"accept-language": language})
    client.force_login(PersonFactory(roles=[role]))
    query = f"?run={run.pk}&run={finished_run('neutral').pk}" if name == "compare" else ""
    answer = client.get(reverse(name, args=[] if query else [run.pk]) + query)
    assert answer.status_code == 200
    return words.joined(answer.content.decode())


class TestWorse:
    def test_a_run_without_losses_is_shown_as_passed(self, run: Run) -> None:
        content = page("report", run)
        assert GREEN in content
        assert RED not in content
        assert "got worse" not in content

    @pytest.mark.parametrize("passed", [True, False])
    def test_losses_are_shown_first_and_the_run_is_not_shown_as_passed(
        self, run: Run, passed: bool
    ) -> None:
        style = amable(run)
        style["worse"] = ["total", "naturalness"]
        style["evolved"]["score"]["total"] = 78.1
        saved(run, passed=passed)
        content = page("report", run)
        assert GREEN not in content
        assert content.index(RED) < content.index("<table")
        text = words.text_of(content.partition(RED)[2].partition("<table")[0])
        assert "Amable score 80.00 → 78.10 naturalness 4.20 → 4.12" in text
        assert "Neutral" not in text
        assert "Every check passed all the same" in text
        assert '<span class="badge badge-bad">got worse</span>' in content

    def test_losses_are_shown_next_to_a_failed_check(self, run: Run) -> None:
        style = amable(run)
        style |= {"worse": ["target"], "passed": False}
        content = page("report", saved(run, passed=False))
        assert content.index(RED) < content.index("Not every check passed")
        assert "Every check passed all the same" not in content

    def test_losses_are_shown_on_the_review_and_comparison_pages(self, run: Run) -> None:
        amable(run)["worse"] = ["self"]
        saved(run, passed=True)
        for name in ("review", "compare"):
            content = words.text_of(page(name, run, role=REVIEWER))
            assert "self-similarity 0.900 → 0.900" in content, name
            assert "Worse than before the search" in content, name

    def test_losses_in_other_measures_are_listed(self) -> None:
        style = style_report("amable") | {"worse": ["second_measure", "unknown"]}
        style["second_measure"] = {"start": {"mean": 0.7}, "evolved": {"mean": 0.6}}
        second, unknown = worsened(style)
        assert (second.before, second.after) == (0.7, 0.6)
        assert (unknown.before, unknown.after) == (None, None)

    def test_a_loss_that_one_sentence_decides_says_so(self, run: Run) -> None:
        for decides in (True, False):
            style = amable(run)
            style["worse"] = ["second_measure"]
            style["second_measure"] = {
                "start": {"mean": 0.5838}, "evolved": {"mean": 0.5821}, "flagged": True,
                "one_sentence_decides": decides, "is_reliable": True,
            }  # fmt: skip
            text = words.text_of(page("report", saved(run, passed=True)))
            assert "second speaker measure 0.584 → 0.582" in text
            assert ("no loss if one of the sentences is left out" in text) == decides


class TestOlderReports:
    @pytest.mark.parametrize("added", [*((name,) for name in ADDED), ADDED])
    def test_pages_open_without_newer_keys(self, run: Run, added: tuple[str, ...]) -> None:
        for style in run.report.data["styles"].values():
            for name in added:
                style.pop(name, None)
        saved(run, passed=True)
        for style_run in run.style_runs.all():
            style_run.report = run.report.data["styles"][style_run.style]
            style_run.save()
        for name in ("report", "review", "compare"):
            content = page(name, run)
            assert "got worse" not in content
        assert GREEN in page("report", run)

    def test_pages_open_where_nothing_could_be_measured(self, run: Run) -> None:
        style = amable(run)
        style |= {"direction": None, "delivery": None, "target_figures": None}
        style["similarity"] |= {"impostors": None, "ceiling": None}
        for one in ("start", "evolved", "gain", "over_best_base"):
            style["similarity"][one] |= {"low": None, "high": None}
        content = page("report", saved(run, passed=True))
        assert "Difference from neutral" not in content
        assert "Stock voices, mean" in content  # of the other style


class TestSimilarity:
    def test_similarity_is_shown_between_impostors_and_ceiling(self, run: Run) -> None:
        content = page("report", run)
        text = words.text_of(content.partition("Similarity to the target, 0 to 1")[2])
        for shown in (
            *("Stock voices, mean 0.554", "Nearest stock voice pf_luz 0.721", "Before 0.702"),
            *("After 0.861 0.850 – 0.873", "clips 0.912", "+0.159 +0.140 to +0.178"),
            "+0.148 −0.010 to +0.171 · may be chance",
            "In service when validated 0.822",
            "Similarity gained over the voice in service +0.039",
        ):
            assert shown in text
        assert "[0.6" not in content  # the embeddings

    def test_a_search_that_started_from_the_best_base_voice_says_so(self, run: Run) -> None:
        del run.report.data["styles"]["neutral"]["similarity"]["best_base"]
        text = words.text_of(page("report", saved(run, passed=True)))
        assert "the search started from it" in text

    def test_marks_are_in_order_and_intervals_are_kept(self) -> None:
        found = marks({"similarity": similarity()})
        assert [mark.kind for mark in found] == [
            *("impostors", "nearest", "best_base", "start", "deployed", "evolved", "ceiling"),
        ]
        assert (found[5].low, found[5].high) == (0.85, 0.873)
        assert marks({"similarity": {}}) == []

    def test_charts_have_no_inline_style(self, run: Run) -> None:
        content = page("report", run)
        assert 'style="' not in content
        assert "<svg aria-hidden" in content


def test_the_fit_to_the_profile_of_the_style_is_shown(run: Run) -> None:
    assert "Profile of the style" not in page("report", run)
    part = asdict(style_part("pitch_st", 5.0, (0.5, 4.0)))
    run.report.data["profile"] = {"amable": [part]}
    text = words.text_of(page("report", saved(run, passed=True)))
    assert "Profile of the style, relative to neutral outside its band: Pitch" in text


class TestDirection:
    def test_each_axis_shows_whether_it_changes_in_the_targets_direction(self, run: Run) -> None:
        run.report.data["thresholds"]["style_direction"] = 0.5
        amable(run)["direction"] = direction()
        content = page("report", saved(run, passed=True))
        text = words.text_of(content.partition("Difference from neutral</h3>")[2])
        for shown in (
            "pitch +2.4 semitones target +3.0 semitones 80 % of it",
            "pitch range ×1.11 target ×1.05 not asked for",
            "speech rate ×0.97 target ×1.11 the other way",
        ):
            assert shown in text
        assert content.count("Difference from neutral</h3>") == 1  # neutral has none

    def test_too_small_a_difference_is_reported(self, run: Run) -> None:
        run.report.data["thresholds"]["style_direction"] = 0.9
        text = words.text_of(page("report", saved(run, passed=True)))
        assert "80 %: too little" in text

    def test_styles_share_a_scale(self) -> None:
        far = direction()
        far["pitch"] = {**far["pitch"], "evolved": -8.0}
        found = directions({"amable": {"direction": direction()}, "serio": {"direction": far}})
        assert found["serio"][0].bar_x == "0.00%"
        assert found["amable"][0].target_x == "68.75%"
        assert found["amable"][1].share is None


class TestChecks:
    def test_a_check_that_was_not_made_shows_its_reason(self, run: Run) -> None:
        plain = {"value": None, "threshold": None, "passed": False}
        style = amable(run)
        style["checks"] = [
            {"name": "style_direction", "reason": "English.", **plain},
            {"name": "second_measure", "reason": "Its own reason.", **plain},
        ]
        content = page("report", saved(run, passed=False))
        text = words.text_of(content)
        assert "difference from neutral There is no neutral voice in this run" in text
        assert "second_measure Its own reason. not checked" in text
        assert "make .venv installs it" not in text

    def test_new_checks_have_names(self, run: Run) -> None:
        amable(run)["checks"] += [
            {"name": name, "value": 0.9, "threshold": 0.5, "passed": True, "reason": ""}
            for name in ("style_direction", "one_speaker")
        ]
        text = words.text_of(page("report", saved(run, passed=True)))
        assert "similarity between the styles 0.900" in text
        assert "style_direction" not in text
        assert "one_speaker" not in text


def test_prosody_is_shown_next_to_the_targets(run: Run) -> None:
    pitch, pitch_range, rate = prosody(run.report.data["styles"]["neutral"])
    assert pitch.target == pytest.approx(174.6, abs=0.05)
    assert (pitch.after, pitch_range.before, rate.after) == pytest.approx((180.0, 8.0, 5.0))
    assert "median pitch, Hz 174.6 180.0 180.0" in words.text_of(page("report", run))


def test_delivery_is_shown_with_the_error_it_corrects(run: Run) -> None:
    amable(run)["delivery"] |= {"rate_error": None}
    text = words.text_of(page("report", saved(run, passed=True)))
    assert "Speed ×1.04 Gain −2.1 dB Pitch range ×1.18 rate of the held-out" in text
    assert "pitch range of the held-out sentences: 15 % off without, 2 % with" in text
    assert "not fitted: the target's words are unknown" in text


def test_the_objective_is_shown_for_gradient_searches_only(run: Run) -> None:
    assert "Objective of the gradient" not in page("report", run)
    Run.objects.filter(pk=run.pk).update(recipe={**run.recipe, "strategy": "gradient"})
    text = words.text_of(page("report", run))
    assert f"naturalness {OBJECTIVE['naturalness']} · pitch {OBJECTIVE['pitch']}" in text
    recipe = {**run.recipe, "objective": {**OBJECTIVE, "pitch": 0.5}}
    Run.objects.filter(pk=run.pk).update(recipe=recipe)
    assert "objective · pitch" in page("compare", run)
