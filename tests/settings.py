"""Django settings for tests: a temporary data folder per process, plain static files."""

import os
import sys
import tempfile
from pathlib import Path

if "pytest" in sys.modules:  # processes started by tests inherit the folder
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
if "pytest" in sys.modules:
    HEARTBEAT_SECONDS = 3600.0  # no second connection within a test's transaction
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
