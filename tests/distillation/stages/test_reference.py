"""Targets: length, loudness, peaks, no clicks, and clear errors."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.audio.io import decode, write_wav
from corpus.audio.loudness import amplify, integrated_lufs, peak_db
from corpus.audio.types import Audio
from distillation.engines.base import Prompt
from distillation.recipe import StyleRecipe
from distillation.stages.base import StageError
from distillation.stages.clips import clip_paths, clips_digest, read_clips
from distillation.stages.reference import LUFS, _bent, joined, make_target, take_clips
from tests.distillation.voices import REFERENCE, SpeakingTeacher, say

SR = 24_000


class Bursts:
    """A teacher whose sentences last as many seconds as their text says; edges at full swing."""

    name = "bursts"

    def __init__(self, level: float = 0.1, sr: int = SR) -> None:
        self.level, self.sr = level, sr

    def synthesize(
        self, text: str, condition: Prompt, *, speed: float = 1.0, seed: int = 0
    ) -> Audio:
        t = np.arange(round(float(text) / speed * self.sr)) / self.sr
        swell = 0.6 + 0.4 * np.cos(2 * np.pi * 3 * t)
        y = self.level * swell * np.cos(2 * np.pi * 180 * t)
        return Audio(y.astype(np.float32), self.sr)


def make(texts: tuple[str, ...], path: Path, teacher: object = None, speed: float = 1.0):
    style = StyleRecipe(key="amable", speed=speed, reference_texts=texts)
    return make_target(
        style, teacher or Bursts(), Prompt(style="amable"), seed=0, path=path / "target.wav"
    )


def read(path: Path) -> tuple[np.ndarray, soundfile._SoundFileInfo]:
    y, _ = soundfile.read(path)
    return y, soundfile.info(path)


@pytest.mark.parametrize("speed", [1.0, 0.8])
def test_a_synthesized_target_has_the_required_format_length_and_level(
    tmp_path: Path, speed: float
) -> None:
    target = make(REFERENCE, tmp_path, SpeakingTeacher(), speed)
    y, info = read(target.path)
    assert (info.samplerate, info.channels, info.subtype) == (SR, 1, "PCM_16")
    assert target.duration_s == pytest.approx(info.duration)
    assert 20.0 <= info.duration <= 30.0
    assert target.loudness_lufs == pytest.approx(-23.0, abs=0.5)
    assert np.abs(y).max() < 10 ** (-1 / 20)
    assert target.texts == REFERENCE
    assert len(target.sha256) == 64


@pytest.mark.parametrize(
    ("seconds", "kept"),
    [
        (("4",) * 7, 5),  # as they are
        (("3",) * 7, 5),  # longer pauses
        (("2",) * 9, 7),  # further texts
        (("7",) * 7, 4),  # fewer
        (("14", "14", "3"), 2),
        (("25",), 1),
    ],
)
def test_sentences_are_added_until_the_length_is_reached(
    tmp_path: Path, seconds: tuple[str, ...], kept: int
) -> None:
    target = make(seconds, tmp_path)
    assert len(target.texts) == kept
    assert 20.0 <= target.duration_s <= 30.0


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (("1",) * 5, "target_too_short"),
        (("18", "18"), "target_too_short"),
        (("31",), "target_too_long"),
        ((), "no_texts"),
    ],
)
def test_impossible_lengths_are_refused(
    tmp_path: Path, seconds: tuple[str, ...], code: str
) -> None:
    with pytest.raises(StageError, match="style amable") as caught:
        make(seconds, tmp_path)
    assert caught.value.code == code
    assert not any(tmp_path.iterdir())


def test_a_silent_sentence_is_reported(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="no sound for '4'"):
        make(("4",) * 5, tmp_path, Bursts(level=0.0))


def test_other_sample_rates_are_resampled_to_24_khz(tmp_path: Path) -> None:
    target = make(("4",) * 5, tmp_path, Bursts(sr=16_000))
    assert read(target.path)[1].samplerate == SR


@given(
    st.lists(st.floats(0.05, 0.5), min_size=2, max_size=4),
    st.floats(0.0, 0.3),
    st.integers(0, 2**16),
)
@settings(max_examples=30, deadline=None)
def test_joins_have_no_clicks(durations: list[float], pause_s: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pieces = []
    for seconds in durations:  # each starts and ends wherever its wave happens to be
        t = np.arange(round(seconds * SR)) / SR
        wave = 0.5 * np.cos(2 * np.pi * 200 * t + rng.uniform(0, 6.28))
        pieces.append(Audio(wave.astype(np.float32), SR))
    y = joined(pieces, pause_s).y
    own = 0.5 * 2 * np.pi * 200 / SR
    assert np.abs(np.diff(y)).max() < own * 1.2
    assert abs(y[0]) < 0.01
    assert abs(y[-1]) < 0.01


def test_peaks_above_the_limit_are_compressed_and_others_unchanged() -> None:
    y = np.linspace(-2, 2, 401, dtype=np.float32)
    bent = _bent(y)
    assert np.abs(bent).max() < 10 ** (-1 / 20)
    assert np.all(np.diff(bent) >= 0)
    soft = np.abs(y) <= 0.5
    assert np.array_equal(bent[soft], y[soft])


class TestGivenClips:
    style = StyleRecipe(key="amable", speed=1.0, reference_texts=())

    def given(self, folder: Path) -> list[Path]:
        folder.mkdir()
        for number, text in enumerate(REFERENCE[:3]):
            sound = say(text)
            write_wav(folder / f"{number}.wav", Audio(sound.y * np.float32(0.2), sound.sr))
        return sorted(folder.glob("*.wav"))

    def test_clips_become_the_target_each_at_one_loudness(self, tmp_path: Path) -> None:
        path = tmp_path / "amable" / "target.wav"
        made = take_clips(self.style, self.given(tmp_path / "given"), path=path)
        assert [clip.name for clip in clip_paths(path)] == [
            "target.wav", "target-2.wav", "target-3.wav",
        ]  # fmt: skip
        clips = read_clips(path)
        assert [clip.sr for clip in clips] == [SR] * 3
        assert all(integrated_lufs(clip) == pytest.approx(LUFS, abs=0.5) for clip in clips)
        assert made.duration_s == pytest.approx(sum(clip.duration_s for clip in clips))
        assert (made.clips, made.sha256) == (3, clips_digest(path))

    def test_a_knock_does_not_leave_a_clip_quiet(self, tmp_path: Path) -> None:
        source = self.given(tmp_path / "given")[0]
        audio = decode(source)
        y = amplify(audio, -35.0 - integrated_lufs(audio)).y.copy()
        y[audio.sr : audio.sr + audio.sr // 1000] = 0.9
        write_wav(source, Audio(y, audio.sr))
        made = take_clips(self.style, [source], path=tmp_path / "target.wav")
        assert made.loudness_lufs == pytest.approx(LUFS, abs=0.5)
        assert peak_db(decode(tmp_path / "target.wav")) < -1.0

    def test_fewer_clips_replace_all_earlier_ones(self, tmp_path: Path) -> None:
        path, given = tmp_path / "target.wav", self.given(tmp_path / "given")
        first = take_clips(self.style, given, path=path)
        again = take_clips(self.style, given[:1], path=path)
        assert clip_paths(path) == [path]
        assert first.sha256 != again.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()

    def test_invalid_clips_are_reported(self, tmp_path: Path) -> None:
        short, text = tmp_path / "short.wav", tmp_path / "text.wav"
        write_wav(short, say("Hola."))
        text.write_text("no soy audio")
        for source, message in ((short, "1.6 s or more"), (text, "text.wav")):
            with pytest.raises(StageError, match=message) as caught:
                take_clips(self.style, [source], path=tmp_path / "target.wav")
            assert caught.value.code == "bad_clip"
        assert not (tmp_path / "target.wav").exists()
