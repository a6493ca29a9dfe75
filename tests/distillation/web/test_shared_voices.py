"""Deployed voices in a bucket: several machines, each with a folder that is a copy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from distillation.manifest import deployed_engine
from distillation.services.deployments import packs_deploy
from distillation.services.errors import RunError
from distillation.services.voices_dir import voices_dir, voices_published
from distillation.shared_voices import SharedVoices
from distillation.stages.deploy import retire_locked
from tests.buckets import bucket_url, new_bucket
from tests.distillation.web.deploying import (
    LUZ,
    OTHER,
    approved,
    carry_out,
    ended,
    request,
    served,
)
from tests.factories import PersonFactory
from tests.processes import free_port

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media", "voices_dir")]


def copied(url: str, folder: Path) -> dict[str, str]:
    """Return the voices of a machine that copies the bucket's into this folder."""
    voices = SharedVoices(url, folder)
    voices.refresh()
    assert voices.warnings == ()
    return served(folder)


def test_every_machine_has_the_voices_that_any_deployed(
    store_address: str, settings: Any, tmp_path: Path
) -> None:
    person, here, speech = PersonFactory(), settings.VOICES_DIR, tmp_path / "speech"
    first, second = approved(LUZ), approved(OTHER, "amable")
    packs_deploy(packs=[first], person=person)  # before there was a bucket
    settings.STORAGE_URL = url = new_bucket(store_address)
    assert copied(url, speech) == {}
    packs_deploy(packs=[second], person=person)
    both = {"neutral": first.sha256, "amable": second.sha256}
    assert served(here) == copied(url, speech) == both
    assert deployed_engine(speech) == first.engine
    assert f"={speech / 'neutral.pt'}" in (speech / "tts.env").read_text()

    settings.VOICES_DIR = tmp_path / "another machine"
    assert served(voices_dir()) == both
    for voice in ("neutral", "amable"):
        with voices_published() as folder:
            retire_locked(voice, voices_dir=folder)
    assert copied(url, here) == copied(url, speech) == {}
    assert {path.name for path in speech.iterdir()} == {".turn", "tts.env"}


def test_what_is_not_published_is_not_deployed(
    store_address: str, settings: Any, tmp_path: Path
) -> None:
    settings.STORAGE_URL = url = new_bucket(store_address)
    packs_deploy(packs=[approved(LUZ), approved(OTHER, "amable")], person=PersonFactory())
    before, rival = served(settings.VOICES_DIR), SharedVoices(url, tmp_path)
    rival.refresh()

    def two_at_once() -> None:
        with voices_published() as folder:
            retire_locked("neutral", voices_dir=tmp_path)
            rival.publish()
            retire_locked("amable", voices_dir=folder)

    with pytest.raises(RunError) as refused:
        two_at_once()
    assert refused.value.code == "conflict"
    assert served(settings.VOICES_DIR) == before
    assert list(copied(url, settings.VOICES_DIR)) == ["amable"]

    settings.STORAGE_URL = url = bucket_url(f"http://127.0.0.1:{free_port()}", "away")
    row = request(approved(LUZ))
    carry_out(row)
    assert ended(row) == ("requested", "storage_unreachable")
    assert list(served(voices_dir())) == ["amable"]
    speech = SharedVoices(url, settings.VOICES_DIR)
    speech.refresh()
    assert "no answer" in speech.warnings[0]
