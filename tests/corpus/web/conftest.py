"""People, a small corpus and a folder for the files of each test."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from corpus.audio.io import encode_wav
from corpus.models import Recording
from tests.factories import PersonFactory, SentenceFactory, SpeakerFactory, StyleFactory
from tests.signals import speech

PROFILE = {"pitch_st": [-1.0, 1.0], "rate_ratio": [0.9, 1.1], "energy_db": [-2.0, 2.0]}


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MEDIA_ROOT.mkdir()
    return settings.MEDIA_ROOT


def files_in(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def signed_in(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def labeler(db: None) -> Any:
    return PersonFactory(username="labeler", roles=["labeler"])


@pytest.fixture
def reviewer(db: None) -> Any:
    return PersonFactory(username="reviewer", roles=["reviewer"])


@pytest.fixture
def speaker(db: None) -> Any:
    return SpeakerFactory(user=PersonFactory(username="speaker", roles=["speaker"]))


@pytest.fixture
def neutral(db: None) -> Any:
    return StyleFactory(key="neutral", profile=PROFILE)


@pytest.fixture
def warm(db: None) -> Any:
    return StyleFactory(key="amable", profile=PROFILE | {"pitch_st": [2.0, 5.0]})


@pytest.fixture
def sentence(db: None) -> Any:
    return SentenceFactory(sentence_id="shcc-01", syllables=10)


@cache
def wav(f0_hz: float = 150.0, **kind: Any) -> bytes:
    return encode_wav(speech(10, f0_hz=f0_hz, **kind))


@pytest.fixture(autouse=True)
def takes_stay_ranked(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail after any test of a service that left a column wrong which `rank` recomputes."""
    yield
    if request.node.get_closest_marker("django_db"):
        assert Recording.objects.all().rank() == 0
