"""Fixtures of the distillation's tests."""

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from distillation.engines.kokoro import KokoroStudent
from tests.standins import kokoro_dir


@pytest.fixture(scope="session")
def kokoro_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model directory of Kokoro: small, with random weights."""
    return kokoro_dir(tmp_path_factory.mktemp("kokoro") / "model")


@pytest.fixture(scope="session")
def kokoro(kokoro_model: Path) -> KokoroStudent:
    return KokoroStudent(model_dir=kokoro_model)


@pytest.fixture
def media(settings: Settings, tmp_path: Path) -> Path:
    """A media root of the test's own."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT
