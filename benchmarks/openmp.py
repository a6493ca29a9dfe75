"""OpenMP's wait policy: a sentence on Kokoro with spinning, sleeping and no other threads.

    python -m benchmarks.openmp [--repeats 5] [--model-dir FOLDER]

Each policy in fresh processes, on the machine as it is and with one busy process per core.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.shared import conditions_print, kokoro_or_exit, parser_of, spread

TEXTS = {
    9: "Muy bien.",
    115: "Gracias por llamar a nuestro servicio de atención al cliente, enseguida le paso con "
    "una persona de mi equipo técnico.",
}
WAYS = {
    "spinning": {"OMP_WAIT_POLICY": "ACTIVE"},
    "asleep (ours)": {"OMP_WAIT_POLICY": "PASSIVE"},
    "one thread": {"OMP_NUM_THREADS": "1"},
}


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--speak", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.speak:
        speak(options.model_dir, options.repeats)
        return
    kokoro_or_exit(options.model_dir)
    conditions_print(options.model_dir, threads="each way's own")
    for load in (0, os.cpu_count() or 1):
        with busy(load):
            print(f"{load} other busy processes")
            for name, changed in WAYS.items():
                print(f"  {name:14} {measured(changed, options)}", flush=True)


def measured(changed: dict[str, str], options: argparse.Namespace) -> str:
    """Return the medians of one policy, measured in its own process."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith("OMP_")}
    command = [sys.executable, "-m", "benchmarks.openmp", "--speak"]
    command += ["--repeats", str(options.repeats), "--model-dir", str(options.model_dir)]
    done = subprocess.run(command, env=plain | changed, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def speak(model_dir: Path, repeats: int) -> None:
    """Print median and range of the seconds for each text; runs in the measured process."""
    from distillation.engines.kokoro.student import KokoroStudent

    student = KokoroStudent(model_dir=model_dir)
    pack = student.stock_voice(student.stock_voices()[0])
    found = []
    for letters, text in TEXTS.items():
        student.synthesize(text, pack)
        took = []
        for _ in range(repeats):
            began = time.perf_counter()
            student.synthesize(text, pack)
            took.append(time.perf_counter() - began)
        found.append(f"{letters} letters {spread(took)} s")
    print("; ".join(found))


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Keep `count` processes busy."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


if __name__ == "__main__":
    main()
