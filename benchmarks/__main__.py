"""`make bench`: every benchmark but `convergence` (hours), the conditions above the figures."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib.metadata import version

PARTS = (
    "engines",
    "kokoro",
    "halves",
    "gradient",
    "search",
    "speech",
    "memory",
    "parallel",
    "labeling",
    "uploads",
)


def main() -> None:
    parts = sys.argv[1:] or PARTS
    cores, threads = os.cpu_count(), os.environ.get("OMP_NUM_THREADS", "unset")
    print(f"{processor()}, {cores} cores, OMP_NUM_THREADS {threads}, {platform.platform()}")
    print(f"Python {platform.python_version()}, torch {version('torch')}", flush=True)
    for part in parts:
        print(f"\n== {part} ==", flush=True)
        subprocess.run([sys.executable, "-m", f"benchmarks.{part}"], check=True)


def processor() -> str:
    try:
        with open("/proc/cpuinfo") as lines:  # noqa: PTH123
            names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    except FileNotFoundError:
        return platform.processor()
    return names[0] if names else platform.processor()


if __name__ == "__main__":
    main()
