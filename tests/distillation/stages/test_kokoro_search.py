"""The search on Kokoro's real weights: pruning, batches, bf16, halves, bit-identical resuming."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distillation.engines.kokoro.student import KokoroStudent
from distillation.recipe import RunRecipe
from distillation.stages.evaluation import Evaluation, Evaluator, PruningThreshold, Task
from distillation.stages.evolve import Evolution
from distillation.voicepack import TIMBRE, VoicePack, interpolate
from tests.distillation.voices import recipe
from tests.kokoros import as_batch_student, fresh_copy, in_bf16

pytestmark = pytest.mark.weights

SEARCH = ("Buenas tardes.", "Muchas gracias.")  # 1.3 and 1.4 s
BASE = ("em_santa", "ef_dora")
SCORE_APART = 0.01  # of 100; samples of both ways lie within 1e-4
BF16_APART = 0.3  # of 100


def wanted(strategy: str, steps: int) -> RunRecipe:
    return recipe(
        student="kokoro", strategy=strategy, steps=steps, search_texts=SEARCH, base_voices=BASE
    )


def nearby_voices(kokoro: KokoroStudent) -> list[VoicePack]:
    """Four voices between two; the first two of one prosody."""
    a, b = (kokoro.stock_voice(name) for name in BASE)
    second = a.data.copy()
    second[..., TIMBRE] = interpolate(a, b, 0.2).data[..., TIMBRE]
    return [a, VoicePack(second, "kokoro"), *(interpolate(a, b, place) for place in (0.5, 0.8))]


def tasks_of(packs: list[VoicePack], threshold: PruningThreshold) -> list[Task]:
    return [Task(number, pack.data, threshold) for number, pack in enumerate(packs)]


@pytest.fixture(scope="module")
def full(real_kokoro: KokoroStudent, kokoro_target: Path) -> list[Evaluation]:
    """The scores of the four, with every text evaluated."""
    evaluator = Evaluator(wanted("cma-es", 5), real_kokoro, kokoro_target)
    return [evaluator(task) for task in tasks_of(nearby_voices(real_kokoro), PruningThreshold())]


def test_only_candidates_that_could_not_win_are_dropped_early(
    real_kokoro: KokoroStudent, kokoro_target: Path, full: list[Evaluation]
) -> None:
    """After one text ceilings are not below the final score; below the floor they drop."""
    evaluator = Evaluator(wanted("cma-es", 5), real_kokoro, kokoro_target)
    packs = nearby_voices(real_kokoro)
    ceilings = [evaluator(task).ceiling for task in tasks_of(packs, PruningThreshold(first=2.0))]
    for ceiling, whole in zip(ceilings, full, strict=True):
        assert whole.ceiling < ceiling < 100
    lowest = int(np.argmin(ceilings))
    found = [evaluator(task) for task in tasks_of(packs, PruningThreshold(floor=ceilings[lowest]))]
    assert (found[lowest].score, found[lowest].texts) == (None, 1)
    assert found[int(np.argmax(ceilings))] == full[int(np.argmax(ceilings))]


def test_a_batch_has_the_scores_of_sequential_evaluation(
    real_kokoro: KokoroStudent, kokoro_target: Path, full: list[Evaluation]
) -> None:
    """As on a GPU, up to its order of sums; some are dropped after their first text."""
    students = (real_kokoro, as_batch_student(real_kokoro))
    alone, together = (Evaluator(wanted("cma-es", 5), one, kokoro_target) for one in students)
    assert (alone.prefers_batch, together.prefers_batch) == (False, True)
    threshold = PruningThreshold(first=sorted(evaluation.score.first for evaluation in full)[1])
    tasks = tasks_of(nearby_voices(real_kokoro), threshold)
    one_by_one, at_once = [alone(task) for task in tasks], together.many(tasks)
    assert [v.texts for v in at_once] == [v.texts for v in one_by_one]
    assert {v.texts for v in at_once} == {1, 2}
    for mine, theirs in zip(at_once, one_by_one, strict=True):
        assert mine.ceiling == pytest.approx(theirs.ceiling, abs=SCORE_APART)
        assert (mine.score is None) == (theirs.score is None)
    assert all(
        evaluation.ceiling >= whole.ceiling - SCORE_APART
        for evaluation, whole in zip(at_once, full, strict=True)
    )


def test_bf16_keeps_the_lengths_and_nearly_the_scores(
    real_kokoro: KokoroStudent, kokoro_target: Path, full: list[Evaluation]
) -> None:
    """Measured: 0.02 to 0.09 of 100."""
    half = in_bf16(real_kokoro)
    evaluator = Evaluator(wanted("cma-es", 5), half, kokoro_target)
    packs = nearby_voices(real_kokoro)
    for task, exact in zip(tasks_of(packs, PruningThreshold()), full, strict=True):
        found = evaluator(task)
        assert found.score.total != exact.score.total
        assert found.score.total == pytest.approx(exact.score.total, abs=BF16_APART)
    for text in SEARCH:
        lengths = [len(one.synthesize(text, packs[2]).y) for one in (half, real_kokoro)]
        assert lengths[0] == lengths[1]


def test_a_search_passes_whole_batches_to_a_student_that_prefers_them(
    real_kokoro: KokoroStudent, kokoro_target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    student, calls = as_batch_student(real_kokoro), []
    speak: Callable[..., object] = student.synthesize_many

    def recording(text: str, conditions: list[VoicePack], **how: float) -> object:
        calls.append((text, len(conditions)))
        return speak(text, conditions, **how)

    monkeypatch.setattr(student, "synthesize_many", recording)
    evolution = Evolution(wanted("cma-es", 4), "neutral", student, kokoro_target)
    evolution.advance(steps=1)
    assert {voices for _, voices in calls} == {1}  # the atlas, and the nearest base voice
    evolution.advance(steps=1)
    assert evolution.step == 4  # a whole generation, as far as the steps allow
    assert (SEARCH[0], 4) in calls


def test_while_only_timbre_changes_the_prosody_of_a_text_is_computed_once(
    real_kokoro: KokoroStudent, kokoro_target: Path
) -> None:
    """The network keeps durations, pitch and energy by the pack's prosody half."""
    computed: list[int] = []
    student = fresh_copy(real_kokoro)
    lstm: Any = student._network.model.predictor.lstm
    hook = lstm.register_forward_hook(lambda *_: computed.append(1))
    each = []
    evolution = Evolution(wanted("halves", 8), "neutral", student, kokoro_target)
    evolution.advance(steps=1)  # the start
    for _ in range(2):
        before = len(computed), evolution.texts
        evolution.advance(steps=4)
        each.append((len(computed) - before[0], evolution.texts - before[1]))
    hook.remove()
    assert evolution.done
    (made, texts), (each_anew, prosody_texts) = each
    assert made <= len(SEARCH) < texts
    assert each_anew == prosody_texts


def test_a_resumed_search_is_bit_identical(real_kokoro: KokoroStudent, kokoro_target: Path) -> None:
    """Interrupted after the start and within a generation; each part starts with empty caches."""
    whole = Evolution(wanted("cma-es", 4), "neutral", real_kokoro, kokoro_target)
    whole.advance()
    blob = None
    for cut in (1, 2):
        part = Evolution(
            wanted("cma-es", 4), "neutral", fresh_copy(real_kokoro), kokoro_target, blob
        )
        part.advance(steps=cut)
        assert not part.done
        blob = part.checkpoint()
    last = Evolution(wanted("cma-es", 4), "neutral", fresh_copy(real_kokoro), kokoro_target, blob)
    assert last.step == 2
    last.advance()
    assert last.best.sha256 == whole.best.sha256 != whole.start.sha256
    assert last.points == whole.points
    assert np.array_equal(last._search.ask(), whole._search.ask())
