"""The project: settings, URLs, roles, worker and speech service wired together."""

import os

# How torch's threads wait: asleep, not spinning, unless a person chose otherwise. By default
# libgomp spins: on a busy machine one sentence took 2-4 times as long (`python -m
# benchmarks.openmp`). libgomp reads it when it is loaded, so it is set before anything can import
# torch. Apart from the settings nothing else touches os.environ; child processes inherit it.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# How many compiled kernels oneDNN keeps, one for each shape it met: speech of every length is a
# new one. Of its 1,024 a process grew by 226 MB over 350 short answers, of 64 by 100 MB, and both
# took as long.
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")

from voicelab.celery import app as celery_app

__all__ = ["celery_app"]
