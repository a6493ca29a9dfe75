"""What `make` does beyond a line of shell: passing variables, selecting tests, serving."""

import os
import shlex
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from django.core.management import load_command_class

from tests.conftest import REPOSITORY
from tests.processes import accepts, free_port, running, wait_for

# As if installed and compiled: a test installs nothing.
MAKE = ("make", "-o", ".venv/.installed", "-o", "locale/es/LC_MESSAGES/django.mo")


def made(*words: str, env: Mapping[str, str] | None = None) -> str:
    """Run make without the variables of a make that runs these tests; return its output."""
    done = subprocess.run(
        [*MAKE, *words],
        cwd=REPOSITORY,
        env=outside(env),
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def outside(env: Mapping[str, str] | None = None) -> dict[str, str]:
    ours = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "DJANGO_SETTINGS_MODULE"}
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return {**kept, **(env or {})}


@pytest.mark.parametrize(
    ("variables", "options"),
    [
        ((), {"exit": False, "engine": "", "sounds": None}),
        (("EXIT=1",), {"exit": True}),
        (("ENGINE=praat",), {"engine": "praat"}),
        (("EXIT=1", "SOUNDS=docs/sounds"), {"exit": True, "sounds": Path("docs/sounds")}),
    ],
)
def test_make_passes_variables_to_the_demo(
    variables: tuple[str, ...], options: dict[str, object]
) -> None:
    words = shlex.split(made("-n", "demo", *variables))
    assert words[:3] == [".venv/bin/python", "manage.py", "demo"]
    parser = load_command_class("distillation", "demo").create_parser("manage.py", "demo")
    assert vars(parser.parse_args(words[3:])).items() >= options.items()


@pytest.mark.slow
def test_test_quick_runs_the_quick_tests() -> None:
    output = made("test-quick", env={"PYTEST_ADDOPTS": "tests/test_python_version.py"})
    assert " passed" in output or "100%" in output


@pytest.mark.slow
def test_serve_answers_until_ctrl_c(tmp_path: Path) -> None:
    web, speech = free_port(), free_port()
    env = outside({
        "VOICELAB_DATA_DIR": str(tmp_path), "MODEL_DIR": str(tmp_path), "WORKERS": "1",
        "WEB_PORT": str(web), "SPEECH_PORT": str(speech), "TTS_BACKEND": "praat",
    })  # fmt: skip
    with running([*MAKE, "serve"], log=tmp_path / "log", env=env) as process:
        wait_for("the web", lambda: answers(f"http://127.0.0.1:{web}/login/"), seconds=90)
        wait_for("speech", lambda: answers(f"http://127.0.0.1:{speech}/ready"), seconds=60)
        os.killpg(process.pid, signal.SIGINT)
        process.wait(30)
    assert not accepts(web)
    assert not accepts(speech)
    assert "Traceback" not in (tmp_path / "log").read_text()


def answers(address: str) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(address, timeout=5).is_success
    return False
