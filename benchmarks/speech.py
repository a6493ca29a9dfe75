"""The speech service in figures: start, memory, latency, real-time factor, health under load.

    python benchmarks/speech.py [--requests 20] [--kokoro MODEL_DIR]

Each backend is a fresh process on loopback, asked by one client. Latencies are of whole WAV
answers; `first byte` of streamed MP3. MODEL_DIR may be a stand-in with random weights
(tests/standins.py): the same cost, no speech.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

REPOSITORY = Path(__file__).resolve().parent.parent
SENTENCE = (
    "Buenos días, gracias por llamar a nuestro servicio de atención; dígame, por favor, "
    "en qué puedo ayudarle esta mañana."
)[:114] + "."
PARAGRAPH = (" ".join([SENTENCE] * 5))[:577] + "."


@contextmanager
def serving(backend: str, model_dir: Path | None) -> Iterator[tuple[httpx.Client, psutil.Process]]:
    with tempfile.TemporaryDirectory() as data, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        env = {**os.environ, "VOICELAB_DATA_DIR": data, "TTS_BACKEND": backend}
        env |= {"SPEECH_PORT": str(port), "LOG_LEVEL": "WARNING"}
        env |= {"MODEL_DIR": str(model_dir)} if model_dir else {}
        process = subprocess.Popen([sys.executable, "-m", "voicelab.tts"], cwd=REPOSITORY, env=env)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=300) as client:
                yield client, psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(30)


def start_s(client: httpx.Client, process: psutil.Process) -> float:
    """Wait until /ready says so; seconds since the process began."""
    while True:
        try:
            if client.get("/ready").status_code == 200:
                return time.time() - process.create_time()
        except httpx.TransportError:
            assert process.is_running()
        time.sleep(0.02)


def latencies_s(client: httpx.Client, text: str, requests: int) -> tuple[list[float], float]:
    """Return seconds of each whole answer, and the seconds of speech in one."""
    taken, audio_s = [], 0.0
    for _ in range(requests):
        begun = time.perf_counter()
        answer = client.post("/v1/audio/speech", json={"input": text, "response_format": "wav"})
        taken.append(time.perf_counter() - begun)
        audio_s = float(answer.headers["X-Audio-Seconds"])
    return taken, audio_s


def first_bytes_s(client: httpx.Client, text: str, requests: int) -> list[float]:
    taken = []
    for _ in range(requests):
        begun = time.perf_counter()
        with client.stream("POST", "/v1/audio/speech", json={"input": text}) as answer:
            parts = answer.iter_raw()
            next(parts)
            taken.append(time.perf_counter() - begun)
            for _ in parts:
                pass
    return taken


def health_s(client: httpx.Client, seconds: float) -> list[float]:
    """Return what /health took, asked all the time while long texts are spoken."""
    done = threading.Event()

    def speak() -> None:
        with httpx.Client(base_url=client.base_url, timeout=300) as other:
            while not done.is_set():
                other.post("/v1/audio/speech", json={"input": PARAGRAPH})

    speaking = threading.Thread(target=speak)
    speaking.start()
    taken, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        begun = time.perf_counter()
        assert client.get("/health").status_code == 200
        taken.append(time.perf_counter() - begun)
        time.sleep(0.01)
    done.set()
    speaking.join()
    return taken


def spread(taken: list[float]) -> dict[str, float]:
    """Return p50, p95, min and max in milliseconds."""
    p95 = statistics.quantiles(taken, n=20, method="inclusive")[-1]
    found = {"p50": statistics.median(taken), "p95": p95, "min": min(taken), "max": max(taken)}
    return {name: round(1000 * value, 1) for name, value in found.items()}


def measure(backend: str, model_dir: Path | None, requests: int) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    with serving(backend, model_dir) as (client, process):
        figures["start_s"] = round(start_s(client, process), 2)
        figures["rss_after_start_mb"] = process.memory_info().rss // 2**20
        for text in (SENTENCE, PARAGRAPH):
            taken, audio_s = latencies_s(client, text, requests)
            ratios = [one / audio_s for one in taken]
            figures[f"{len(text)} characters"] = {
                "audio_s": round(audio_s, 2),
                "latency_ms": spread(taken),
                "first_byte_ms": spread(first_bytes_s(client, text, requests)),
                "rtf": {"p50": round(statistics.median(ratios), 4), "max": round(max(ratios), 4)},
            }
        figures["health_under_load_ms"] = spread(health_s(client, 5.0))
        figures["rss_after_load_mb"] = process.memory_info().rss // 2**20
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=20)
    parser.add_argument("--kokoro", type=Path, metavar="MODEL_DIR")
    options = parser.parse_args()
    found = {"praat": measure("praat", None, options.requests)}
    if options.kokoro:
        found["kokoro"] = measure("kokoro", options.kokoro.resolve(), max(3, options.requests // 4))
    print(json.dumps(found, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
