"""compose.yaml's commands, health checks and proxy, for processes on loopback and free ports."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import REPOSITORY
from tests.processes import accepts, free_port, initdb, running, wait_for

COMPOSE: dict[str, Any] = yaml.safe_load((REPOSITORY / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def command_of(service: str, ports: dict[int, int] | None = None) -> list[str]:
    """Return a service's command; `ports` says which port of this machine stands for which."""
    return _here(SERVICES[service]["command"], ports or {})


def health_check_of(service: str, ports: dict[int, int]) -> list[str]:
    """Return the command of a service's health check."""
    words = SERVICES[service]["healthcheck"]["test"]
    assert words[0] == "CMD"
    return _here(words[1:], ports)


def _here(words: list[str], ports: dict[int, int]) -> list[str]:
    program, *rest = [_on_loopback(word, ports) for word in words]
    if program == "python":
        program = sys.executable
    elif beside := shutil.which(program, path=Path(sys.executable).parent):
        program = beside
    elif program == "pg_isready" and (found := initdb()):
        program = str(found.with_name(program))
    return [program, *rest]


def with_defaults(word: str) -> str:
    """Return a word with the defaults of its variables."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", word)


def _on_loopback(word: str, ports: dict[int, int]) -> str:
    word = with_defaults(word)
    for inside, here in ports.items():
        word = re.sub(rf"\b{inside}\b", str(here), word)
    return word.replace("0.0.0.0", "127.0.0.1")  # noqa: S104


@contextmanager
def proxy(folder: Path, *, web: int, speech: int, https: str = "off") -> Iterator[dict[int, int]]:
    """Run the proxy before these ports; yield which port stands for which of compose.yaml."""
    ports = {inside: free_port() for inside in (8080, 8443, 8001, 8099)}
    env = {
        "SITE": "127.0.0.1",
        "HTTPS": https,
        "WEB": f"127.0.0.1:{web}",
        "SPEECH": f"127.0.0.1:{speech}",
        "HTTP_PORT": str(ports[8080]),
        "HTTPS_PORT": str(ports[8443]),
        "SPEECH_LISTEN": str(ports[8001]),
        "HEALTH_PORT": str(ports[8099]),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
    }
    command = [
        word.replace("/etc/caddy", str(REPOSITORY / "proxy")) for word in command_of("proxy")
    ]
    with running(command, log=folder / "proxy.log", env=env):
        wait_for("the proxy", lambda: accepts(ports[8099]), seconds=20)
        yield ports
