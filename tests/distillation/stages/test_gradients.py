"""Gradients through Kokoro's real weights, the real speaker encoder and DistillMOS."""

from pathlib import Path

import numpy as np
import pytest
import torch

from corpus.audio.io import read_wav, resample
from corpus.audio.types import Audio
from distillation.engines import STUDENTS, with_gradient
from distillation.engines.base import Differentiable
from distillation.engines.kokoro.student import KokoroStudent
from distillation.scoring import Scorer
from distillation.scoring.differentiable_similarity import DifferentiableSimilarity, narrowed
from distillation.scoring.naturalness import differentiable_naturalness, naturalness
from distillation.search.subspace import Subspace
from distillation.stages.base import StageError
from distillation.stages.corrections import ProsodyShift
from distillation.stages.evolve import Evolution
from distillation.stages.predicted_prosody import prediction
from distillation.stages.prosody_figures import measured
from distillation.voicepack import VoicePack
from tests.distillation.voices import LONG, SHORT, recipe, say, student
from tests.kokoros import in_bf16

weights = pytest.mark.weights

SEARCH = ("Buenas.", "Hola, sí.")  # 0.9 and 1.1 s: memory and time go with the length
BASE = ("em_santa", "ef_dora")
SEED = 3


def test_differentiable_similarity_equals_that_of_the_scorer() -> None:
    """On speech with silence in it, within the difference of the two resamplers."""
    target = say(LONG)
    differentiable_similarity, scorer = DifferentiableSimilarity(target), Scorer(target)
    for voice in ("", "pf_luz", "pm_teo"):
        spoken = resample(say(SHORT, voice), 24_000)
        gap = np.zeros(24_000, np.float32)
        y = np.concatenate([spoken.y, gap, spoken.y])
        found = float(differentiable_similarity(torch.from_numpy(y), 24_000))
        assert found == pytest.approx(scorer.measure_text(Audio(y, 24_000)).target, abs=0.005)


@weights
def test_a_zero_offset_gives_the_audio_of_plain_synthesis(real_kokoro: KokoroStudent) -> None:
    pack, text = real_kokoro.stock_voice(BASE[0]), SEARCH[0]
    speak = real_kokoro.differentiable_synthesis(text, pack, seed=SEED)
    y = speak(torch.zeros(256)).samples.numpy()
    assert y == pytest.approx(real_kokoro.synthesize(text, pack, seed=SEED).y, abs=1e-4)


@weights
def test_predicted_prosody_agrees_with_measured_prosody(real_kokoro: KokoroStudent) -> None:
    """Predicted are means and include pauses, so within a semitone, and 15 % of the rate."""
    pack = real_kokoro.stock_voice(BASE[1])
    found = real_kokoro.differentiable_prosody(LONG, pack)(torch.zeros(256))
    pitch, _, rate = prediction(found, LONG).tolist()
    figures = measured([real_kokoro.synthesize(LONG, pack, seed=SEED)], [LONG])
    assert figures
    assert pitch == pytest.approx(figures.pitch_st, abs=1.0)
    assert np.exp(rate) == pytest.approx(figures.rate, rel=0.15)


@weights
def test_the_gradient_agrees_with_finite_differences(
    real_kokoro: KokoroStudent, kokoro_target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Along the subspace and along both halves, with durations and source fixed."""
    network, pack = real_kokoro._network, real_kokoro.stock_voice(BASE[0])
    kept: dict[str, torch.Tensor] = {}
    for name in ("spread", "source"):
        made = getattr(network, name)
        monkeypatch.setattr(network, name, lambda *a, n=name, m=made: kept.setdefault(n, m(*a)))
    similarity_of = DifferentiableSimilarity(read_wav(kokoro_target))
    speak = real_kokoro.differentiable_synthesis(SEARCH[0], pack, seed=SEED)

    def similarity(offset: torch.Tensor) -> torch.Tensor:
        return similarity_of(speak(offset).samples, real_kokoro.sr)

    offset = torch.zeros(256, requires_grad=True)
    (gradient,) = torch.autograd.grad(similarity(offset), offset)
    other = real_kokoro.stock_voice(BASE[1])
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
def test_the_bf16_gradient_has_the_same_direction(
    real_kokoro: KokoroStudent, kokoro_target: Path
) -> None:
    similarity = DifferentiableSimilarity(read_wav(kokoro_target))
    found = []
    for engine in (real_kokoro, in_bf16(real_kokoro)):
        offset = torch.zeros(256, requires_grad=True)
        pack = engine.stock_voice(BASE[0])
        y = engine.differentiable_synthesis(SEARCH[1], pack, seed=SEED)(offset).samples
        found.append(torch.autograd.grad(similarity(y, engine.sr), offset)[0])
    assert float(torch.cosine_similarity(found[0], found[1], dim=0)) > 0.9


@weights
def test_naturalness_has_a_finite_gradient_and_nearly_the_predictors_value(
    real_kokoro: KokoroStudent,
) -> None:
    audio = real_kokoro.synthesize(SHORT, real_kokoro.stock_voice(BASE[1]), seed=SEED)
    y = torch.from_numpy(audio.y).requires_grad_()
    rating = differentiable_naturalness(narrowed(y, audio.sr), seed=0)
    (gradient,) = torch.autograd.grad(rating, y)
    assert float(rating.detach()) == pytest.approx(naturalness(audio), abs=0.2)
    assert torch.isfinite(gradient).all()
    assert float(gradient.norm()) > 0


@weights
def test_a_prosody_shift_changes_pitch_and_rate_as_requested_and_not_the_speaker(
    real_kokoro: KokoroStudent,
) -> None:
    stock = [real_kokoro.stock_voice(name) for name in real_kokoro.stock_voices()]
    shift = ProsodyShift(real_kokoro, stock, (SHORT, LONG))
    pack = real_kokoro.stock_voice(BASE[1])
    moved = VoicePack(shift(pack.data, np.array([-2.0, -0.1])), "kokoro")
    before, after = (
        measured([real_kokoro.synthesize(SHORT, one, seed=SEED)], [SHORT]) for one in (pack, moved)
    )
    assert before
    assert after
    assert after.pitch_st - before.pitch_st == pytest.approx(-2.0, abs=0.8)
    assert np.log(after.rate / before.rate) == pytest.approx(-0.1, abs=0.08)
    assert np.array_equal(moved.data[:, :, :128], pack.data[:, :, :128])


def test_students_without_a_gradient_are_refused(target_path: Path) -> None:
    with pytest.raises(StageError, match=r"praat gives no gradient.*kokoro") as caught:
        Evolution(recipe(strategy="gradient"), "neutral", student(), target_path)
    assert caught.value.code == "no_gradient"


def test_the_students_listed_as_differentiable_are(kokoro: KokoroStudent) -> None:
    assert isinstance(kokoro, Differentiable)
    assert not isinstance(student(), Differentiable)
    assert set(with_gradient()) < set(STUDENTS)
