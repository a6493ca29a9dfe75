"""The sweep removes files without a take once they are old enough, and nothing else."""

import os
import time
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command

from corpus.services.take_files import files_sweep
from corpus.services.takes import take_store
from tests.corpus.web.conftest import files_in, wav

pytestmark = pytest.mark.django_db
HOUR_S, WEEK_S = 3600, 7 * 24 * 3600


@pytest.fixture
def take(sentence: Any, neutral: Any, speaker: Any) -> Any:
    return take_store(
        sentence=sentence, style=neutral, speaker=speaker, person=speaker.user, file=BytesIO(wav())
    )


def left_behind(media: Path, name: str, age_s: float) -> None:
    path = media / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"half")
    os.utime(path, (time.time() - age_s,) * 2)


def test_an_old_file_without_a_take_is_removed_and_a_new_one_stays(take: Any, media: Path) -> None:
    owned = files_in(media)
    for name in owned:
        os.utime(media / name, (time.time() - 2 * WEEK_S,) * 2)
    young = f"recordings/{uuid4()}.wav"
    old = [f"originals/{uuid4()}.bin", f"recordings/{take.uuid}_x1Y2z3A.wav"]
    left_behind(media, young, 0.5 * HOUR_S)
    for name in old:
        left_behind(media, name, 2 * HOUR_S)
    assert files_sweep() == old
    assert files_in(media) == sorted([*owned, young])
    assert files_sweep(older_than=timedelta(minutes=20)) == [young]


def test_archives_are_kept_for_a_week(media: Path) -> None:
    left_behind(media, "batches/1/a.zip", WEEK_S - HOUR_S)
    left_behind(media, "batches/2/b.zip", WEEK_S + HOUR_S)
    assert files_sweep(older_than=timedelta(0)) == ["batches/2/b.zip"]
    assert files_in(media) == ["batches/1/a.zip"]


def test_the_command_says_what_it_removed(media: Path, capsys: Any) -> None:
    assert files_sweep() == []
    left_behind(media, "originals/x.bin", HOUR_S)
    call_command("sweep_takes", minutes=1)
    assert capsys.readouterr().out == "originals/x.bin\n"
