"""What the web process loads to decode an upload stays small."""

import subprocess
import sys
from pathlib import Path

HEAVY = ("scipy", "torch", "librosa", "matplotlib", "pyloudnorm", "parselmouth", "django")
SCRIPT = f"""
import sys
from corpus.audio import checks, io, loudness, profile, prosody, drawings
from tests import signals
take = io.decode(io.encode_mp3(signals.speech(20)))
checks.take_checks(take, syllables=20); prosody.measure(take, syllables=20); drawings.svg(take)
loaded = [name for name in {HEAVY} if name in sys.modules]
rss = next(line for line in open("/proc/self/status") if line.startswith("VmRSS"))
print(loaded, int(rss.split()[1]) // 1024)
"""


def test_decoding_measuring_and_drawing_load_nothing_heavy() -> None:
    script = SCRIPT.replace(
        "from tests import signals", "from tests.signals import speech"
    ).replace("signals.speech", "speech")
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.split()[0] == "[]"
    assert int(done.stdout.split()[1]) < 130  # pytest, which the signals import, included
