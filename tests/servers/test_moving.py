"""From SQLite to PostgreSQL: a backup, restored on an empty machine."""

import gzip
import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pytest_django.fixtures import Settings

from tests.operations.installations import archive_change, installation_fill
from tests.processes import manage
from voicelab.operations.archive import archive_members
from voicelab.operations.backup import MEDIA, VOICES, Listener, installation_backup
from voicelab.operations.backup_rows import ROWS

pytestmark = [pytest.mark.servers, pytest.mark.django_db]
NUMBERED = ("corpus_labeldecision", "distillation_run", "operations_auditentry")


def rows_of(archive: Path) -> dict[str, list[Any]]:
    return {
        name: [json.loads(line) for line in gzip.open(content)]
        for name, content in archive_members(archive, ROWS)
    }


def files_of(archive: Path) -> dict[str, bytes]:
    kinds = (MEDIA, VOICES)
    return {
        kind + name: data.read() for kind in kinds for name, data in archive_members(archive, kind)
    }


def test_a_backup_of_an_older_version_on_sqlite_is_restored_into_postgresql_and_upgraded(
    settings: Settings, postgres_url: str, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT, settings.VOICES_DIR = tmp_path / "media", tmp_path / "voices"
    settings.MEDIA_ROOT.mkdir()
    installation_fill(settings.MEDIA_ROOT, settings.VOICES_DIR)
    there, back = tmp_path / "there.tar", tmp_path / "back.tar"
    installation_backup(there, Listener())
    archive_change(there, lambda told: told["migrations"].update(operations="0002_append_only"))
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute("create database moved")
    url = postgres_url.rpartition("/")[0] + "/moved"
    env = {"DATABASE_URL": url, "VOICELAB_DATA_DIR": str(tmp_path / "empty")}
    said = manage("restore", str(there), env=env)
    assert "SECRET_KEY and the passwords and keys of .env were not in it" in said
    manage("backup", str(back), env=env)
    before, after = rows_of(there), rows_of(back)
    changed = ("distillation.stylerun", "distillation.deployment", "operations.auditentry")
    work, deployed, acts = (f"{name}.jsonl.gz" for name in changed)
    assert {name for name in before if before[name] != after[name]} == {work, deployed, acts}
    assert len(after[acts]) == len(before[acts]) + 1  # that it was restored
    assert "of a worker" in str(before[work])
    assert "of a worker" not in str(after[work])
    assert str(tmp_path / "empty" / "voices") in str(after[deployed])
    assert {name: data for name, data in files_of(there).items() if "tts.env" not in name} == {
        name: data for name, data in files_of(back).items() if "tts.env" not in name
    }
    with psycopg.connect(url, autocommit=True) as moved:
        for table in NUMBERED:
            numbers = (
                f"select nextval(pg_get_serial_sequence('{table}', 'id')), max(id) from {table}"  # noqa: S608
            )
            [(following, last)] = moved.execute(numbers).fetchall()
            assert following == last + 1
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            moved.execute("delete from operations_auditentry")
