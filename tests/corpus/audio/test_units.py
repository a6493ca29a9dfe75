import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.audio import units


@given(st.floats(-119, 60))
def test_decibels_and_back(level_db: float) -> None:
    assert units.to_db(units.from_db(level_db)) == pytest.approx(level_db)


@given(st.floats(-36, 36), st.floats(20, 2000))
def test_semitones_and_back(semitones: float, reference_hz: float) -> None:
    assert units.to_st(units.from_st(semitones, reference_hz), reference_hz) == pytest.approx(
        semitones, abs=1e-9
    )


def test_silence_has_a_finite_level() -> None:
    assert units.to_db(0.0) == units.FLOOR_DB
    assert units.frames_to_db(np.array([0.0, 1.0, 0.1])).tolist() == [-120, 0, -20]
