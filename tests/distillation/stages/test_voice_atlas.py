"""The atlas of base voices: built once, by any process, and reused."""

from pathlib import Path

import numpy as np
import pytest

from corpus.audio.units import from_st
from distillation.scoring.encoder import speaker_encoder
from distillation.stages.voice_atlas import VoiceAtlas, atlas_folder, atlas_for, known_ranges
from tests.distillation.voices import SHORT, recipe, say, student

NAMES = ("pf_luz", "pm_teo", "pm_gil")


def atlas(folder: Path | None, names: tuple[str, ...] = NAMES, **changes: object) -> VoiceAtlas:
    packs = {name: student().stock_voice(name) for name in names}
    return VoiceAtlas(recipe(**changes), student(), packs, folder)


def test_building_stops_on_request_and_continues_where_it_stopped(tmp_path: Path) -> None:
    first = atlas(tmp_path)
    assert not first.build(lambda: False)
    assert (first.measured_count, first.is_complete) == (1, False)
    second = atlas(tmp_path)
    assert second.measured_count == 1
    assert second.build()
    assert len(list(tmp_path.rglob("*.npz"))) == len(NAMES)
    assert list(second.voices) == list(NAMES)


def test_a_second_atlas_reuses_the_files_of_the_first(tmp_path: Path) -> None:
    one, two = atlas(tmp_path), atlas(tmp_path)
    one.build()
    files = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npz")}
    assert two.build()
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npz")} == files
    assert np.array_equal(two.voices["pf_luz"].embeddings, one.voices["pf_luz"].embeddings)


def test_the_nearest_voice_to_a_base_voice_is_itself(tmp_path: Path) -> None:
    made = atlas(tmp_path)
    made.build()
    for name in NAMES:
        assert made.nearest(speaker_encoder().embed(say(SHORT, name))) == name
    figures = {name: voice.figures for name, voice in made.voices.items()}
    assert figures["pf_luz"]
    assert figures["pm_gil"]
    assert figures["pf_luz"].pitch_st > figures["pm_gil"].pitch_st


def test_the_ranges_of_a_complete_atlas_are_stored_in_a_file_of_their_own(tmp_path: Path) -> None:
    atlas(tmp_path).build()
    assert known_ranges("praat", tmp_path) is None  # of a few chosen voices
    made = atlas(tmp_path, student().stock_voices())
    made.build()
    ranges = known_ranges("praat", tmp_path)
    assert ranges == made.ranges
    assert ranges
    pitches = [voice.figures.pitch_st for voice in made.voices.values() if voice.figures]
    assert (ranges.low_st, ranges.high_st) == (min(pitches), max(pitches))
    (tmp_path / "praat-ranges.json").write_text("{")
    assert known_ranges("praat", tmp_path) is None
    published = known_ranges("kokoro", tmp_path)  # before a first search
    assert published
    assert 55 < from_st(published.low_st, 55.0) < 100 < from_st(published.high_st, 55.0) < 350


def test_other_texts_or_options_make_another_atlas_and_damaged_files_are_replaced(
    tmp_path: Path,
) -> None:
    atlas(tmp_path).build()
    assert atlas(tmp_path, seed=9).is_complete  # not the seed of a run
    assert atlas(tmp_path, search_texts=("Hola.", "Adiós.")).measured_count == 0
    first, second, *_ = tmp_path.rglob("*.npz")
    first.write_bytes(b"PK damaged")
    second.write_bytes(second.read_bytes()[:100])  # as a full disk leaves it
    assert atlas(tmp_path).measured_count == len(NAMES) - 2
    assert atlas(tmp_path).build()


def test_without_a_folder_the_atlas_is_in_memory_and_praat_needs_no_folder() -> None:
    made = atlas(None)
    assert made.build()
    assert made.is_complete
    packs = {name: student().stock_voice(name) for name in NAMES}
    assert atlas_for(recipe(), student(), packs, None) is None


def test_with_read_only_models_the_atlas_is_in_the_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models, data = tmp_path / "models", tmp_path / "data"
    assert atlas_folder(models, data) == models / "atlas"  # will be made
    monkeypatch.setattr("os.access", lambda path, _mode: path != models)
    models.mkdir()
    assert atlas_folder(models, data) == data / "atlas"


def test_an_atlas_is_complete_though_its_folder_cannot_be_written(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("no folder")
    made = atlas(file)
    assert made.build()
    assert made.is_complete
