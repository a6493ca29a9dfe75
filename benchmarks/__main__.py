"""`make bench`: runs every benchmark except `convergence` and `people` (hours) and `scale`."""

from __future__ import annotations

import argparse
import subprocess
import sys

from benchmarks.shared import EXIT_NO_WEIGHTS, conditions_print
from voicelab.settings import MODEL_DIR

PARTS = (
    "engines",
    "openmp",
    "kokoro",
    "halves",
    "gradient",
    "second_measure",
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
        "python -m benchmarks.PART --help. Not among them: convergence, people (hours), scale.",
    )
    parser.add_argument("part", nargs="*", choices=[*PARTS, []], metavar="PART")
    parts = parser.parse_args().part or PARTS
    conditions_print(MODEL_DIR)
    for part in parts:
        print(f"\n== {part} ==", flush=True)
        done = subprocess.run([sys.executable, "-m", f"benchmarks.{part}"], check=False)
        if done.returncode not in (0, EXIT_NO_WEIGHTS):  # already reported by the part
            sys.exit(f"benchmarks.{part} ended with status {done.returncode}.")


if __name__ == "__main__":
    main()
