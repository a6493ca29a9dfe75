"""Cost of one sentence: seconds, real-time factor and memory of praat and kokoro.

    python -m benchmarks.engines [--repetitions 7] [--model-dir FOLDER]

Each engine runs in its own process, kokoro once with one thread and once with two. Measurements
are interleaved, because machines drift; the memory is the peak of each process.
"""

from __future__ import annotations

import statistics
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.shared import (
    PRECISIONS,
    Spent,
    conditions_print,
    has_kokoro,
    own_process,
    parser_of,
    peak_mb,
    spread,
    table_print,
    timed,
)
from distillation.engines import student

TEXT = "Su pedido llegará mañana por la tarde a la dirección que nos indicó, entre tres y seis."
VOICES = {"praat": "pf_luz", "kokoro": "ef_dora"}
THREADS = (1, 2)

speaking: dict[str, Any] = {}  # per process: its synthesis function


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--repetitions", type=int, default=7)
    options = parser.parse_args()
    conditions_print(options.model_dir)
    engines = engines_of(options.model_dir)
    with ExitStack() as running:
        processes = {name: running.enter_context(own_process()) for name in engines}
        for name, process in processes.items():
            process.submit(load, *engines[name]).result()
        runs = alternately(processes, options.repetitions)
        peaks = {name: of.submit(peak_mb).result() for name, of in processes.items()}
    print(f"A sentence of {len(TEXT)} characters, {options.repetitions} repetitions:")
    rows = [row_of(name, runs[name], peaks[name]) for name in engines]
    table_print(("", "seconds", "processor s", "speech s", "RTF", "peak memory"), rows)


def engines_of(model_dir: Path) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return engine and options of each row."""
    made: dict[str, tuple[str, dict[str, Any]]] = {"praat": ("praat", {})}
    if has_kokoro(model_dir):
        for precision in PRECISIONS:
            for threads in THREADS:
                name = f"kokoro {precision}, {threads} thread{'s' * (threads > 1)}"
                kokoro = {"model_dir": model_dir, "threads": threads, "device": "cpu"}
                made[name] = ("kokoro", kokoro | {"precision": precision})
    return made


def load(name: str, made_with: dict[str, Any]) -> None:
    """Create the process's engine and warm it up with one synthesis."""
    engine = student(name, made_with)
    speaking["work"] = partial(engine.synthesize, TEXT, engine.stock_voice(VOICES[name]))
    speak()


def speak() -> tuple[float, Spent]:
    """Return the seconds of speech and the time spent."""
    audio, spent = timed(speaking["work"])
    return audio.duration_s, spent


def alternately(
    processes: dict[str, ProcessPoolExecutor], repetitions: int
) -> dict[str, list[tuple[float, Spent]]]:
    runs: dict[str, list[tuple[float, Spent]]] = {name: [] for name in processes}
    for _ in range(repetitions):
        for name, process in processes.items():
            runs[name].append(process.submit(speak).result())
    return runs


def row_of(name: str, runs: list[tuple[float, Spent]], memory_mb: float) -> list[str]:
    speech, spent = zip(*runs, strict=True)
    walls, cpus = zip(*spent, strict=True)
    ratio = statistics.median(walls) / speech[0]
    row = [name, spread(walls, 3), f"{statistics.median(cpus):.3f}", f"{speech[0]:.2f}"]
    return [*row, f"{ratio:.3f}", f"{memory_mb:.0f} MB"]


if __name__ == "__main__":
    main()
