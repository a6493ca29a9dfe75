"""What the benchmarks share: Kokoro's folder, the conditions of a run, medians, clocks, memory."""

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
from distillation.engines.kokoro.files import voice_names
from distillation.engines.kokoro.student import CONFIG, WEIGHTS
from voicelab.settings import MODEL_DIR

PRECISIONS = ("fp32", "bf16")
SPANISH = hub.SPANISH_VOICES
EXIT_NO_WEIGHTS = 2

T = TypeVar("T")
Spent = tuple[float, float]  # seconds of wall clock, of processor


def parser_of(doc: str) -> argparse.ArgumentParser:
    """Return a parser that knows `--model-dir`, described by the first line of a module's text."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    told = "Kokoro's files; default: MODEL_DIR"
    parser.add_argument("--model-dir", type=Path, default=MODEL_DIR, metavar="FOLDER", help=told)
    return parser


def lack_of(model_dir: Path, voices: Sequence[str] = SPANISH) -> str:
    """Return one line that says what of Kokoro is not there and how to get it; empty if nothing."""
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
    """Return whether Kokoro can speak; where not, say what is measured without it."""
    if lack := lack_of(model_dir, voices):
        print(f"{lack} Measured with praat alone.", flush=True)
    return not lack


def kokoro_or_exit(model_dir: Path, voices: Sequence[str] = SPANISH) -> None:
    """End the program, status 2, where Kokoro cannot speak: nothing here can be measured then."""
    if lack := lack_of(model_dir, voices):
        print(lack, file=sys.stderr)
        sys.exit(EXIT_NO_WEIGHTS)


def conditions_print(model_dir: Path | None = None, *, threads: str = "") -> None:
    """Print on what machine the figures below come about, and with which weights."""
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
    """Return where the weights came from, and their hash."""
    origin = hub.weights_origin(model_dir)
    return f"{origin.words}, SHA-256 {origin.sha256[:16]}…"


def processor() -> str:
    try:
        told = Path("/proc/cpuinfo").read_text()
    except FileNotFoundError:
        return platform.processor()
    names = re.findall(r"^model name\s*: (.+)$", told, re.MULTILINE)
    return names[0] if names else platform.processor()


def timed(work: Callable[[], T]) -> tuple[T, Spent]:
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, (time.perf_counter() - wall, time.process_time() - cpu)


def own_process() -> ProcessPoolExecutor:
    """Return a process that begins with nothing loaded; one that is killed is an error."""
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))


def apart(work: Callable[..., T], *asked: object) -> T:
    """Return what `work` returns in a process of its own."""
    with own_process() as process:
        return process.submit(work, *asked).result()


def spread(values: Iterable[float], digits: int = 2) -> str:
    """Return the median and, in brackets, the least and the most."""
    known = list(values)
    low, middle, high = min(known), statistics.median(known), max(known)
    return f"{middle:.{digits}f} ({low:.{digits}f}-{high:.{digits}f})"


def peak_mb(process: int | str = "self") -> float:
    """Return the most memory a process has held, MB; 0 for one that has just ended."""
    status = Path(f"/proc/{process}/status")
    if not Path("/proc/self/status").exists():
        sys.exit("This machine does not tell a process's memory (/proc): run it on Linux.")
    held = re.search(r"VmHWM:\s+(\d+)", status.read_text()) if status.exists() else None
    return int(held[1]) / 1024 if held else 0.0


def table_print(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print columns as wide as they need to be, the first to the left, the others to the right."""
    lines = [list(head), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        first, *others = zip(line, widths, strict=True)
        cells = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
        print("  ".join(cells).rstrip(), flush=True)
