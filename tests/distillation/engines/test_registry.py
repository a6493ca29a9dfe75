"""Engines by name: available ones, and listing them imports no heavy library."""

import subprocess
import sys

import pytest

from distillation.engines import STUDENTS, TEACHERS, EngineError, student, teacher


def test_each_name_gives_its_engine():
    assert set(STUDENTS) == {"praat", "kokoro"}
    assert set(TEACHERS) == {"recordings", "http", "f5"}
    assert student("praat", {}).name == "praat"
    assert teacher("recordings").name == "recordings"
    assert teacher("http", {"url": "http://127.0.0.1:1"}).name == "http"


@pytest.mark.parametrize("make", [student, teacher])
def test_the_error_of_an_unknown_name_lists_the_known_ones(make):
    with pytest.raises(EngineError, match="choose one of") as caught:
        make("tacotron", {})
    assert caught.value.code == "unknown_engine"


def test_an_unknown_option_is_reported():
    with pytest.raises(EngineError, match="colour") as caught:
        student("praat", {"colour": "red"})
    assert caught.value.code == "bad_option"


def test_listing_engines_loads_none_of_their_libraries():
    code = (
        "import sys, distillation.engines, distillation.voicepack, distillation.manifest;"
        "heavy = {'torch', 'kokoro', 'parselmouth', 'librosa', 'scipy', 'httpx'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout == "[]\n"
