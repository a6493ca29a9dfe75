"""The import rules of CONTRIBUTING.md, and what the web process must never load."""

import subprocess
import sys

from tests.conftest import REPOSITORY

HEAVY = (
    *("torch", "librosa", "kokoro", "resemblyzer", "distillmos"),
    *("transformers", "matplotlib", "sklearn"),
)


def test_import_contracts_hold() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_web_process_loads_nothing_heavy() -> None:
    code = (
        "import sys, django; from django.conf import settings; import voicelab.wsgi; "
        "from django.urls import get_resolver; get_resolver().url_patterns; "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
