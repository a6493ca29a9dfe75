"""Kokoro in windows: the same pitch, pace and voice as the whole, without its silent edges."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch

from corpus.audio import pitch, timing
from corpus.audio.types import Audio
from distillation.engines.kokoro.batching import Batches
from distillation.engines.kokoro.network import Prosody
from distillation.engines.kokoro.streaming import FIRST, FRAME, LEAST, LONGEST, windows
from distillation.engines.kokoro.student import KokoroStudent
from distillation.engines.kokoro.tempo import Tempo
from distillation.scoring.encoder import speaker_encoder
from distillation.scoring.naturalness import naturalness
from distillation.voicepack import VoicePack
from tests.kokoros import as_batch_student, in_bf16
from tests.signals import tone

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


@pytest.mark.parametrize("factor", [0.4, 0.71, 0.97])
def test_a_stream_is_shortened_as_it_comes_at_the_same_pitch(factor: float) -> None:
    source, tempo = tone(150.0, 2.0, sr=24_000), Tempo(factor)
    parts = [tempo.feed(y) for y in np.array_split(source.y, 7)]
    assert all(len(y) for y in parts)
    whole = Audio(np.concatenate([*parts, tempo.finish()]), 24_000)
    assert len(whole.y) == round(48_000 * factor)
    assert np.median(pitch.track(whole).voiced_hz) == pytest.approx(150, abs=1)
    assert np.abs(np.diff(whole.y)).max() < 1.5 * np.abs(np.diff(source.y)).max()  # no click


@pytest.mark.parametrize("samples", [0, 100, 700])
def test_very_short_sound_is_shortened_too(samples: int) -> None:
    tempo = Tempo(0.5)
    parts = [tempo.feed(np.ones(samples, np.float32)), tempo.finish()]
    assert sum(map(len, parts)) == samples // 2


@pytest.mark.weights
class TestSpeed:
    @pytest.mark.parametrize("speed", [0.5, 1.3, 2.0, 4.0])
    def test_windows_have_the_wanted_length_together(
        self, real_kokoro: KokoroStudent, speed: float
    ) -> None:
        student, voice = in_bf16(real_kokoro), real_kokoro.stock_voice("ef_dora")
        plain, parts = (list(student.stream(TEXT, voice, speed=one)) for one in (1.0, speed))
        assert parts[0].duration_s <= FIRST * FRAME / 24_000
        lengths_s = [sum(one.duration_s for one in found) for found in (plain, parts)]
        assert lengths_s[1] == pytest.approx(lengths_s[0] / speed, rel=0.03)


@pytest.mark.weights
class TestThreads:
    def test_several_at_once_speak_as_one_after_another(self, real_kokoro: KokoroStudent) -> None:
        student = in_bf16(real_kokoro)
        voices = [student.stock_voice(name) for name in ("ef_dora", "em_alex", "em_santa")]

        def speak(voice: VoicePack) -> list[float]:
            student.share_processor(len(voices))
            return [x for one in student.stream(TEXT[:40], voice) for x in one.y.tolist()]

        alone = [speak(voice) for voice in voices]
        with ThreadPoolExecutor(len(voices)) as pool:
            assert list(pool.map(speak, voices)) == alone

    def test_windows_of_one_length_are_decoded_in_one_call(
        self, real_kokoro: KokoroStudent
    ) -> None:
        student = as_batch_student(real_kokoro)
        voices = [student.stock_voice(name) for name in ("ef_dora", "em_alex")]
        first = [next(student.stream(TEXT, voice)) for voice in voices]
        batches, sizes = student._network.batches, list[int]()
        decode = batches._decode

        def counted(found: Sequence[Prosody], timbres: Sequence[Any]) -> Sequence[Any]:
            sizes.append(len(found))
            return decode(found, timbres)

        batches._decode = counted
        with ThreadPoolExecutor(len(voices)) as pool:
            with batches._decoding:  # a call is under way
                asked = [pool.submit(next, student.stream(TEXT, voice)) for voice in voices]
                wait_until(lambda: len(batches._waiting) == len(voices))
            together = [one.result() for one in asked]
        assert sizes == [2]
        for one, other in zip(first, together, strict=True):
            np.testing.assert_allclose(other.y, one.y, atol=2e-4)


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_an_error_reaches_everyone_who_waited() -> None:
    def broken(found: Sequence[Prosody], timbres: Sequence[Any]) -> Sequence[Any]:
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        Batches(broken, 8)(Prosody(*torch.zeros(4, 1, 1)), torch.zeros(1))
