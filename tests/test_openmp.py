"""What OpenMP and oneDNN read as they load is set in every process before torch can load."""

import os
import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY

ENTRIES = (
    "voicelab.wsgi", "voicelab.asgi", "voicelab.celery", "voicelab.tts.application",
    "voicelab.settings", "benchmarks.shared",
)  # fmt: skip
NAMES = ("OMP_WAIT_POLICY", "ONEDNN_PRIMITIVE_CACHE_CAPACITY")
PROBE = """
import os, sys, importlib.abc
class Watch(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "torch":
            print("torch", *map(os.environ.get, {names}))
sys.meta_path.insert(0, Watch())
import {entry}
import torch
"""


def first_seen(entry: str, **environment: str) -> str:
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("OMP_", "ONEDNN_"))}
    settings = "voicelab.settings_tts" if "tts" in entry or "asgi" in entry else "voicelab.settings"
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(entry=entry, names=NAMES)], cwd=REPOSITORY, check=True,
        env={**plain, "DJANGO_SETTINGS_MODULE": settings, **environment},
        capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.splitlines()[0]


@pytest.mark.slow
@pytest.mark.parametrize("entry", ENTRIES)
def test_threads_sleep_while_they_wait(entry: str) -> None:
    assert first_seen(entry) == "torch PASSIVE 64"


@pytest.mark.slow
def test_the_users_own_setting_is_kept() -> None:
    assert first_seen(ENTRIES[0], OMP_WAIT_POLICY="ACTIVE") == "torch ACTIVE 64"
