"""Kokoro's network in steps, real weights: same samples as the plain one, nothing recomputed."""

import warnings

import numpy as np
import pytest
import torch
from kokoro.model import KModel

from distillation.engines.kokoro import convolution as convolution
from distillation.engines.kokoro.files import CONFIG, REPO, WEIGHTS
from distillation.engines.kokoro.network import PROSODIES, frames_at
from tests.kokoros import as_batch_student, fresh_copy, in_bf16, repacked

pytestmark = pytest.mark.weights

PHONEMES = "bwˈenos dˈias."
VOICES = ("ef_dora", "em_alex", "em_santa")


@pytest.fixture(scope="module")
def plain(real_kokoro_model):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = real_kokoro_model
        files = {"config": str(folder / CONFIG), "model": str(folder / WEIGHTS)}
        return KModel(repo_id=REPO, **files).eval()


@pytest.fixture
def network(real_kokoro):
    return fresh_copy(real_kokoro)._network


@pytest.fixture(scope="module")
def rows(real_kokoro):
    """The style embedding of each voice for a text of that length."""
    packs = (real_kokoro.stock_voice(name) for name in VOICES)
    return [pack.row(len(PHONEMES)).copy() for pack in packs]


def plain_audio(model, style, speed=1.0, seed=3):
    torch.manual_seed(seed)
    return model(PHONEMES, torch.from_numpy(style[None]), speed).numpy()


def speak(network, style, phonemes=PHONEMES, speed=1.0, seed=3):
    return network.speak(phonemes, [style], speed=speed, seed=seed)[0]


def relative_error(found, wanted):
    """Return the error relative to the expected audio, both as RMS."""
    return np.sqrt(np.mean((found - wanted) ** 2) / np.mean(wanted**2))


def test_samples_equal_those_of_the_plain_network(plain, network, rows):
    wanted = plain_audio(plain, rows[0])
    for _ in range(2):  # afresh, and with everything kept
        found = speak(network, rows[0])
        assert found.shape == wanted.shape
        assert np.abs(found - wanted).max() < 1e-4


@pytest.mark.parametrize("speed", [0.25, 0.5, 0.8, 1.1, 1.25, 1.5, 1.8])
def test_the_frames_have_the_wanted_length(speed):
    durations = torch.from_numpy(np.random.default_rng(0).gamma(4.0, 0.55, 80) + 0.3)
    plain = frames_at(durations, 1.0)
    frames = frames_at(durations, speed)
    assert float(frames.sum()) == pytest.approx(float(plain.sum()) / speed, rel=0.01)
    assert int(frames.min()) >= 1


def test_a_phoneme_lasts_at_least_a_frame():
    assert frames_at(torch.full((10,), 2.0), 4.0).tolist() == [1] * 10


def test_only_changed_parts_are_computed_again(plain, network, rows):
    model, calls = network.model, []
    hooks = [
        getattr(model, name).register_forward_hook(lambda *_, name=name: calls.append(name))
        for name in ("bert", "text_encoder", "decoder")
    ]
    hooks.append(model.predictor.lstm.register_forward_hook(lambda *_: calls.append("prosody")))
    speak(network, rows[0])
    assert calls == ["bert", "text_encoder", "prosody"]
    timbre, prosody = rows[0].copy(), rows[0].copy()
    timbre[:128] += 0.05
    prosody[128:] += 0.05
    results = [speak(network, timbre)]
    assert len(calls) == 3
    results.append(speak(network, prosody))
    assert calls[3:] == ["prosody"]
    for hook in hooks:
        hook.remove()
    for style, found in zip((timbre, prosody), results, strict=True):
        assert np.abs(found - plain_audio(plain, style)).max() < 1e-4


def test_the_cache_is_bounded(network, rows):
    """The first prosody is evicted, computed again, and equal."""
    computed = []
    hook = network.model.predictor.lstm.register_forward_hook(lambda *_: computed.append(1))
    first = speak(network, rows[0])
    for seed in range(PROSODIES):
        speak(network, rows[1], "a.", seed=seed)
    assert np.array_equal(speak(network, rows[0]), first)
    hook.remove()
    assert len(computed) == PROSODIES + 2


def test_chunks_and_processors_without_onednn_do_not_change_the_audio(
    real_kokoro, network, rows, monkeypatch
):
    whole = speak(network, rows[0])
    monkeypatch.setattr(convolution, "CHUNK", 128 * 100)
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    assert np.abs(speak(repacked(real_kokoro)._network, rows[0]) - whole).max() < 1e-5


@pytest.mark.parametrize("half", [False, True])
def test_a_batch_of_voices_of_equal_length_is_decoded_as_each_alone(
    real_kokoro, network, rows, half
):
    """As on a GPU: the package's own modules, several voices at once."""
    voices = [rows[0], rows[0].copy(), rows[1]]
    voices[1][:128] = rows[2][:128]  # of one prosody, and so as long
    together = as_batch_student(real_kokoro, half=half)._network
    found = together.speak(PHONEMES, voices, speed=1.0, seed=3)
    assert len(found[0]) == len(found[1])
    for voice, samples in zip(voices, found, strict=True):
        assert relative_error(samples, speak(network, voice)) < (0.06 if half else 1e-4)


def test_bf16_keeps_the_length_and_nearly_the_samples(real_kokoro, network, rows):
    half = in_bf16(real_kokoro)._network
    for row in rows:
        full, found = speak(network, row), speak(half, row)
        assert found.shape == full.shape
        assert 0 < relative_error(found, full) < 0.03
