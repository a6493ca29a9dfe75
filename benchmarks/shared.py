"""Shared code of the benchmarks: Kokoro's folder, run conditions, medians, clocks, memory."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

from distillation import hub
from distillation.engines.kokoro.files import CONFIG, WEIGHTS, voice_names
from voicelab.settings import MODEL_DIR

PRECISIONS = ("fp32", "bf16")
SPANISH = hub.SPANISH_VOICES
EXIT_NO_WEIGHTS = 2

T = TypeVar("T")
Spent = tuple[float, float]  # wall-clock and CPU seconds


def parser_of(doc: str) -> argparse.ArgumentParser:
    """Return a parser with `--model-dir`, described by the first line of a module's docstring."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    text = "Kokoro's files; default: MODEL_DIR"
    parser.add_argument("--model-dir", type=Path, default=MODEL_DIR, metavar="FOLDER", help=text)
    return parser


def lack_of(model_dir: Path, voices: Sequence[str] = SPANISH) -> str:
    """Return what Kokoro lacks and how to get it, in one line; empty if nothing is missing."""
    pull, there = "`manage.py models pull kokoro", voice_names(model_dir)
    lacking = [name for name in voices if name not in there]
    if not all((model_dir / name).is_file() for name in (WEIGHTS, CONFIG)):
        named = " ".join(["", "--voices", *voices]) if set(voices) - set(SPANISH) else ""
        return f"No weights of Kokoro in {model_dir}: {pull}{named}` gets them."
    if lacking:
        return (
            f"No voice {', '.join(lacking)} in {model_dir}: {pull} --voices {' '.join(lacking)}`."
        )
    return ""


def has_kokoro(model_dir: Path, voices: Sequence[str] = SPANISH) -> bool:
    """Return whether Kokoro is available; if not, print what is measured without it."""
    if lack := lack_of(model_dir, voices):
        print(f"{lack} Measured with praat alone.", flush=True)
    return not lack


def kokoro_or_exit(model_dir: Path, voices: Sequence[str] = SPANISH) -> None:
    """Exit with status 2 if Kokoro is unavailable, because nothing can be measured then."""
    if lack := lack_of(model_dir, voices):
        print(lack, file=sys.stderr)
        sys.exit(EXIT_NO_WEIGHTS)


def conditions_print(model_dir: Path | None = None, *, threads: str = "") -> None:
    """Print the machine and the weights of the figures that follow."""
    openmp = ", ".join(
        f"{name} {os.environ.get(name, 'unset')}" for name in ("OMP_NUM_THREADS", "OMP_WAIT_POLICY")
    )
    used = f"{threads}, " if threads else ""
    print(f"{processor()}, {os.cpu_count()} cores; {used}{openmp}; load {os.getloadavg()[0]:.2f}")
    print(f"Python {platform.python_version()}, torch {version('torch')}")
    if model_dir and not lack_of(model_dir, ()):
        print(f"Kokoro's weights: {weights_named(model_dir)}")
    print(flush=True)


def weights_named(model_dir: Path) -> str:
    """Return the origin of the weights and their hash."""
    origin = hub.weights_origin(model_dir)
    return f"{origin.words}, SHA-256 {origin.sha256[:16]}…"


def processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except FileNotFoundError:
        return platform.processor()
    names = re.findall(r"^model name\s*: (.+)$", text, re.MULTILINE)
    return names[0] if names else platform.processor()


def timed(work: Callable[[], T]) -> tuple[T, Spent]:
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, (time.perf_counter() - wall, time.process_time() - cpu)


def own_process() -> ProcessPoolExecutor:
    """Return an executor with one fresh (spawned) process; raises an error if it is killed."""
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))


def apart(work: Callable[..., T], *asked: object) -> T:
    """Run `work` in its own process and return the result."""
    with own_process() as process:
        return process.submit(work, *asked).result()


def spread(values: Iterable[float], digits: int = 2) -> str:
    """Return the median with minimum and maximum in brackets."""
    known = list(values)
    low, middle, high = min(known), statistics.median(known), max(known)
    return f"{middle:.{digits}f} ({low:.{digits}f}-{high:.{digits}f})"


def peak_mb(process: int | str = "self") -> float:
    """Return a process's peak resident memory, MB; 0 if it has just ended."""
    status = Path(f"/proc/{process}/status")
    if not Path("/proc/self/status").exists():
        sys.exit("This machine does not report the memory of a process (/proc): run it on Linux.")
    held = re.search(r"VmHWM:\s+(\d+)", status.read_text()) if status.exists() else None
    return int(held[1]) / 1024 if held else 0.0


def table_print(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table with fitted column widths, the first column left-aligned, the rest right."""
    lines = [list(head), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        first, *others = zip(line, widths, strict=True)
        cells = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
        print("  ".join(cells).rstrip(), flush=True)
