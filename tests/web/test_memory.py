"""The web process starts without the heavy libraries of search, scoring and engines."""

import subprocess
import sys

HEAVY = ("torch", "librosa", "kokoro", "resemblyzer", "matplotlib", "scipy", "parselmouth", "cmaes")
SCRIPT = f"""
import sys
from voicelab.wsgi import application
from django.urls import get_resolver
assert get_resolver().url_patterns
print(*[name for name in {HEAVY!r} if name in sys.modules])
"""


def test_the_web_application_loads_no_heavy_library():
    found = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, timeout=60
    )
    assert found.stdout.split() == []
