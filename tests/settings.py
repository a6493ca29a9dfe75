"""The settings of the tests: data in a temporary place of each process, plain static files."""

import os
import sys
import tempfile
from pathlib import Path

if "pytest" in sys.modules:  # a process that a test starts keeps the place it is given
    base = os.environ.setdefault("VOICELAB_TEST_DIR", tempfile.mkdtemp(prefix="voicelab-test-"))
    own = os.environ.get("PYTEST_XDIST_WORKER", "main")
    os.environ["VOICELAB_DATA_DIR"] = str(Path(base) / own)
os.environ.setdefault("SECRET_KEY", "only-for-tests")

from voicelab.settings import *  # noqa: F403
from voicelab.settings import STATIC_ROOT, STORAGES

STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
BLIND_SHARE = 0.0  # tests of the blind share set it
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
