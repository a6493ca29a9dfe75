"""`make bench`: every benchmark but `convergence` (hours), the conditions above the figures."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from importlib.metadata import version

PARTS = (
    "engines",
    "openmp",
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
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Runs the parts that are named, all of them by default.",
        epilog=f"Parts: {', '.join(PARTS)}. Each also runs alone, with options of its own: "
        "python -m benchmarks.PART --help. Not among them, because it takes hours: convergence.",
    )
    parser.add_argument("part", nargs="*", choices=[*PARTS, []], metavar="PART")
    parts = parser.parse_args().part or PARTS
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
