"""Access to the teacher's environment from tests of the main environment."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from corpus.audio.io import write_wav
from tests.signals import speech

REPOSITORY = Path(__file__).resolve().parent.parent


def interpreter() -> str:
    """Return the Python of the environment built by `make teacher`; skip the test without it."""
    default = REPOSITORY / ".venv-teacher" / "bin" / "python"
    path = os.environ.get("VOICELAB_TEACHER_PYTHON", str(default))
    if not Path(path).exists():
        pytest.skip("no environment of the teacher: `make teacher`, or VOICELAB_TEACHER_PYTHON")
    return path


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return environment variables for a teacher process with an empty home, so empty caches."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {
        **kept, "HOME": str(home), "HF_HOME": str(home / "hub"), "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1", **more,
    }  # fmt: skip


def teacher(what: str, folder: Path) -> Any:
    """Run an action of `tests.in_teacher` in that environment; return its JSON result."""
    done = subprocess.run(
        [interpreter(), "-m", "tests.in_teacher", what, str(folder)],
        env=environment(folder / "home"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def folder_with_f5(folder: Path) -> Path:
    """Create a folder with tiny F5 models, two prompts and an empty home; return it."""
    (folder / "home").mkdir(parents=True)
    write_wav(folder / "prompt.wav", speech(20, sr=44_100))
    write_wav(folder / "other.wav", speech(20, f0_hz=120.0))
    teacher("build", folder)
    return folder
