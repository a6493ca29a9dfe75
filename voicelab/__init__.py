"""The project: settings, URLs, roles, worker and speech service wired together."""

import os

# How torch's threads wait: asleep, not spinning, unless a person chose otherwise. By default
# libgomp spins: on a busy machine one sentence took 2-4 times as long (`python -m
# benchmarks.openmp`). libgomp reads it when it is loaded, so it is set before anything can import
# torch. Apart from the settings nothing else touches os.environ; child processes inherit it.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from voicelab.celery import app as celery_app

__all__ = ["celery_app"]
