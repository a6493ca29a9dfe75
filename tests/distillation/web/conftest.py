"""A finished run of two styles, and clients signed in as a role."""

from pathlib import Path
from typing import Any, cast

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from pytest_django.fixtures import Settings

from distillation.models import Run, VoicePack
from distillation.services.run_files import held_out_name
from tests.distillation.factories import (
    finished_run,
    spoken,
)
from tests.distillation.web.deploying import LUZ, approved
from tests.factories import PersonFactory, StyleFactory


@pytest.fixture
def run() -> Run:
    for number, key in enumerate(("neutral", "amable")):
        StyleFactory(key=key, name=key.capitalize(), colour=f"style-{number + 1}")
    run = finished_run("neutral", "amable")
    wav = ContentFile(spoken("Gracias por llamar.", "pf_luz"))
    for number in (1, 2):
        for who in ("start", "evolved"):
            default_storage.save(held_out_name(run.pk, "neutral", number, who), wav)
    default_storage.save(run.report.file.name, ContentFile(b"{}"))
    return run


def signed_in(role: str, language: str = "es") -> Client:
    headers = {"accept-language": language}
    client, person = Client(headers=headers), cast(Any, PersonFactory(roles=[role]))
    client.force_login(person)
    return client


@pytest.fixture
def voices_dir(settings: Settings, tmp_path: Path) -> Path:
    settings.VOICES_DIR = tmp_path / "voices"
    return settings.VOICES_DIR


@pytest.fixture
def pack() -> VoicePack:
    return approved(LUZ)
