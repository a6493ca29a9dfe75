"""Production settings: started with own keys only, `check --deploy` clean, no secret in images."""

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from corpus.files import write_bytes
from tests.conftest import REPOSITORY

KEY = "k" * 30 + "1234567890abcdefghij"
OWN = {
    "PRODUCTION": "on",
    "SECRET_KEY": KEY,
    "DATABASE_URL": "postgres://voicelab:of-its-own@db:5432/voicelab",
    "TTS_API_KEYS": "a-key",
}
WEB, SPEECH = "voicelab.settings", "voicelab.settings_tts"


def _python(folder: Path, settings: dict[str, str], *words: str) -> Any:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    env = {**kept, "VOICELAB_DATA_DIR": str(folder), **settings}
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=REPOSITORY, env=env, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("changed", "module", "named"),
    [
        ({"SECRET_KEY": ""}, WEB, "SECRET_KEY"),
        ({"SECRET_KEY": "short"}, WEB, "SECRET_KEY"),
        ({"DATABASE_URL": "postgres://lab:voicelab@db/lab"}, WEB, "password"),
        ({"DATABASE_URL": "postgres://voicelab@db/voicelab"}, WEB, "password"),
        ({"TTS_API_KEYS": ""}, WEB, "TTS_API_KEYS"),
        ({"TTS_API_KEYS": ""}, SPEECH, "TTS_API_KEYS"),
        ({"DEBUG": "on"}, WEB, "DEBUG"),
    ],
)  # fmt: skip
def test_production_refuses_to_start(
    changed: dict[str, str], module: str, named: str, tmp_path: Path
) -> None:
    done = _python(tmp_path, OWN | changed, "-c", f"import {module}")
    assert done.returncode
    assert named in done.stderr.splitlines()[-1]
    assert not (tmp_path / "secret_key").exists()


def test_djangos_own_check_finds_nothing_with_what_the_guides_lines_make(tmp_path: Path) -> None:
    guide = (REPOSITORY / "docs" / "operations.md").read_text()
    lines = next(block for block in guide.split("```sh\n") if block.startswith("cp .env.example"))
    shutil.copy(REPOSITORY / ".env.example", tmp_path)
    subprocess.run(["sh", "-ec", lines.partition("```")[0]], cwd=tmp_path, check=True)
    written = tmp_path / ".env"
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    made = dict(re.findall(r"^(\w+)=(.*)$", written.read_text(), re.MULTILINE))
    database = f"postgres://voicelab:{made['POSTGRES_PASSWORD']}@db:5432/voicelab"
    env = made | {"PRODUCTION": "on", "DATABASE_URL": database}
    done = _python(tmp_path, env, "manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr


def test_images_hold_no_secret() -> None:
    ignored = (REPOSITORY / ".dockerignore").read_text().split()
    assert {"**/.env", "var", "**/secret_key", ".git"} <= set(ignored)
    made = (REPOSITORY / "Dockerfile").read_text().split("RUN ")
    assert all("SECRET_KEY=" in step for step in made if "manage.py" in step)


def test_files_are_read_by_their_user_and_group_only(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_bytes(tmp_path / "message", b"x")
        name = default_storage.save("of-a-person/take.wav", ContentFile(b"x"))
    finally:
        os.umask(before)
    stored = Path(default_storage.path(name))
    made = (tmp_path / "message", stored, stored.parent)
    assert [stat.S_IMODE(one.stat().st_mode) for one in made] == [0o640, 0o640, 0o750]
    stored.unlink()
