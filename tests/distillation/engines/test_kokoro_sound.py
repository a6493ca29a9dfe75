"""Student kokoro on the real weights: effects of seed, speed, rows and long texts."""

import numpy as np
import pytest
import torch

from corpus.audio.pitch import track
from corpus.audio.types import Audio
from distillation.engines import EngineError
from distillation.voicepack import VoicePack

pytestmark = pytest.mark.weights

TEXT = "Buenas."


def test_the_seed_determines_the_noise_and_calls_are_independent(real_kokoro):
    pack = real_kokoro.stock_voice("em_alex")
    torch.manual_seed(5)
    state = torch.random.get_rng_state()
    first = real_kokoro.synthesize(TEXT, pack, seed=1).y
    assert torch.equal(torch.random.get_rng_state(), state)
    torch.rand(7)
    real_kokoro.synthesize("No.", pack, seed=2)
    assert np.array_equal(real_kokoro.synthesize(TEXT, pack, seed=1).y, first)
    assert not np.array_equal(real_kokoro.synthesize(TEXT, pack, seed=2).y, first)


def test_a_batch_of_voices_equals_each_alone(real_kokoro):
    packs = [real_kokoro.stock_voice(name) for name in ("ef_dora", "em_alex", "ef_dora")]
    text = f"{TEXT} {TEXT}"
    found = real_kokoro.synthesize_many(text, packs, speed=1.3, seed=4)
    for pack, audio in zip(packs, found, strict=True):
        assert np.array_equal(audio.y, real_kokoro.synthesize(text, pack, speed=1.3, seed=4).y)
    with pytest.raises(EngineError, match="praat"):
        real_kokoro.synthesize_many(text, [packs[0], VoicePack(packs[0].data, "praat")])


@pytest.mark.parametrize("way", ["synthesize", "stream"])
def test_a_pitch_range_is_spoken_at_the_same_pitch_and_length(real_kokoro, way):
    text, pack = "Su pedido llega mañana por la tarde.", real_kokoro.stock_voice("ef_dora")

    def spoken(factor):
        made = getattr(real_kokoro, way)(text, pack.at_pitch_range(factor), seed=1)
        parts = [made] if way == "synthesize" else list(made)
        return Audio(np.concatenate([part.y for part in parts]), real_kokoro.sr)

    level, plain, lively = (track(spoken(factor)) for factor in (0.7, 1.0, 1.3))
    assert level.range_st / plain.range_st == pytest.approx(0.7, abs=0.12)
    assert lively.range_st / plain.range_st == pytest.approx(1.3, abs=0.12)
    for other in (level, lively):
        assert 12 * np.log2(other.median_hz / plain.median_hz) == pytest.approx(0, abs=0.7)
    assert len(spoken(0.7).y) == len(spoken(1.3).y)


@pytest.mark.parametrize("rows", [510, 511])
def test_only_the_row_of_the_phoneme_count_is_used(real_kokoro, rows):
    count = real_kokoro.phoneme_count(TEXT)
    whole = real_kokoro.stock_voice("ef_dora").data
    data = np.concatenate([whole, whole])[:rows]
    spoken = real_kokoro.synthesize(TEXT, VoicePack(data, "kokoro")).y
    others = np.zeros_like(data)
    others[count - 1] = data[count - 1]
    assert np.array_equal(real_kokoro.synthesize(TEXT, VoicePack(others, "kokoro")).y, spoken)
    others[count - 1] += 0.1
    changed = real_kokoro.synthesize(TEXT, VoicePack(others, "kokoro")).y
    assert len(changed) != len(spoken) or not np.array_equal(changed, spoken)


def test_long_text_is_cut_at_sentences_and_none_is_lost(real_kokoro, monkeypatch):
    pack, limit = real_kokoro.stock_voice("ef_dora"), 2 * real_kokoro.phoneme_count(TEXT) + 1
    alone, pair = (real_kokoro.synthesize(text, pack) for text in (TEXT, f"{TEXT} {TEXT}"))
    monkeypatch.setattr(real_kokoro, "max_phonemes", limit)
    three = real_kokoro.synthesize(f"{TEXT} {TEXT} {TEXT}", pack)
    assert np.array_equal(three.y[: len(pair.y)], pair.y)
    assert three.duration_s == pytest.approx(pair.duration_s + 0.25 + alone.duration_s)


@pytest.mark.parametrize("speed", [0.25, 0.8, 1.5, 2.0, 4.0])
def test_the_length_follows_the_speed(real_kokoro, speed):
    """A sentence of two seconds: of a shorter one, half a frame is more than 3 %."""
    pack, text = real_kokoro.stock_voice("ef_dora"), "Gracias por llamar a nuestro servicio."
    plain, whole = (real_kokoro.synthesize(text, pack, speed=s).duration_s for s in (1.0, speed))
    assert whole * speed == pytest.approx(plain, rel=0.03)
    plain, parts = (
        sum(part.duration_s for part in real_kokoro.stream(text, pack, speed=s))
        for s in (1.0, speed)
    )
    assert parts * speed == pytest.approx(plain, rel=0.03)


def test_english_is_understood_as_english(real_kokoro):
    """A sentence takes as long in English as it should, not as long as its letters in Spanish."""
    english, pack = real_kokoro.in_language("en"), real_kokoro.stock_voice("em_alex")
    text = "Thank you for calling, the eight thoughts of the neighbour weigh enough."
    assert english.phoneme_count(text) < 0.95 * real_kokoro.phoneme_count(text)
    assert english.synthesize(text, pack).duration_s < real_kokoro.synthesize(text, pack).duration_s
