"""Kokoro's network in steps: the samples of the plain one, and nothing done twice."""

import copy
import warnings

import numpy as np
import pytest
import torch
from kokoro.model import KModel

from distillation.engines import kokoro_modules, kokoro_rows, student
from distillation.engines.kokoro import CONFIG, WEIGHTS
from distillation.engines.kokoro_network import Network
from distillation.engines.kokoro_weights import PARTS, REPO, load

PHONEMES = "bwˈenos dˈias."


@pytest.fixture(scope="module")
def plain(kokoro_model):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        files = {"config": str(kokoro_model / CONFIG), "model": str(kokoro_model / WEIGHTS)}
        return KModel(repo_id=REPO, **files).eval()


@pytest.fixture(scope="module")
def network(kokoro_model):
    return Network(load(kokoro_model / CONFIG, kokoro_model / WEIGHTS))


def row(seed=0):
    return np.random.default_rng(seed).normal(0, 0.14, 256).astype(np.float32)


def spoken(model, style, speed=1.0, seed=3):
    torch.manual_seed(seed)
    return model(PHONEMES, torch.from_numpy(style[None]), speed).numpy()


def speak(network, style, phonemes=PHONEMES, speed=1.0, seed=3):
    return network.speak(phonemes, [style], speed=speed, seed=seed)[0]


@pytest.mark.parametrize("speed", [0.8, 1.0, 1.7])
def test_samples_are_those_of_the_plain_network(plain, network, speed):
    wanted = spoken(plain, row(), speed)
    for _ in range(2):  # afresh, and with everything kept
        found = speak(network, row(), PHONEMES, speed=speed, seed=3)
        assert found.shape == wanted.shape
        assert np.abs(found - wanted).max() < 1e-4


def test_only_what_changed_is_computed_again(plain, network):
    model, calls = network.model, []
    hooks = [
        getattr(model, name).register_forward_hook(lambda *_, name=name: calls.append(name))
        for name in ("bert", "text_encoder", "decoder")
    ]
    hooks.append(model.predictor.lstm.register_forward_hook(lambda *_: calls.append("prosody")))
    style = row(5)
    speak(network, style, "ˈotɾo.", speed=1.0, seed=0)
    assert calls == ["bert", "text_encoder", "prosody"]
    timbre, prosody = style.copy(), style.copy()
    timbre[:128] += 0.05
    prosody[128:] += 0.05
    speak(network, timbre, "ˈotɾo.", speed=1.0, seed=0)
    assert len(calls) == 3
    speak(network, prosody, "ˈotɾo.", speed=1.0, seed=0)
    assert calls[3:] == ["prosody"]
    for hook in hooks:
        hook.remove()
    torch.manual_seed(3)
    for style in (timbre, prosody):
        found = speak(network, style, PHONEMES, speed=1.0, seed=3)
        assert np.abs(found - spoken(plain, style)).max() < 1e-4


def test_what_is_kept_is_bounded(network):
    first = speak(network, row(0), PHONEMES, speed=1.0, seed=3)
    for seed in range(8):
        speak(network, row(seed), "a.", speed=1.0, seed=0)
    assert np.array_equal(speak(network, row(0), PHONEMES, speed=1.0, seed=3), first)


def test_neither_chunks_nor_a_processor_without_onednn_are_heard(
    kokoro_model, network, monkeypatch
):
    whole = speak(network, row())
    monkeypatch.setattr(kokoro_rows, "CHUNK", 128 * 100)
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    cut = Network(load(kokoro_model / CONFIG, kokoro_model / WEIGHTS))
    assert np.abs(speak(cut, row()) - whole).max() < 1e-5


@pytest.mark.parametrize("half", [False, True])
def test_voices_of_equal_length_are_decoded_together_as_alone(network, half):
    """As on a GPU: the package's own modules, several voices at once."""
    voices = [row(0), row(0), row(1)]
    voices[1][:128] = row(2)[:128]  # of one prosody, and so as long
    together = copy.copy(network)
    together.together = True
    together._generate = kokoro_modules.Generator(network.model.decoder.generator, half=half)
    found = together.speak(PHONEMES, voices, speed=1.0, seed=3)
    assert len(found[0]) == len(found[1])
    for voice, samples in zip(voices, found, strict=True):
        alone = speak(network, voice)
        error = np.sqrt(np.mean((samples - alone) ** 2) / np.mean(alone**2))
        assert error < (0.03 if half else 1e-4)


def test_bf16_keeps_the_length_and_nearly_the_samples(kokoro_model, network):
    half = Network(load(kokoro_model / CONFIG, kokoro_model / WEIGHTS), bf16=True)
    full = speak(network, row(), PHONEMES, speed=1.0, seed=3)
    found = speak(half, row(), PHONEMES, speed=1.0, seed=3)
    assert found.shape == full.shape
    error = np.sqrt(np.mean((found - full) ** 2) / np.mean(full**2))
    assert 0 < error < 0.03


def test_precision_auto_follows_the_processor(kokoro_model):
    engine = student("kokoro", {"model_dir": kokoro_model, "device": "cpu", "precision": "auto"})
    able = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    assert engine._network.half == able


@pytest.mark.slow
def test_a_checkpoint_named_as_the_published_one_is(kokoro_model, network, tmp_path):
    """Saved from DataParallel, and without the affine of the style's norms."""
    states = torch.load(kokoro_model / WEIGHTS, weights_only=True)
    renamed = {
        part: {
            f"module.{key}": value
            for key, value in states[part].items()
            if not key.endswith((".norm.weight", ".norm.bias"))
        }
        for part in PARTS
    }
    torch.save(renamed, tmp_path / WEIGHTS)
    published = Network(load(kokoro_model / CONFIG, tmp_path / WEIGHTS))
    found = speak(published, row(), PHONEMES, speed=1.0, seed=3)
    assert np.array_equal(found, speak(network, row(), PHONEMES, speed=1.0, seed=3))
