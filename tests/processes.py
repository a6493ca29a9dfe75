"""Helpers for tests that start programs: free ports, servers, waiting with a timeout."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import psycopg

from tests.conftest import REPOSITORY

T = TypeVar("T")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: str, check: Callable[[], T | None], *, seconds: float) -> T:
    """Poll `check` and return its first true value; fail with `what` after the timeout."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := check():
            return answer
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come within {seconds} s")


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(
    command: list[str],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    user: str | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program in its own process group; stop it on exit, killing the group if needed."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=REPOSITORY if user is None else log.parent,
            env={**os.environ, **(env or {})},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=user,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait(5)


def manage(*arguments: str, env: Mapping[str, str]) -> str:
    """Run a management command in its own process; return its standard output."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def initdb() -> Path | None:
    """Return the path of PostgreSQL's initdb, if it is installed."""
    found = shutil.which("initdb")
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return Path(found).resolve() if found else (candidates[-1] if candidates else None)


@contextmanager
def postgres(folder: Path, *settings: str) -> Iterator[str]:
    """Run the cluster in `folder`, a fresh one if there is none; yield its database's URL.

    PostgreSQL refuses to run as root, so root runs it as the user `postgres`.
    """
    program = initdb()
    assert program, "PostgreSQL's initdb is not installed"
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    data, port = folder / "data", free_port()
    made = [program, "-D", data, "-U", "voicelab", "--auth=trust", "-E", "UTF8"]
    if not data.exists():
        subprocess.run(made, check=True, capture_output=True, user=user, cwd=folder)
    options = ["listen_addresses=127.0.0.1", *settings]
    command = [str(program.with_name("postgres")), "-D", str(data), "-p", str(port)]
    command += ["-k", str(folder), *(word for one in options for word in ("-c", one))]
    with running(command, log=folder / "log", user=user):
        server = f"postgres://voicelab@127.0.0.1:{port}"
        wait_for("PostgreSQL", lambda: _created(server), seconds=30)
        yield f"{server}/voicelab"


def _created(server: str) -> bool:
    try:
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute("create database voicelab")
    except psycopg.errors.DuplicateDatabase:
        return True
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """Let no file of this process grow over so many bytes: the kernel refuses a write midway."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
