"""Gradients through Kokoro's real architecture (random weights) and the real speaker encoder."""

from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.kokoro import Everything
from corpus.audio.io import resample, write_wav
from corpus.audio.types import Audio
from distillation.engines import DIFFERENTIABLE, STUDENTS
from distillation.engines.base import Differentiable
from distillation.engines.kokoro import KokoroStudent
from distillation.recipe import RunRecipe
from distillation.scoring import Scorer
from distillation.scoring.likeness import Likeness
from distillation.search import strategy
from distillation.search.subspace import Subspace
from distillation.stages import judging, slopes
from distillation.stages.base import StageError
from distillation.stages.evolve import Evolution
from distillation.stages.judging import Bar, Judge, Task
from distillation.stages.slopes import Slopes
from tests.distillation.voices import LONG, SHORT, recipe, say, student

HEARD = ("Buenas.", "Hola, sí.")
SEED = 3


@cache
def unabridged() -> Everything:
    """Random weights speak noise: a voice activity detector would cut all of it."""
    return Everything()


@pytest.fixture
def hears_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "Scorer", partial(Scorer, encoder=unabridged()))
    monkeypatch.setattr(slopes, "Likeness", partial(Likeness, encoder=unabridged()))


@pytest.fixture(scope="module")
def target(kokoro: KokoroStudent, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("target") / "target.wav"
    write_wav(path, kokoro.synthesize("Su pedido.", kokoro.stock_voice("af_old")))
    return path


def wanted(steps: int) -> RunRecipe:
    return recipe(
        student="kokoro", strategy="gradient", steps=steps, search_texts=HEARD, early_stop=0.0,
        base_voices=("ef_dora", "em_alex"),
    )  # fmt: skip


def test_likeness_is_the_scorers_target_similarity() -> None:
    """Of speech with silence in it, within what the other way to 16 kHz does."""
    target = say(LONG)
    likeness, scorer = Likeness(target), Scorer(target)
    for voice in ("", "pf_luz", "pm_teo"):
        spoken = resample(say(SHORT, voice), 24_000)
        gap = np.zeros(24_000, np.float32)
        y = np.concatenate([spoken.y, gap, spoken.y])
        found = float(likeness(torch.from_numpy(y), 24_000))
        assert found == pytest.approx(scorer.hear(Audio(y, 24_000)).target, abs=0.005)


def test_at_no_offset_it_sounds_as_it_does(kokoro: KokoroStudent) -> None:
    pack, text = kokoro.stock_voice("ef_dora"), HEARD[0]
    y = kokoro.around(text, pack, seed=SEED)(torch.zeros(256)).numpy()
    spoken = kokoro.synthesize(text, pack, seed=SEED).y
    assert y.shape == spoken.shape
    assert y * (np.abs(spoken).max() / np.abs(y).max()) == pytest.approx(spoken, abs=1e-4)


def test_the_gradient_agrees_with_finite_differences(kokoro: KokoroStudent) -> None:
    """Along directions of the subspace, and for prosody, hardly heard here, along its own."""
    pack, other = (kokoro.stock_voice(name) for name in ("ef_dora", "em_alex"))
    likeness = Likeness(
        kokoro.synthesize("Su pedido.", kokoro.stock_voice("af_old")), encoder=unabridged()
    )
    speak = kokoro.around(HEARD[0], pack, seed=SEED)

    def similarity(offset: torch.Tensor) -> torch.Tensor:
        return likeness(speak(offset), kokoro.sr)

    offset = torch.zeros(256, requires_grad=True)
    (slope,) = torch.autograd.grad(similarity(offset), offset)
    space = Subspace(pack.data, np.stack([pack.data, other.data]), least=(3, 0))
    steps = [0.02 * torch.from_numpy(one).float() for one in space.directions[space.timbre]]
    prosody = torch.cat([torch.zeros(128), slope[128:]])
    steps.append(0.05 * prosody / prosody.norm())
    for step in steps:
        with torch.no_grad():
            found = float(similarity(step) - similarity(-step)) / 2
        assert found == pytest.approx(float(step @ slope), rel=0.1, abs=1e-6)
    assert slope[:128].norm() > 1e-3


@pytest.mark.slow
@pytest.mark.usefixtures("hears_noise")
def test_ten_steps_raise_the_similarity(kokoro: KokoroStudent, target: Path) -> None:
    judge, stock = Judge(wanted(10), kokoro, target), ("ef_dora", "em_alex")
    population = np.stack([kokoro.stock_voice(name).data for name in stock])
    first = judge(Task(0, population[0], Bar())).score
    assert first
    search = strategy(
        "gradient", start=population[0], start_score=first.total, population=population,
        diversity=(0.01, 0.15), seed=0, slope=Slopes(wanted(10), kokoro, target),
    )  # fmt: skip
    similarities, better = [first.target], 0
    for number in range(10):
        score = judge(Task(number, search.ask(), Bar())).score
        assert score
        similarities.append(score.target)
        better += search.tell(score.total)
    assert np.count_nonzero(np.diff(similarities) > 0) >= 8
    assert similarities[-1] > similarities[0] + 0.005
    assert better >= 5


@pytest.mark.slow
@pytest.mark.usefixtures("hears_noise")
def test_resumed_ends_in_the_same_bits(kokoro: KokoroStudent, target: Path) -> None:
    whole = Evolution(wanted(4), "neutral", kokoro, target)
    whole.advance()
    blob = None
    for cut in (whole.start_total + 1, 2):
        part = Evolution(wanted(4), "neutral", kokoro, target, blob)
        part.advance(steps=cut)
        blob = part.checkpoint()
    last = Evolution(wanted(4), "neutral", kokoro, target, blob)
    last.advance()
    assert last.points == whole.points
    assert last.best.sha256 == whole.best.sha256
    assert last._search.state().keys() == whole._search.state().keys()
    assert np.array_equal(last._search.ask(), whole._search.ask())


def test_students_without_a_gradient_are_refused(target: Path) -> None:
    with pytest.raises(StageError, match=r"praat gives no gradient.*kokoro") as caught:
        Evolution(recipe(strategy="gradient"), "neutral", student(), target)
    assert caught.value.code == "no_gradient"


def test_the_names_of_those_that_can_are_true(kokoro: KokoroStudent) -> None:
    assert isinstance(kokoro, Differentiable)
    assert not isinstance(student(), Differentiable)
    assert set(DIFFERENTIABLE) < set(STUDENTS)
