"""The search on the real engine and encoder: improvement, bit-identical resuming, pruning."""

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.audio.types import Audio
from distillation.search import STRATEGIES, WITH_GRADIENT
from distillation.stages import checkpoint as checkpoints
from distillation.stages.base import StageError
from distillation.stages.evaluation import (
    BatchEvaluator,
    Evaluations,
    GoOn,
    PruningThreshold,
    Task,
    evaluated_sequentially,
)
from distillation.stages.evolve import Evolution
from distillation.stages.initialization import BLENDS
from distillation.voicepack import VoicePack
from tests.distillation.voices import LONG, OTHER, SHORT, recipe, student


class Counting:
    """The real student, with a list of the texts it synthesized."""

    name = "praat"
    weights = ""

    def __init__(self) -> None:
        self.said: list[str] = []

    def synthesize(
        self, text: str, condition: VoicePack, *, speed: float = 1.0, seed: int = 0
    ) -> Audio:
        self.said.append(text)
        return student().synthesize(text, condition, speed=speed, seed=seed)

    def __getattr__(self, name: str) -> object:
        return getattr(student(), name)


def outcome(evolution: Evolution) -> tuple[object, ...]:
    assert evolution.best
    assert evolution.start
    return (
        evolution.best.sha256,
        evolution.start.sha256,
        evolution.start_name,
        evolution.best_score,
        evolution.start_score,
        evolution.points,
        evolution.evaluations,
        evolution.texts,
        evolution.stopped,
        {step: pack.sha256 for step, pack in evolution.milestones.items()},
    )


BY_SCORE = sorted(set(STRATEGIES) - set(WITH_GRADIENT))


@pytest.fixture(scope="module", params=BY_SCORE)
def whole(request: pytest.FixtureRequest, target_path: Path) -> Evolution:
    evolution = Evolution(recipe(strategy=request.param), "neutral", student(), target_path)
    assert evolution.advance()
    return evolution


def test_an_evolution_never_ends_below_its_starting_score(whole: Evolution) -> None:
    assert (whole.stopped, whole.step) == ("steps", 8)
    assert whole.seconds > 0
    assert whole.start_score
    assert whole.best_score
    assert whole.best_score.total >= whole.start_score.total
    assert whole.points[0].step == 0
    scores = [point.score for point in whole.points]
    assert scores == sorted(scores)
    assert scores[-1] == whole.best_score.total
    assert set(whole.milestones) == {0, 2, 4, 8}
    assert whole.milestones[8].sha256 == whole.best.sha256
    assert whole.milestones[0].sha256 == whole.start.sha256


def test_start_is_the_best_of_base_voices_and_their_blends(whole: Evolution) -> None:
    assert whole.start_total == 2 + len(BLENDS)
    assert whole.evaluations == whole.start_total + 8
    assert whole.start_name.split("@")[0] in ("pf_luz", "pm_teo", "pf_luz+pm_teo", "pm_teo+pf_luz")


def test_the_best_base_voice_is_known_for_any_start(target_path: Path) -> None:
    asked = recipe(base_voices=("pf_luz", "pm_gil", "pm_teo"))
    evolution = Evolution(asked, "neutral", student(), target_path)
    assert evolution.base_voice == ""
    totals: dict[str, float] = {}
    for name in asked.base_voices:
        evaluation = evolution.evaluator(
            Task(0, student().stock_voice(name).data, PruningThreshold())
        )
        totals[name] = evaluation.score.total if evaluation.score else 0.0
    evolution.advance(steps=evolution.start_total)
    assert evolution.base_voice == max(totals, key=lambda name: totals[name])
    resumed = Evolution(asked, "neutral", student(), target_path, evolution.checkpoint())
    assert resumed.base_voice == evolution.base_voice


@given(cuts=st.lists(st.integers(1, 14), min_size=1, max_size=3))
@settings(max_examples=2, deadline=None, derandomize=True)
def test_a_resumed_search_is_bit_identical(
    whole: Evolution, target_path: Path, cuts: list[int]
) -> None:
    blob = None
    for cut in cuts:
        sliced = Evolution(whole.recipe, "neutral", student(), target_path, blob)
        sliced.advance(steps=cut)
        blob = sliced.checkpoint()
    last = Evolution(whole.recipe, "neutral", student(), target_path, blob)
    last.advance()
    assert outcome(last) == outcome(whole)


def test_a_search_resumed_from_its_last_checkpoint_is_finished(
    whole: Evolution, target_path: Path
) -> None:
    again = Evolution(whole.recipe, "neutral", student(), target_path, whole.checkpoint())
    assert again.done
    assert again.advance()
    assert outcome(again) == outcome(whole)


def test_checkpoints_are_quick(whole: Evolution) -> None:
    times = []
    for _ in range(5):
        began = time.perf_counter()
        whole.checkpoint()
        times.append(time.perf_counter() - began)
    assert sorted(times)[2] < 0.05


@pytest.mark.parametrize("early_stop", [0.98, 0.0])
def test_pruning_by_the_bound_does_not_change_the_pack(
    early_stop: float, target_path: Path
) -> None:
    """Without the floor every candidate above the published 98 % is evaluated fully."""

    def unbounded(evolution: Evolution) -> BatchEvaluator:
        return evaluated_sequentially(
            lambda task: evolution.evaluator(
                Task(task.number, task.candidate, PruningThreshold(task.threshold.first))
            )
        )

    wanted = recipe(
        strategy="random-walk", early_stop=early_stop, search_texts=(SHORT, OTHER, LONG)
    )
    one, other = (Evolution(wanted, "neutral", student(), target_path) for _ in range(2))
    one.advance()
    other.advance(evaluate_batch=unbounded(other))
    assert outcome(one)[:7] == outcome(other)[:7]
    assert one.best.sha256 != one.start.sha256
    assert one.texts <= other.texts


@pytest.mark.parametrize("name", BY_SCORE)
def test_the_order_of_evaluation_does_not_change_the_pack(name: str, target_path: Path) -> None:
    """Evaluated from last to first, and resumed with the rest of a batch discarded."""

    def backwards(tasks: Sequence[Task], go_on: GoOn) -> Evaluations:
        for task, evaluation in zip(
            tasks, [evaluator(task) for task in tasks[::-1]][::-1], strict=True
        ):
            assert task.number == evolution.evaluations
            yield evaluation
            if not go_on():
                return

    wanted = recipe(strategy=name)
    evolution = Evolution(wanted, "neutral", student(), target_path)
    evolution.advance()
    expected = outcome(evolution)
    evolution, evaluator = Evolution(wanted, "neutral", student(), target_path), evolution.evaluator
    while not evolution.done:
        evolution.advance(steps=3, evaluate_batch=backwards)
        evolution = Evolution(wanted, "neutral", student(), target_path, evolution.checkpoint())
    assert outcome(evolution) == expected


def test_dropped_candidates_do_not_synthesize_their_other_texts(target_path: Path) -> None:
    strict = Counting()
    evolution = Evolution(
        recipe(early_stop=1.5, steps=4), "neutral", strict, target_path
    )  # nothing can be 1.5 times as near
    evolution.advance()
    assert strict.said.count(OTHER) == 2  # the two base voices alone
    assert strict.said.count(SHORT) == evolution.evaluations
    assert len(evolution.points) == 1
    lenient = Counting()
    evolution = Evolution(recipe(early_stop=0.0, steps=4), "neutral", lenient, target_path)
    evolution.advance()
    assert lenient.said.count(OTHER) == evolution.evaluations


def test_slices_end_by_steps_seconds_and_signal(target_path: Path) -> None:
    evolution = Evolution(recipe(), "neutral", student(), target_path)
    seen: list[int] = []
    assert not evolution.advance(steps=2, on_step=lambda at: seen.append(at.evaluations))
    assert seen == [1, 2]
    evolution.advance(seconds=0.0)
    assert evolution.evaluations == 3
    evolution.advance(should_stop=lambda: evolution.evaluations >= 4)
    assert evolution.evaluations == 4
    assert evolution.start is None
    assert evolution.start_name == ""
    assert evolution.step == 0


def test_another_seed_gives_another_voice(target_path: Path) -> None:
    packs = set()
    for seed in (3, 4):
        evolution = Evolution(
            recipe(strategy="shared-walk", seed=seed), "neutral", student(), target_path
        )
        evolution.advance()
        packs.add(evolution.best.sha256)
    assert len(packs) == 2


@pytest.mark.parametrize("changes", [{"steps": 9}, {"seed": 5}, {"search_texts": (OTHER, SHORT)}])
def test_a_checkpoint_of_another_search_is_refused(
    whole: Evolution, target_path: Path, changes: dict[str, object]
) -> None:
    other = recipe(strategy=whole.recipe.strategy, **changes)
    with pytest.raises(StageError, match="another recipe") as caught:
        Evolution(other, "neutral", student(), target_path, whole.checkpoint())
    assert caught.value.code == "other_checkpoint"


class Renamed(Counting):
    """The real student whose stock voices are other ones under the same names."""

    def stock_voice(self, name: str) -> VoicePack:
        names = student().stock_voices()
        return student().stock_voice(names[(names.index(name) + 1) % len(names)])


def test_a_checkpoint_of_other_voices_is_refused(whole: Evolution, target_path: Path) -> None:
    with pytest.raises(StageError, match="voices") as caught:
        Evolution(whole.recipe, "neutral", Renamed(), target_path, whole.checkpoint())
    assert caught.value.code == "other_checkpoint"


def test_a_checkpoint_of_other_weights_is_refused(whole: Evolution, target_path: Path) -> None:
    other = Counting()
    other.weights = "another network"
    with pytest.raises(StageError, match="weights") as caught:
        Evolution(whole.recipe, "neutral", other, target_path, whole.checkpoint())
    assert caught.value.code == "other_checkpoint"


def test_the_time_limit_covers_the_choice_of_the_start(target_path: Path) -> None:
    evolution = Evolution(recipe(minutes=1e-6), "neutral", student(), target_path)
    assert evolution.advance()
    assert (evolution.evaluations, evolution.step, evolution.stopped) == (1, 0, "minutes")
    resumed = Evolution(evolution.recipe, "neutral", student(), target_path, evolution.checkpoint())
    assert resumed.done
    assert outcome(resumed) == outcome(evolution)


class MuteAtFirst(Counting):
    """The real student whose first base voice is silent."""

    def synthesize(
        self, text: str, condition: VoicePack, *, speed: float = 1.0, seed: int = 0
    ) -> Audio:
        sound = super().synthesize(text, condition, speed=speed, seed=seed)
        first = recipe().base_voices[0]
        mute = np.array_equal(condition.data, student().stock_voice(first).data)
        return Audio(0 * sound.y, sound.sr) if mute else sound


def test_at_least_one_voice_is_evaluated_within_any_time_limit(target_path: Path) -> None:
    asked = recipe(minutes=1e-6)
    evolution = Evolution(asked, "neutral", MuteAtFirst(), target_path)
    assert evolution.advance()
    assert (evolution.evaluations, evolution.start_name) == (2, asked.base_voices[1])


@given(st.binary(max_size=64))
def test_a_damaged_checkpoint_is_named(blob: bytes) -> None:

    with pytest.raises(StageError) as caught:
        checkpoints.read(blob, "")
    assert caught.value.code == "bad_checkpoint"


def test_invalid_setups_are_reported(target_path: Path, tmp_path: Path) -> None:
    with pytest.raises(StageError, match="run the stage") as caught:
        Evolution(recipe(), "neutral", student(), tmp_path / "none.wav")
    assert caught.value.code == "no_target"
    with pytest.raises(StageError, match="two base voices") as caught:
        Evolution(recipe(base_voices=("pf_luz",)), "neutral", student(), target_path)
    assert caught.value.code == "base_voices"


def test_the_evolved_pack_has_the_shape_of_the_base_pack(whole: Evolution) -> None:
    assert whole.best.data.shape == student().stock_voice("pf_luz").data.shape
    assert np.isfinite(whole.best.data).all()
