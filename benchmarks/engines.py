"""Cost of one sentence: seconds and real-time factor of praat and of kokoro, side by side.

    python -m benchmarks.engines [--repetitions 7] [--threads 1] [--model-dir DIR] [--json FILE]

Engines take turns in one run, because machines drift. Without a model directory kokoro has
random weights: the cost is the real one, the sound is noise.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from distillation.engines import Student, student

TEXT = "Su pedido llegará mañana por la tarde a la dirección que nos indicó, entre tres y seis."


Run = tuple[float, float, float]  # seconds, seconds of CPU, seconds of audio


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        model_dir = options.model_dir or _standin(Path(folder) / "kokoro")
        engines, memory_mb = _engines(model_dir, options.threads)
        runs = _measured(engines, options.repetitions)
    rows = [_row(name, runs[name], memory_mb[name]) for name in engines]
    print(
        f"{'engine':12}{'median s':>10}{'spread s':>16}{'CPU s':>8}{'audio s':>9}{'RTF':>7}"
        f"{'MB':>7}"
    )
    for row in rows:
        spread = f"{row['seconds_min']:.3f}-{row['seconds_max']:.3f}"
        print(
            f"{row['engine']:12}{row['seconds_median']:10.3f}{spread:>16}"
            f"{row['cpu_median']:8.3f}{row['audio_s']:9.2f}{row['rtf']:7.3f}{row['memory_mb']:7.0f}"
        )
    if options.json:
        about = {"repetitions": options.repetitions, "threads": options.threads, "text": TEXT}
        options.json.write_text(json.dumps(about | {"engines": rows}, indent=2) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--model-dir", type=Path)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _engines(model_dir: Path, threads: int) -> tuple[dict[str, Student], dict[str, float]]:
    """Return the engines warmed up, and the memory each added to the process."""
    engines: dict[str, Student] = {}
    memory_mb: dict[str, float] = {}
    kokoro = {"model_dir": model_dir, "threads": threads, "device": "cpu"}
    wanted: dict[str, dict[str, Any]] = {
        "praat": {},
        "kokoro fp32": kokoro,
        "kokoro bf16": kokoro | {"precision": "auto"},  # bf16 where the processor has it
    }
    for name, made_with in wanted.items():
        before = _rss_mb()
        engines[name] = student(name.split()[0], made_with)
        _speak(engines[name])
        memory_mb[name] = _rss_mb() - before
    return engines, memory_mb


def _standin(folder: Path) -> Path:
    """Write random weights in a process of its own, so that ours holds one model only."""
    code = "import sys, pathlib; from tests.standins import kokoro_dir;"
    code += "kokoro_dir(pathlib.Path(sys.argv[1]), small=False)"
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True)
    return folder


def _measured(engines: dict[str, Student], repetitions: int) -> dict[str, list[Run]]:
    runs: dict[str, list[Run]] = {name: [] for name in engines}
    for _ in range(repetitions):
        for name, engine in engines.items():
            wall, cpu = time.perf_counter(), time.process_time()
            audio_s = _speak(engine)
            runs[name].append((time.perf_counter() - wall, time.process_time() - cpu, audio_s))
    return runs


def _speak(engine: Student) -> float:
    return engine.synthesize(TEXT, engine.stock_voice(engine.stock_voices()[0])).duration_s


def _row(name: str, runs: list[Run], memory_mb: float) -> dict[str, Any]:
    seconds, cpu, audio_s = zip(*runs, strict=True)
    median = statistics.median(seconds)
    return {
        "engine": name,
        "seconds_median": median,
        "seconds_min": min(seconds),
        "seconds_max": max(seconds),
        "cpu_median": statistics.median(cpu),
        "audio_s": audio_s[0],
        "rtf": median / audio_s[0],
        "memory_mb": memory_mb,
    }


def _rss_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    sys.exit("this machine does not tell a process's memory (/proc)")


if __name__ == "__main__":
    main()
