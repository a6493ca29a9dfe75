"""Warnings about a target: each on audio with a known answer, none on a good one."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from corpus.audio.io import decode, resample, write_wav
from corpus.audio.types import Audio, AudioError
from distillation.engines.base import Prompt
from distillation.pipeline.workspace import FolderWorkspace
from distillation.recipe import StyleRecipe
from distillation.stages.reference import make_target, take_clips
from distillation.stages.style_runner import StyleRunner
from distillation.stages.target_warnings import (
    MIN_SIMILARITY,
    SENTENCES,
    StockRanges,
    TargetWarning,
    brightness_db,
    median_st,
    separate_encoder,
    target_warnings,
)
from tests.distillation.voices import LONG, recipe, say, student
from tests.signals import SR, join, noise, shared_data, silence, speech, tone

ENGLISH = "To continue with your request I need to verify your customer number."
GOOD = (speech(20, lead_s=0.5), speech(20, lead_s=0.5, f0_hz=210))


def codes(clips: Sequence[Audio], **known: object) -> list[str]:
    return [warning.code for warning in target_warnings(clips, **known)]


def stock_ranges(clips_by_voice: dict[str, Sequence[Audio]]) -> StockRanges | None:
    """The ranges of voices, from clips of each, as the atlas computes them."""
    clips = clips_by_voice.values()
    medians = [median for one in clips if (median := median_st(one)) is not None]
    slopes = [slope for one in clips if (slope := brightness_db(one)) is not None]
    return StockRanges.of(medians, slopes)


def hum(f_hz: float, seconds: float) -> Audio:
    """A tone between two pauses that contain the noise of its room."""
    return join(silence(0.5), tone(f_hz, seconds), silence(0.5))


def test_a_good_target_has_no_warnings() -> None:
    assert codes(GOOD, stock=stock_ranges({"a": GOOD[:1], "b": GOOD[1:]}), lang="es") == []


def test_little_speech_is_short_whatever_the_silence() -> None:
    [warning] = target_warnings([join(speech(20), silence(6))])
    assert (warning.code, warning.limit) == ("target_short", 6.0)
    assert warning.value == pytest.approx(4.0, abs=0.2)
    assert codes([speech(15), speech(20)]) == []  # seven seconds between them


def test_one_noisy_clip_is_enough() -> None:
    noisy = speech(20, lead_s=0.6, noise_db=-32)
    [warning] = target_warnings([GOOD[0], noisy])
    assert (warning.code, warning.limit) == ("target_noisy", 20.0)
    assert warning.value == pytest.approx(12, abs=4)


def test_clipping_is_found_as_recorded() -> None:
    loud = speech(20, level_db=-6)
    flat = Audio(np.clip(loud.y, -0.7, 0.7), loud.sr)
    [warning] = target_warnings([GOOD[0], flat])
    assert (warning.code, warning.limit) == ("target_clipped", 1e-4)
    assert 0.001 < float(warning.value) < 0.5


class TestTwoSpeakers:
    @staticmethod
    def embed(audio: Audio) -> np.ndarray:
        """Embeddings as distant as those of two people, chosen by pitch."""
        crossings = np.count_nonzero(np.diff(np.signbit(audio.y))) / audio.duration_s
        apart = np.array([1.0, 0.0]) if crossings < 2 * 200 else np.array([0.5, 0.75**0.5])
        return apart.astype(np.float32)

    def test_two_speakers_are_found_in_two_clips_or_in_one(self) -> None:
        low, high = hum(100, 7), hum(300, 7)
        for clips in ([low, high], [join(low, high)], [low, low, low, high]):
            [warning] = target_warnings(clips, embed=self.embed)
            assert warning == TargetWarning("two_speakers", 0.5, MIN_SIMILARITY)
        assert codes([low, low], embed=self.embed) == []

    def test_a_single_window_is_not_compared(self) -> None:
        assert codes([speech(20)], embed=self.embed) == ["target_short"]

    def test_a_window_without_a_voice_is_left_out(self) -> None:
        def embed(audio: Audio) -> np.ndarray:
            raise AudioError("no_speech", "no speech")

        assert codes(GOOD, embed=embed) == []

    def test_many_clips_are_sampled(self) -> None:
        asked = []

        def embed(audio: Audio) -> np.ndarray:
            asked.append(audio.duration_s)
            return np.array([1.0], np.float32)

        assert codes([hum(100, 40)] * 5, embed=embed) == []
        assert 25 <= len(asked) <= 40

    def test_the_encoder_does_not_change_the_number_of_threads(self) -> None:
        before = torch.get_num_threads()
        torch.set_num_threads(2)
        try:
            with separate_encoder() as embed:
                assert embed(speech(10)).shape == (256,)
            assert torch.get_num_threads() == 2
        finally:
            torch.set_num_threads(before)


class TestStock:
    stock = stock_ranges(
        {name: [speech(20, f0_hz=f0_hz, range_st=1)] for name, f0_hz in (("a", 120), ("b", 240))}
    )

    def test_ranges_are_measured_and_read_back(self) -> None:
        assert self.stock
        assert self.stock.low_st == pytest.approx(12 * np.log2(120 / 55), abs=0.5)
        assert self.stock.high_st == pytest.approx(12 * np.log2(240 / 55), abs=0.5)
        assert StockRanges(**json.loads(json.dumps(self.stock.to_json()))) == self.stock
        assert stock_ranges({"noise": [noise(2)]}) is None
        assert stock_ranges({}) is None

    @pytest.mark.parametrize(
        ("f0_hz", "found"), [(310, True), (248, False), (180, False), (116, False), (90, True)]
    )
    def test_pitch_outside_is_more_than_a_semitone_off(self, f0_hz: float, found: bool) -> None:
        target = [speech(35, f0_hz=f0_hz, range_st=1)]
        warnings = [one for one in target_warnings(target, stock=self.stock) if "pitch" in one.code]
        assert bool(warnings) == found
        for warning in warnings:
            assert warning.value == pytest.approx(f0_hz, rel=0.03)
            assert warning.limit == pytest.approx(240 if f0_hz > 200 else 120, rel=0.03)

    def test_a_muffled_or_sharp_target_is_outside_in_brightness(self) -> None:
        plain = speech(40, noise_db=-60)
        stock = stock_ranges({"a": [plain], "b": [speech(40, f0_hz=230, noise_db=-60)]})
        dull = Audio(np.convolve(plain.y, np.ones(24) / 24).astype(np.float32), SR)
        sharp = Audio(np.diff(plain.y, prepend=np.float32(0)), SR)
        for target, words in ((dull, "duller"), (sharp, "brighter")):
            [warning] = target_warnings([target], stock=stock)
            assert warning.code == "brightness_outside"
            assert words in warning.in_words()
        assert codes([plain], stock=stock) == []

    def test_brightness_is_independent_of_level_and_sample_rate(self) -> None:
        plain = speech(20, noise_db=-60)
        quiet = Audio(plain.y * np.float32(0.1), plain.sr)
        found = brightness_db([plain])
        assert found is not None
        assert found < 0
        assert brightness_db([quiet]) == pytest.approx(found, abs=0.01)
        assert brightness_db([resample(plain, 16_000)]) == pytest.approx(found, abs=0.2)
        assert brightness_db([silence(1)]) is None


def test_another_language_is_reported_only_if_known() -> None:
    assert codes(GOOD, lang="es") == []
    assert codes(GOOD, lang="es", languages=["es", ""]) == []
    assert codes(GOOD, languages=["en"]) == []
    [warning] = target_warnings(GOOD, lang="es", languages=["es", "en"])
    assert warning == TargetWarning("language_other", "en", "es")
    assert "language en, and the run in es" in warning.in_words()


@pytest.mark.parametrize("key", SENTENCES)
def test_every_warning_is_a_sentence(key: str) -> None:
    code = key.removesuffix("_above").removesuffix("_below")
    value, limit = ("en", "es") if code == "language_other" else (1.0, 2.0)
    if key.endswith("_above"):
        value, limit = limit, value
    words = TargetWarning(code, value, limit).in_words()
    assert words.endswith(".")
    assert "%(" not in words
    assert words.count("%%") == 0
    assert TargetWarning("from_the_future", 1.0, 2.0).in_words() == ""


class TestInTheStage:
    def test_clips_are_checked_as_given(self, tmp_path: Path) -> None:
        loud = speech(20, level_db=-6, sr=16_000)
        write_wav(tmp_path / "a.wav", Audio(np.clip(loud.y, -0.7, 0.7), loud.sr))
        made = take_clips(
            StyleRecipe(key="amable", speed=1.0, reference_texts=()),
            [tmp_path / "a.wav"],
            path=tmp_path / "target.wav",
            find_warnings=lambda clips, _texts: target_warnings(clips),
        )
        found = made.to_json()["warnings"]
        assert [one["code"] for one in found] == ["target_short", "target_clipped"]
        assert json.loads(json.dumps(found)) == found

    def test_only_the_sentences_used_of_a_teacher_are_checked(self, tmp_path: Path) -> None:
        class Noisy:
            name = "noisy"

            def synthesize(
                self, text: str, condition: Prompt, *, speed: float = 1.0, seed: int = 0
            ) -> Audio:
                return speech(int(text), lead_s=0.6, noise_db=-32)

        seen: list[int] = []

        def find_warnings(
            clips: Sequence[Audio], texts: Sequence[str]
        ) -> tuple[TargetWarning, ...]:
            seen.extend((len(clips), len(texts)))
            return target_warnings(clips)

        made = make_target(
            StyleRecipe(key="amable", speed=1.0, reference_texts=("35",) * 5),
            Noisy(),
            Prompt(style="amable"),
            seed=0,
            path=tmp_path / "target.wav",
            find_warnings=find_warnings,
        )
        assert seen == [len(made.texts)] * 2
        assert [one.code for one in made.warnings] == ["target_noisy"]

    @pytest.mark.parametrize(("text", "warned"), [(ENGLISH, ["language_other"]), (LONG, [])])
    def test_sentences_in_another_language_than_the_runs_are_reported(
        self, tmp_path: Path, text: str, warned: list[str]
    ) -> None:
        class Speaker:
            name = "speaker"

            def synthesize(
                self, text: str, condition: Prompt, *, speed: float = 1.0, seed: int = 0
            ) -> Audio:
                return say(LONG)

        style = StyleRecipe(key="neutral", speed=1.0, reference_texts=(text,) * 8)
        runner = StyleRunner(
            recipe(styles=(style,)),
            "neutral",
            FolderWorkspace(tmp_path, "neutral"),
            student=student,
            teacher=Speaker,
            atlas_dir=tmp_path,
        )
        found = [one.code for one in runner.make_target().warnings]
        assert [code for code in found if code == "language_other"] == warned


def test_real_people_are_distinguished() -> None:
    clips = {path.stem: decode(path) for path in sorted(shared_data("speech").glob("*.flac"))}
    people = sorted({name.partition("-")[0] for name in clips})
    of = {one: [clip for name, clip in clips.items() if name.startswith(one)] for one in people}
    with separate_encoder() as embed:
        for number, one in enumerate(people):
            assert codes(of[one], embed=embed) == []
            other = of[people[number - 1]]
            assert codes([of[one][1], other[1]], embed=embed) == ["two_speakers"]
