"""Fixtures of the distillation's tests."""

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from distillation.engines.kokoro import KokoroStudent
from distillation.engines.stock import PACKS
from distillation.hub import KOKORO
from tests.standins import kokoro_dir


@pytest.fixture(scope="session")
def kokoro_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model directory of Kokoro: small, with random weights."""
    return kokoro_dir(tmp_path_factory.mktemp("kokoro") / "model")


@pytest.fixture(scope="session")
def kokoro(kokoro_model: Path) -> KokoroStudent:
    return KokoroStudent(model_dir=kokoro_model)


@pytest.fixture(scope="session")
def real_kokoro(real_kokoro_model: Path) -> KokoroStudent:
    """Kokoro with its real weights, one thread."""
    return KokoroStudent(model_dir=real_kokoro_model, threads=1)


@pytest.fixture
def media(settings: Settings, tmp_path: Path) -> Path:
    """A media root of the test's own."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture
def kokoro_voices(settings: Settings, tmp_path: Path) -> Path:
    """Kokoro's folder of voices with two in it, by name."""
    settings.MODEL_DIR = tmp_path / "models"
    folder = settings.MODEL_DIR / PACKS
    folder.mkdir(parents=True)
    for name in ("ef_dora", "em_alex"):
        (folder / f"{name}.pt").touch()
    return folder


@pytest.fixture
def kokoro_files(settings: Settings, kokoro_voices: Path) -> Path:
    """Kokoro's folder as a pull leaves it, by name: configuration, weights, two voices."""
    for part in KOKORO.parts:
        (settings.MODEL_DIR / part.target).touch()
    return Path(settings.MODEL_DIR)
