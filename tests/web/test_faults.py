"""Faults of storage and database: their own words, 507 or 503, no partial file, no traceback."""

import errno
import logging
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from corpus import faults
from corpus.storage import room_fault, storage_fault
from corpus.write_ahead_log import lost_changes
from tests.conftest import REPOSITORY
from tests.factories import PersonFactory
from tests.processes import full_disk


def raises(error: Exception) -> Any:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise error

    return fail


@pytest.fixture
def media(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MEDIA_ROOT.mkdir()
    return Path(settings.MEDIA_ROOT)


FULL = OSError(errno.ENOSPC, "No space left on device")


class TestPages:
    @pytest.mark.django_db
    @pytest.mark.parametrize(
        ("error", "status", "code"),
        [
            (FULL, 507, "storage_full"),
            (OSError(errno.EROFS, "Read-only file system"), 507, "storage_read_only"),
            (OSError(errno.ESTALE, "Stale file handle"), 507, "storage_unreachable"),
            (OperationalError("database or disk is full"), 507, "storage_full"),
            (OperationalError("database is locked"), 503, "database_locked"),
            (OperationalError("connection failed: Connection refused"), 503, "database_away"),
            (sqlite3.DatabaseError("database disk image is malformed"), 503, "database_damaged"),
        ],
    )
    def test_a_fault_is_answered_in_its_own_words(
        self,
        error: Exception,
        status: int,
        code: str,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        client = Client(raise_request_exception=False)
        client.force_login(PersonFactory(roles=["admin"]))
        monkeypatch.setattr("distillation.views.runs.run_context", raises(error))
        with caplog.at_level(logging.ERROR):
            answer = client.get(reverse("run", args=[1]), headers={"accept-language": "es"})
        assert answer.status_code == status
        assert code in answer.content.decode()
        assert ("almacenamiento" if status == 507 else "base de datos") in answer.content.decode()
        assert not any(record.exc_info for record in caplog.records)

    @pytest.mark.django_db
    def test_another_fault_is_one_of_the_program(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        client = Client(raise_request_exception=False)
        client.force_login(PersonFactory(roles=["admin"]))
        missing = FileNotFoundError(errno.ENOENT, "No such file", "/somewhere/else")
        monkeypatch.setattr("distillation.views.runs.run_context", raises(missing))
        assert client.get(reverse("run", args=[1])).status_code == 500
        assert any(record.exc_info for record in caplog.records)


class TestFiles:
    def test_a_full_disk_leaves_no_part_of_a_file(self, media: Path) -> None:
        assert default_storage.save("takes/a.wav", ContentFile(b"whole")) == "takes/a.wav"
        with full_disk(1000), pytest.raises(OSError, match="too large") as caught:
            default_storage.save("takes/b.wav", ContentFile(bytes(5000)))
        assert storage_fault(caught.value) == faults.FULL
        assert [path.name for path in (media / "takes").iterdir()] == ["a.wav"]

    def test_a_folder_that_is_gone_is_not_made_again(self, media: Path) -> None:
        media.rmdir()
        with pytest.raises(FileNotFoundError) as caught:
            default_storage.save("takes/a.wav", ContentFile(b"x"))
        assert storage_fault(caught.value) == faults.GONE == room_fault()
        assert not media.exists()

    def test_there_is_room_where_files_can_be_written(self, media: Path) -> None:
        assert room_fault() is None
        assert not list(media.iterdir())
        with full_disk(1000):
            assert room_fault() == faults.FULL


class TestCommands:
    """Of a damaged SQLite database a command says what it is and the way back."""

    @pytest.mark.parametrize("damaged", ["pages", "file"])
    def test_damage_is_noticed_before_anything_is_changed(
        self, tmp_path: Path, damaged: str
    ) -> None:
        path = tmp_path / "db.sqlite3"
        with closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("CREATE TABLE rows (words TEXT)")
            database.executemany("INSERT INTO rows VALUES (?)", [("x" * 900,)] * 100)
            database.commit()
        content = bytearray(path.read_bytes())
        first = 4 * 4096 if damaged == "pages" else 0
        content[first : first + 8192] = b"\xff" * 8192
        path.write_bytes(content)
        assert "restore the last backup" in self.refused(tmp_path)
        assert path.read_bytes() == content

    def test_a_damaged_log_is_noticed_and_kept(self, tmp_path: Path) -> None:
        """Of five stored changes the third is damaged: SQLite would go on with two."""
        path, log = tmp_path / "db.sqlite3", tmp_path / "db.sqlite3-wal"
        with closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA journal_mode=WAL")
            for number in range(5):
                database.execute(f"CREATE TABLE made{number} (words TEXT)")
                assert lost_changes(log) == 0
            content = bytearray(log.read_bytes())
            kept = path.read_bytes()
        frames = (len(content) - 32) // 4120
        content[32 + frames // 2 * 4120 + 100] ^= 1
        path.write_bytes(kept)  # closing has moved the log into it
        log.write_bytes(content)
        assert 0 < lost_changes(log) < 5
        assert "--accept-lost-changes" in self.refused(tmp_path)
        assert (path.read_bytes(), log.read_bytes()) == (kept, content)
        log.write_bytes(content[: 32 + 4120])
        assert lost_changes(log) == 0  # a write that was cut off
        log.write_bytes(content)
        assert self.prepared(tmp_path, "--accept-lost-changes").returncode == 0
        assert [one.read_bytes() for one in tmp_path.glob("*.damaged-*")] == [content]

    def refused(self, folder: Path) -> str:
        """Let `prepare` refuse, without a traceback; return what it says."""
        done = self.prepared(folder)
        assert (done.returncode, "Traceback" in done.stderr) == (1, False)
        return done.stderr

    @staticmethod
    def prepared(folder: Path, *options: str) -> Any:
        return subprocess.run(
            [sys.executable, "manage.py", "prepare", *options],
            cwd=REPOSITORY,
            env={**os.environ, "VOICELAB_DATA_DIR": str(folder)},
            capture_output=True,
            text=True,
            timeout=120,
        )
