"""Speed, gain and pitch range of a voice: fitted to a target, limited to acceptable ranges."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.audio.loudness import amplify
from corpus.audio.prosody import Prosody, measure
from corpus.phonetics import syllables
from distillation.delivery import PLAIN, Delivery, fit_delivery, fitted_in
from tests.distillation.voices import student

FITTED = ("Su recibo ya está disponible.", "El autobús sale a las cuatro y media.")
HELD_OUT = ("La oficina permanece abierta por la mañana.", "Hoy hace sol en toda la costa.")


def spoken(texts: tuple[str, ...], voice: str, delivery: Delivery = PLAIN) -> list[Prosody]:
    pack = student().stock_voice(voice).at_pitch_range(delivery.pitch_range)
    audios = [student().synthesize(text, pack, speed=delivery.speed) for text in texts]
    return [
        measure(amplify(audio, delivery.gain_db), syllables=syllables(text))
        for text, audio in zip(texts, audios, strict=True)
    ]


def rate(figures: list[Prosody]) -> float:
    return sum(one.articulation_rate or 0 for one in figures) / len(figures)


def level(figures: list[Prosody]) -> float:
    return sum(one.loudness_lufs for one in figures) / len(figures)


def test_a_delivery_fitted_on_some_sentences_fits_others() -> None:
    target = spoken(FITTED, "pm_teo", Delivery(speed=1.15, gain_db=-4.0))
    own = spoken(FITTED, "pf_luz")
    fitted = fit_delivery(
        [one.articulation_rate for one in own],
        [one.loudness_lufs for one in own],
        rate(target),
        level(target),
    )
    other = spoken(HELD_OUT, "pm_teo", Delivery(speed=1.15, gain_db=-4.0))
    plain, delivered = spoken(HELD_OUT, "pf_luz"), spoken(HELD_OUT, "pf_luz", fitted)
    assert abs(rate(delivered) / rate(other) - 1) < 0.05 < abs(rate(plain) / rate(other) - 1)
    assert abs(level(delivered) - level(other)) < 1 < abs(level(plain) - level(other))


@pytest.mark.parametrize(
    ("rates", "lufs", "target_rate", "target_lufs", "speed", "gain_db"),
    [
        ([5.0, None, 6.0], [-23.0, -21.0], 5.0, -20.0, 0.909, 2.0),
        ([5.0], [-23.0], None, -23.0, 1.0, 0.0),
        ([None], [-math.inf], 5.0, -20.0, 1.0, 0.0),
        ([], [], 5.0, None, 1.0, 0.0),
        ([5.0], [-23.0], 5.0, -120.0, 1.0, 0.0),
        ([5.0], [-23.0, -120.0], 20.0, 0.0, 1.25, 12.0),
        ([5.0], [-3.0], 1.0, -23.0, 0.8, -12.0),
    ],
)
def test_the_fit_is_the_ratio_of_means_within_its_ranges(
    rates: list[float | None],
    lufs: list[float],
    target_rate: float | None,
    target_lufs: float | None,
    speed: float,
    gain_db: float,
) -> None:
    fitted = fit_delivery(rates, lufs, target_rate, target_lufs)
    assert fitted == Delivery(speed=speed, gain_db=gain_db)


@pytest.mark.parametrize(
    ("spoken_st", "target_st", "pitch_range"),
    [(8.0, 10.0, 1.25), (8.0, 2.0, 0.6), (8.0, 20.0, 1.5), (None, 10.0, 1.0), (8.0, None, 1.0)],
)
def test_the_pitch_range_is_fitted_where_both_are_known(
    spoken_st: float | None, target_st: float | None, pitch_range: float
) -> None:
    fitted = fit_delivery([], [], None, None, spoken_range_st=spoken_st, target_range_st=target_st)
    assert fitted == Delivery(pitch_range=pitch_range)


def test_a_delivered_pitch_range_is_spoken() -> None:
    level, plain, lively = (
        [one.pitch_range_st or 0 for one in spoken(FITTED, "pf_luz", Delivery(pitch_range=wide))]
        for wide in (0.6, 1.0, 1.5)
    )
    assert all(a < b < c for a, b, c in zip(level, plain, lively, strict=True))


@given(st.floats(0.8, 1.25), st.floats(-12, 12), st.floats(0.6, 1.5))
def test_a_delivery_survives_a_round_trip(speed: float, gain_db: float, pitch_range: float) -> None:
    delivery = Delivery(speed=speed, gain_db=gain_db, pitch_range=pitch_range)
    other_keys = {"rate_error": {"without": 0.1, "with": 0.0}}
    assert fitted_in({"delivery": delivery.to_json() | other_keys}) == delivery


def test_older_reports_have_no_delivery() -> None:
    assert fitted_in({}) is fitted_in({"delivery": None}) is None


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ([], "object"),
        ({"speed": 2}, "speed: 0.8 to 1.25"),
        ({"speed": True}, "speed: a number"),
        ({"speed": "1.1"}, "speed: a number"),
        ({"gain_db": math.nan}, "gain_db: -12 to 12"),
        ({"gain_db": None}, "gain_db: a number"),
        ({"pitch_range": 3}, "pitch_range: 0.6 to 1.5"),
    ],
)
def test_the_error_of_a_damaged_delivery_names_the_field(data: object, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        fitted_in({"delivery": data})
