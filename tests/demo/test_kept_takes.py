"""The demo's kept takes: spoken once, read back equal, spoken anew when they no longer fit."""

import numpy as np
import pytest

from corpus.audio.types import Audio
from voicelab.demo.kept_takes import KeepingSpeaker, keeping
from voicelab.demo.speakers import RoboticSpeaker

LINES = [("Hola.", "neutral"), ("Hasta mañana.", "amable"), ("Hola.", "amable")]


class Counting:
    """Speaks noise of its own for every line, and notes what it was asked for."""

    name, engine = "Nora (sintética)", "kokoro"

    def __init__(self):
        self.asked = []

    def speak_all(self, lines, *, seed):
        self.asked += lines
        for text, style in lines:
            rng = np.random.default_rng([seed, len(text), len(style)])
            yield Audio(rng.normal(0, 0.1, 2_400).astype(np.float32), 24_000)


def spoken(folder, *, fingerprint="a", lines=LINES, seed=1):
    voice = Counting()
    kept = KeepingSpeaker(voice, folder, fingerprint)
    return list(kept.speak_all(lines, seed=seed)), voice.asked


def test_takes_are_spoken_once_and_read_back_equal(tmp_path):
    first, asked = spoken(tmp_path / "takes")
    again, nothing = spoken(tmp_path / "takes")
    assert asked == LINES
    assert nothing == []
    for one, other in zip(first, again, strict=True):
        assert one.sr == other.sr
        assert np.array_equal(one.y, other.y)


def test_a_missing_take_is_spoken_in_its_place(tmp_path):
    first, _ = spoken(tmp_path, lines=LINES[1:])
    again, asked = spoken(tmp_path)
    assert asked == LINES[:1]
    assert [np.array_equal(a.y, b.y) for a, b in zip(first, again[1:], strict=True)] == [True] * 2


@pytest.mark.parametrize("changed", [{"fingerprint": "b"}, {"seed": 2}])
def test_other_weights_or_another_seed_are_spoken_anew(tmp_path, changed):
    spoken(tmp_path)
    assert spoken(tmp_path, **changed)[1] == LINES


def test_a_damaged_file_is_spoken_anew(tmp_path):
    spoken(tmp_path)
    files = sorted(tmp_path.iterdir())
    files[0].write_bytes(files[0].read_bytes()[:50])
    files[1].write_bytes(b"")
    assert len(spoken(tmp_path)[1]) == 2
    assert spoken(tmp_path)[1] == []


def test_without_a_folder_to_write_to_takes_are_spoken_each_time(tmp_path):
    (tmp_path / "file").write_text("in the way")
    assert spoken(tmp_path / "file" / "takes")[1] == LINES
    assert spoken(tmp_path / "file" / "takes")[1] == LINES


def test_the_robotic_speaker_keeps_nothing(tmp_path):
    voice = RoboticSpeaker()
    assert keeping(voice, tmp_path) is voice
