"""PostgreSQL and Redis as real servers on loopback, one of each per session."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import accepts, free_port, initdb, postgres, running, wait_for


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A fresh PostgreSQL cluster with an empty database."""
    if initdb() is None:
        pytest.skip("PostgreSQL's initdb is not installed")
    with (
        tempfile.TemporaryDirectory(prefix="voicelab-pg-") as name,
        postgres(Path(name), "fsync=off") as url,
    ):
        yield url


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
