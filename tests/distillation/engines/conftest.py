import pytest

from distillation.engines import student


@pytest.fixture(scope="session")
def praat():
    return student("praat")
