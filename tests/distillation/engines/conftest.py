import pytest

from distillation.engines import student
from tests.standins import kokoro_dir


@pytest.fixture(scope="session")
def praat():
    return student("praat")


@pytest.fixture(scope="session")
def kokoro_model(tmp_path_factory):
    return kokoro_dir(tmp_path_factory.mktemp("kokoro") / "model")


@pytest.fixture(scope="session")
def kokoro(kokoro_model):
    return student("kokoro", {"model_dir": kokoro_model})
