"""Fixtures every test may use: threads on purpose, data in a temporary place."""

import os
import tempfile

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["VOICELAB_DATA_DIR"] = tempfile.mkdtemp(prefix="voicelab-test-")
os.environ.setdefault("SECRET_KEY", "only-for-tests")
