"""Gradients through Kokoro, its real weights, and through the real speaker encoder."""

from pathlib import Path

import numpy as np
import pytest
import torch

from corpus.audio.io import read_wav, resample
from corpus.audio.types import Audio
from distillation.engines import STUDENTS, with_gradient
from distillation.engines.base import Differentiable
from distillation.engines.kokoro.student import KokoroStudent
from distillation.recipe import RunRecipe
from distillation.scoring import Scorer
from distillation.scoring.differentiable_similarity import DifferentiableSimilarity
from distillation.search import strategy
from distillation.search.subspace import Subspace
from distillation.stages.base import StageError
from distillation.stages.evaluation import Evaluator, PruningThreshold, Task
from distillation.stages.evolve import Evolution
from distillation.stages.gradients import SimilarityGradient
from tests.distillation.voices import LONG, SHORT, recipe, say, student
from tests.kokoros import anew

weights = pytest.mark.weights

HEARD = ("Buenas.", "Hola, sí.")  # 0.9 and 1.1 s: memory and time go with the length
BASE = ("em_santa", "ef_dora")
SEED = 3


def wanted(steps: int) -> RunRecipe:
    return recipe(
        student="kokoro", strategy="gradient", steps=steps, search_texts=HEARD, early_stop=0.0,
        base_voices=BASE,
    )  # fmt: skip


def test_similarity_equals_the_scorers_target_similarity() -> None:
    """Of speech with silence in it, within what the other way to 16 kHz does."""
    target = say(LONG)
    differentiable_similarity, scorer = DifferentiableSimilarity(target), Scorer(target)
    for voice in ("", "pf_luz", "pm_teo"):
        spoken = resample(say(SHORT, voice), 24_000)
        gap = np.zeros(24_000, np.float32)
        y = np.concatenate([spoken.y, gap, spoken.y])
        found = float(differentiable_similarity(torch.from_numpy(y), 24_000))
        assert found == pytest.approx(scorer.measure_text(Audio(y, 24_000)).target, abs=0.005)


@weights
def test_without_offset_the_audio_is_unchanged(real_kokoro: KokoroStudent) -> None:
    pack, text = real_kokoro.stock_voice(BASE[0]), HEARD[0]
    y = real_kokoro.differentiable_synthesis(text, pack, seed=SEED)(torch.zeros(256)).numpy()
    assert y == pytest.approx(real_kokoro.synthesize(text, pack, seed=SEED).y, abs=1e-4)


@weights
def test_the_gradient_agrees_with_finite_differences(
    real_kokoro: KokoroStudent, kokoro_target: Path
) -> None:
    """Along the subspace and along both halves of its own; real speech bends beyond 0.01."""
    pack, other = (real_kokoro.stock_voice(name) for name in BASE)
    differentiable_similarity = DifferentiableSimilarity(read_wav(kokoro_target))
    speak = real_kokoro.differentiable_synthesis(HEARD[0], pack, seed=SEED)

    def similarity(offset: torch.Tensor) -> torch.Tensor:
        return differentiable_similarity(speak(offset), real_kokoro.sr)

    offset = torch.zeros(256, requires_grad=True)
    (gradient,) = torch.autograd.grad(similarity(offset), offset)
    space = Subspace(pack.data, np.stack([pack.data, other.data]), least=(3, 0))
    steps = [torch.from_numpy(one).float() for one in space.directions[space.timbre]]
    steps += [
        torch.cat([gradient[:128], torch.zeros(128)]),
        torch.cat([torch.zeros(128), gradient[128:]]),
    ]
    for step in (0.005 * one / one.norm() for one in steps):
        with torch.no_grad():
            found = float(similarity(step) - similarity(-step)) / 2
        assert found == pytest.approx(float(step @ gradient), rel=0.1)


@weights
def test_four_steps_raise_the_similarity(real_kokoro: KokoroStudent, kokoro_target: Path) -> None:
    """Measured: 0.493, 0.523, 0.508, 0.525, 0.536; the total does not rise with each of them."""
    evaluator = Evaluator(wanted(4), real_kokoro, kokoro_target)
    population = np.stack([real_kokoro.stock_voice(name).data for name in BASE])
    first = evaluator(Task(0, population[0], PruningThreshold())).score
    assert first
    search = strategy(
        "gradient", start=population[0], start_score=first.total, population=population,
        diversity=(0.01, 0.15), seed=0,
        gradient=SimilarityGradient(wanted(4), real_kokoro, kokoro_target),
    )  # fmt: skip
    similarities = [first.target]
    for number in range(4):
        score = evaluator(Task(number, search.ask(), PruningThreshold())).score
        assert score
        similarities.append(score.target)
        search.tell(score.total)
    assert np.count_nonzero(np.diff(similarities) > 0) >= 3
    assert similarities[-1] > similarities[0] + 0.02


@weights
def test_resumed_ends_in_the_same_bits(real_kokoro: KokoroStudent, kokoro_target: Path) -> None:
    whole = Evolution(wanted(2), "neutral", real_kokoro, kokoro_target)
    whole.advance()
    part = Evolution(wanted(2), "neutral", anew(real_kokoro), kokoro_target)
    part.advance(steps=whole.start_total + 1)
    assert (part.step, part.done) == (1, False)
    blob = part.checkpoint()
    last = Evolution(wanted(2), "neutral", anew(real_kokoro), kokoro_target, blob)
    last.advance()
    assert last.points == whole.points
    assert last.best.sha256 == whole.best.sha256
    found, expected = last._search.state(), whole._search.state()
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[name], expected[name]) for name in expected)


def test_students_without_a_gradient_are_refused(target_path: Path) -> None:
    with pytest.raises(StageError, match=r"praat gives no gradient.*kokoro") as caught:
        Evolution(recipe(strategy="gradient"), "neutral", student(), target_path)
    assert caught.value.code == "no_gradient"


def test_students_with_a_gradient_are_named_correctly(kokoro: KokoroStudent) -> None:
    assert isinstance(kokoro, Differentiable)
    assert not isinstance(student(), Differentiable)
    assert set(with_gradient()) < set(STUDENTS)


class Recording:
    """A student that only notes what a gradient is wanted of."""

    name = "kokoro"
    sr = 24_000

    def __init__(self) -> None:
        self.texts: list[str] = []

    def differentiable_synthesis(self, text: str, condition: object, *, seed: int) -> object:
        self.texts.append(text)
        return lambda offset: torch.full((24_000,), 0.1) + offset.sum()


def heard_over(steps: int, target_path: Path, **recipe_fields: object) -> list[str]:
    listener = Recording()
    gradients = SimilarityGradient(recipe(**recipe_fields), listener, target_path)
    for turn in range(steps):
        gradients(np.zeros((510, 1, 256), np.float32), turn)
    return listener.texts


def test_each_step_takes_the_next_sentence_of_the_recipe(target_path: Path) -> None:
    named = ("Buenas.", "Hola, sí.", "Adiós.")
    assert heard_over(4, target_path, gradient_texts=named) == [*named, named[0]]


def test_an_older_recipe_uses_the_two_shortest_search_texts(target_path: Path) -> None:
    shortest = sorted(recipe().search_texts, key=len)[:2]
    assert heard_over(3, target_path) == [*shortest, shortest[0]]
