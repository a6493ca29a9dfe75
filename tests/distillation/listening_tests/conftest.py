"""A finished run with sounds, and people."""

from pathlib import Path
from typing import Any

import pytest

from distillation.models import Run
from tests.distillation.listening_tests.made import run_with_sounds
from tests.factories import PersonFactory


@pytest.fixture
def run(db: None, settings: Any, tmp_path: Path) -> Run:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MEDIA_ROOT.mkdir()
    return run_with_sounds("neutral")


@pytest.fixture
def admin(db: None) -> Any:
    return PersonFactory(roles=["admin"])
