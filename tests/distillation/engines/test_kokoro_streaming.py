"""Kokoro in windows: the same pitch, pace and voice as the whole, without its silent edges."""

import numpy as np
import pytest

from corpus.audio import pitch, timing
from corpus.audio.types import Audio
from distillation.engines.kokoro.streaming import FIRST, FRAME, LEAST, LONGEST, windows
from distillation.engines.kokoro.student import KokoroStudent
from distillation.scoring.encoder import speaker_encoder
from distillation.scoring.naturalness import naturalness
from tests.kokoros import in_bf16

TEXT = "Para confirmar su identidad, necesito el número de cliente y la fecha del último pago."


def test_windows_follow_one_another_and_grow() -> None:
    found = list(windows(6, 400))
    assert found[0] == (6, 6 + FIRST)
    assert found[-1][1] == 400
    assert [end for _, end in found[:-1]] == [first for first, _ in found[1:]]
    lengths = [end - first for first, end in found]
    assert all(LEAST <= length <= LONGEST + LEAST for length in lengths)
    assert lengths[:-1] == sorted(lengths[:-1])
    assert list(windows(3, 3)) == []


@pytest.mark.parametrize("end", [1, FIRST - 1, FIRST + LEAST - 1])
def test_a_short_text_is_one_window(end: int) -> None:
    assert list(windows(0, end)) == [(0, end)]


@pytest.fixture(scope="module")
def spoken(real_kokoro: KokoroStudent) -> tuple[Audio, list[Audio]]:
    voice, student = real_kokoro.stock_voice("ef_dora"), in_bf16(real_kokoro)
    return student.synthesize(TEXT, voice), list(student.stream(TEXT, voice))


@pytest.mark.weights
class TestSound:
    def test_the_first_window_is_half_a_second(self, spoken: tuple[Audio, list[Audio]]) -> None:
        _, parts = spoken
        assert len(parts) > 3
        assert len(parts[0].y) == FIRST * FRAME

    def test_pitch_pace_and_level_are_those_of_the_whole(
        self, spoken: tuple[Audio, list[Audio]]
    ) -> None:
        whole, joined = spoken[0], Audio(np.concatenate([one.y for one in spoken[1]]), 24_000)
        speech_s = [timing.find(one).phonation_s for one in (whole, joined)]
        assert speech_s[1] == pytest.approx(speech_s[0], abs=0.08)
        medians = [np.median(pitch.track(one).voiced_hz) for one in (whole, joined)]
        assert 12 * abs(np.log2(medians[1] / medians[0])) < 0.5
        rms = [np.sqrt(np.mean(one.y**2)) for one in (whole, joined)]
        assert 20 * abs(np.log10(rms[1] / rms[0])) < 1.0

    def test_silence_before_and_after_is_left_out(self, spoken: tuple[Audio, list[Audio]]) -> None:
        whole, joined = spoken[0], Audio(np.concatenate([one.y for one in spoken[1]]), 24_000)
        assert whole.duration_s - joined.duration_s > 0.1
        assert timing.find(joined).sounding[0][0] < 0.12

    def test_it_sounds_as_natural_and_as_the_same_voice(
        self, spoken: tuple[Audio, list[Audio]]
    ) -> None:
        whole, joined = spoken[0], Audio(np.concatenate([one.y for one in spoken[1]]), 24_000)
        assert naturalness(joined) > naturalness(whole) - 0.3
        embed = speaker_encoder().embed
        assert embed(whole) @ embed(joined) > 0.93

    def test_windows_join_without_a_click(self, spoken: tuple[Audio, list[Audio]]) -> None:
        y = np.concatenate([one.y for one in spoken[1]])
        ends = np.cumsum([len(one.y) for one in spoken[1]])[:-1]
        steps = np.abs(np.diff(y))
        assert max(steps[end - 1] for end in ends) < np.quantile(steps, 0.999)

    def test_equal_requests_give_equal_samples(self, real_kokoro: KokoroStudent) -> None:
        voice = real_kokoro.stock_voice("ef_dora")
        first, again = (list(real_kokoro.stream("Buenos días.", voice)) for _ in range(2))
        assert [one.y.tolist() for one in first] == [one.y.tolist() for one in again]
