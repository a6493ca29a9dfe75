"""Student praat: each control has its effect, calls are independent, any pack speaks."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.audio.loudness import integrated_lufs
from corpus.audio.pitch import track
from distillation.engines import EngineError, student
from distillation.engines.praat.steering import row_of
from distillation.engines.praat.stock_voices import VOICES
from distillation.voicepack import VoicePack

TEXT = "Buenos días, gracias por llamar a nuestro servicio."
LONG = "El pedido llegará mañana por la tarde, entre las cuatro y las seis. "


def pack_of(**changes):
    row = row_of(replace(VOICES["pm_leo"], **changes))
    return VoicePack(np.broadcast_to(row, (510, 1, 256)).astype(np.float32), "praat")


def median_hz(audio):
    return float(np.nanmedian(track(audio).f0_hz))


def centroid_hz(audio):
    power = np.abs(np.fft.rfft(audio.y)) ** 2
    return float(np.sum(np.fft.rfftfreq(len(audio.y), 1 / audio.sr) * power) / np.sum(power))


def test_speech_has_level_length_and_rate(praat):
    for name in praat.stock_voices():
        audio = praat.synthesize(TEXT, praat.stock_voice(name))
        assert audio.sr == praat.sr == 24_000
        assert 2.0 < audio.duration_s < 5.0
        assert np.abs(audio.y).max() < 1.0
        assert integrated_lufs(audio) == pytest.approx(-23.5, abs=2)


@pytest.mark.parametrize("pitch_hz", [95, 120, 150, 180])
@pytest.mark.parametrize("intonation", [0.4, 1.0, 1.5])
def test_f0_follows_the_pitch_control(praat, pitch_hz, intonation):
    audio = praat.synthesize(TEXT, pack_of(pitch_hz=pitch_hz, intonation=intonation, formant=1.1))
    assert 12 * abs(np.log2(median_hz(audio) / pitch_hz)) < 1.2


def test_a_high_voice_is_above_the_range_of_the_synthesiser_alone(praat):
    audio = praat.synthesize(TEXT, pack_of(pitch_hz=240, formant=1.15))
    assert 12 * abs(np.log2(median_hz(audio) / 240)) < 1.2


def test_intonation_widens_the_contour(praat):
    def range_st(intonation):
        f0 = track(praat.synthesize(TEXT, pack_of(intonation=intonation))).f0_hz
        low, high = np.nanpercentile(f0, [10, 90])
        return 12 * np.log2(high / low)

    assert range_st(0.3) + 1.0 < range_st(1.0) < range_st(1.7) - 1.0


@pytest.mark.parametrize("speed", [0.25, 0.5, 0.8, 1.25, 2.0, 4.0])
def test_duration_follows_the_speed(praat, speed):
    usual = praat.synthesize(LONG, pack_of()).duration_s
    assert praat.synthesize(LONG, pack_of(), speed=speed).duration_s == pytest.approx(
        usual / speed, rel=0.12
    )


def test_duration_follows_the_rate_and_not_the_formants(praat):
    slow, fast = (praat.synthesize(LONG, pack_of(rate_wpm=w)).duration_s for w in (140, 210))
    assert slow / fast == pytest.approx(1.5, rel=0.05)
    small, large = (praat.synthesize(LONG, pack_of(formant=f)).duration_s for f in (1.25, 0.92))
    assert small / large == pytest.approx(1.0, rel=0.05)


@pytest.mark.parametrize(
    ("control", "low", "high"),
    [("formant", 0.92, 1.3), ("tilt_db", -2.5, 2.5), ("air_db", -8, 8), ("presence_db", -6, 6)],
)
def test_timbre_controls_move_the_spectral_centroid_up(praat, control, low, high):
    dark, bright = (praat.synthesize(TEXT, pack_of(**{control: v})) for v in (low, high))
    assert centroid_hz(bright) > 1.05 * centroid_hz(dark)


def test_breath_fills_the_valleys_between_harmonics(praat):
    def flatness(breath_db):
        y = praat.synthesize(TEXT, pack_of(breath_db=breath_db)).y
        power = np.abs(np.fft.rfft(y))[1000:-1000] ** 2
        return np.exp(np.mean(np.log(power))) / np.mean(power)

    assert flatness(-16) > 2 * flatness(-42)


def test_pauses_between_words_lengthen_the_speech(praat):
    short, long = (praat.synthesize(TEXT, pack_of(gap_s=g)).duration_s for g in (0.002, 0.05))
    assert long > short + 0.15


@pytest.mark.parametrize(("name", "speed"), [("pf_luz", 1.0), ("pf_sol", 1.0), ("pm_gil", 0.3)])
def test_equal_arguments_give_equal_samples_whatever_was_synthesized_between(name, speed):
    fresh, used = student("praat"), student("praat")
    pack = used.stock_voice(name)
    first = fresh.synthesize(TEXT, pack, speed=speed, seed=3).y
    for other, pace in itertools.product(used.stock_voices(), (0.3, 1.9)):
        used.synthesize("¿Qué tal?", used.stock_voice(other), speed=pace, seed=9)
        assert np.array_equal(used.synthesize(TEXT, pack, speed=speed, seed=3).y, first)
    assert not np.array_equal(used.synthesize(TEXT, pack, speed=speed, seed=4).y, first)


def test_a_longer_sentence_does_not_affect_later_ones(praat):
    """A long clause used to change pauses and the end of shorter ones, from then on."""
    clause = "y después le explico con gusto todo lo que quiera saber sobre su contrato "
    texts = (
        "Hola.",
        "Pedro quiso cambiar de oficio y se hizo carpintero.",
        "Encantada de hablar de nuevo con usted, don Manuel.",
        "Para continuar con la gestión necesito verificar su número de cliente.",
        (clause * 4).strip() + ".",
    )
    audio = {text: set() for text in texts}
    for text in (*texts, *texts[::-1], *texts[1::2], *texts[::2]):
        audio[text].add(praat.synthesize(text, pack_of(), seed=1).y.tobytes())
    assert [len(sounds) for sounds in audio.values()] == [1] * len(texts)


def test_the_row_of_the_phoneme_count_is_used(praat):
    count = praat.phoneme_count(TEXT)
    data = np.zeros((510, 1, 256), np.float32)
    data[count - 1, 0] = row_of(VOICES["pf_sol"])
    spoken = praat.synthesize(TEXT, VoicePack(data, "praat")).y
    everywhere = np.broadcast_to(data[count - 1], (510, 1, 256)).astype(np.float32)
    assert np.array_equal(spoken, praat.synthesize(TEXT, VoicePack(everywhere, "praat")).y)
    data[count, 0] = row_of(VOICES["pm_gil"])
    assert np.array_equal(spoken, praat.synthesize(TEXT, VoicePack(data, "praat")).y)


def test_phonemes_are_counted_as_espeak_pronounces_them(praat):
    assert praat.phoneme_count("sol") == 3
    assert praat.phoneme_count("casa") == 4
    assert praat.phoneme_count("chico") == 4  # ch is one
    assert praat.phoneme_count("hola") == 3
    assert praat.phoneme_count(f"  {TEXT}\n") == praat.phoneme_count(TEXT)


def test_long_text_is_synthesized_completely(praat):
    text = LONG * 11
    assert praat.phoneme_count(text) > 510
    whole = praat.synthesize(text, pack_of()).duration_s
    assert whole == pytest.approx(11 * praat.synthesize(LONG, pack_of()).duration_s, rel=0.1)


def test_any_text_can_be_synthesized(praat):
    for text in (
        "3",
        "a",
        "50 %",
        "ñandú <b>\x00</b> 東京 😀 %s \\ \"'",
        "x" * 400,
        "el 3.141,59 €",
    ):
        audio = praat.synthesize(text, pack_of())
        assert np.isfinite(audio.y).all()
        assert len(audio.y) > 1000


@settings(max_examples=15, deadline=None)
@given(scale=st.sampled_from([0.0, 0.3, 5.0, 99.0]), seed=st.integers(0, 2**32 - 1))
def test_any_finite_pack_speaks(praat, scale, seed):
    data = scale * np.random.default_rng(seed).uniform(-1, 1, (511, 1, 256))
    audio = praat.synthesize(TEXT, VoicePack(data.astype(np.float32), "praat"))
    assert np.isfinite(audio.y).all()
    assert 0.1 < np.abs(audio.y).max() < 1.0
    assert 1.0 < audio.duration_s < 8.0


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda s: s.synthesize("  ", pack_of()), "empty_text"),
        (lambda s: s.phoneme_count("¿?"), "empty_text"),
        (lambda s: s.synthesize("hola", VoicePack(pack_of().data, "kokoro")), "wrong_engine"),
        (lambda s: s.synthesize("hola", pack_of(), speed=0.2), "bad_speed"),
        (lambda s: s.synthesize("hola", pack_of(), speed=float("nan")), "bad_speed"),
        (lambda s: s.stock_voice("ef_dora"), "missing_voice"),
        (lambda _: student("praat", {"lang": "xx"}), "bad_option"),
    ],
)
def test_faults_have_codes(praat, call, code):
    with pytest.raises(EngineError) as caught:
        call(praat)
    assert caught.value.code == code
