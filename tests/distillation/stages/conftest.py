"""Targets spoken once."""

from pathlib import Path

import pytest

from corpus.audio.io import write_wav
from tests.distillation.voices import LONG, say


@pytest.fixture(scope="session")
def target_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short target by the stranger."""
    path = tmp_path_factory.mktemp("target") / "target.wav"
    write_wav(path, say(LONG))
    return path
