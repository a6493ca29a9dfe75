"""PostgreSQL and Redis as real servers on loopback, one of each per session."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.processes import accepts, free_port, running, wait_for


def _initdb() -> Path | None:
    found = shutil.which("initdb")
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return Path(found).resolve() if found else (candidates[-1] if candidates else None)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A fresh PostgreSQL cluster; its programs refuse root, so root hands it to `postgres`."""
    initdb = _initdb()
    if initdb is None:
        pytest.skip("PostgreSQL's initdb is not installed")
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="voicelab-pg-") as name:
        folder = Path(name)
        if user:
            shutil.chown(folder, user)
        data, port = folder / "data", free_port()
        subprocess.run(
            [initdb, "-D", data, "-U", "voicelab", "--auth=trust", "-E", "UTF8"],
            check=True,
            capture_output=True,
            user=user,
            cwd=folder,
        )
        command = [
            str(initdb.with_name("postgres")),
            "-D",
            str(data),
            "-p",
            str(port),
            "-c",
            "listen_addresses=127.0.0.1",
            "-k",
            str(folder),
            "-c",
            "fsync=off",
        ]
        with running(command, log=folder / "log", user=user):
            server = f"postgres://voicelab@127.0.0.1:{port}"
            wait_for("PostgreSQL", lambda: _created(server), seconds=30)
            yield f"{server}/voicelab"


def _created(server: str) -> bool:
    try:
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute("create database voicelab")
    except psycopg.OperationalError:
        return False
    return True


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A fresh Redis without persistence."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    with tempfile.TemporaryDirectory(prefix="voicelab-redis-") as name:
        port = free_port()
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", name]
        with running(command, log=Path(name) / "log"):
            wait_for("Redis", lambda: accepts(port), seconds=10)
            yield f"redis://127.0.0.1:{port}/0"
