"""`make bench`: every benchmark but `convergence` (hours), the conditions above the figures."""

from __future__ import annotations

import argparse
import ast
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

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
ALONE = ("convergence",)


def main() -> None:
    parts = asked(sys.argv[1:])
    cores, threads = os.cpu_count(), os.environ.get("OMP_NUM_THREADS", "unset")
    print(f"{processor()}, {cores} cores, OMP_NUM_THREADS {threads}, {platform.platform()}")
    print(f"Python {platform.python_version()}, torch {version('torch')}", flush=True)
    for part in parts:
        print(f"\n== {part} ==", flush=True)
        subprocess.run([sys.executable, "-m", f"benchmarks.{part}"], check=True)


def asked(arguments: list[str]) -> list[str]:
    """Return the parts to run; every one but those that run for hours where none is named."""
    listed = "\n".join(f"  {part:<12} {job(part)}" for part in PARTS + ALONE)
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=f"Runs the parts one after another, all but {', '.join(ALONE)} by default:\n"
        f"{listed}\nEach is a command with options too: python -m benchmarks.PART --help",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help="one or more of the above")
    parts: list[str] = parser.parse_args(arguments).parts
    if unknown := set(parts) - {*PARTS, *ALONE}:
        parser.error(f"no part {', '.join(sorted(unknown))}; --help lists them")
    return parts or list(PARTS)


def job(part: str) -> str:
    """Return the first line of a part's description, without importing it."""
    source = Path(__file__).with_name(f"{part}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]


def processor() -> str:
    try:
        with open("/proc/cpuinfo") as lines:  # noqa: PTH123
            names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    except FileNotFoundError:
        return platform.processor()
    return names[0] if names else platform.processor()


if __name__ == "__main__":
    main()
