"""Performance of the speech service: latency, real-time factor, first byte, health, memory.

    python -m benchmarks.speech [--requests 20] [--model-dir FOLDER]

Each engine is a fresh process on loopback, with one client that requests its first stock voice;
kokoro gets a quarter of the requests, an eighth for the longest text. Latencies are of whole WAV
responses; `first byte` is of streamed MP3. `/health` is polled while the longest text is spoken.
"""

from __future__ import annotations

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
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from benchmarks.shared import (
    PRECISIONS,
    conditions_print,
    has_kokoro,
    parser_of,
    peak_mb,
    spread,
    table_print,
)

REPOSITORY = Path(__file__).resolve().parent.parent
SENTENCE = (
    "Buenos días, gracias por llamar a nuestro servicio de ayuda; dígame, por favor, en qué puedo "
    "atenderle esta mañana."
)
PARAGRAPH = SENTENCE + (
    " Su pedido llegará mañana por la tarde a la dirección que nos indicó, entre tres y seis. Para "
    "continuar con la gestión necesito verificar su número de cliente y la fecha del contrato. "
    "Lamento mucho las molestias que le hemos causado esta semana; ya hemos avisado a nuestros "
    "técnicos. Nuestra oficina abre de lunes a viernes, de nueve a seis, y también los sábados por "
    "la mañana. Si lo desea, le enviamos un mensaje con todos los datos de su cita, la hora y el "
    "lugar exacto de su turno."
)
TEXTS = ("Sí, claro.", SENTENCE, PARAGRAPH)  # 10, 115 and 600 characters
HEALTH_S = 10.0
START_S = 120.0


@dataclass
class Figures:
    """Measurements of one engine's service."""

    start_s: float = 0.0
    spoken: list[list[str]] = field(default_factory=list)  # a row per text
    health_ms: str = ""
    memory_mb: str = ""


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--requests", type=int, default=20)
    options = parser.parse_args()
    conditions_print(options.model_dir, threads="TTS_THREADS " + os.environ.get("TTS_THREADS", "0"))
    found = {}
    for name, (backend, precision) in engines_of(options.model_dir).items():
        print(f"{name} …", file=sys.stderr, flush=True)
        requests = options.requests if backend == "praat" else max(2, options.requests // 4)
        with serving(backend, precision, options.model_dir) as (client, process):
            found[name] = measured(client, process, requests)
    spoken = ("", "characters", "speech s", "answer s", "processor s", "RTF", "first byte s")
    table_print(spoken, [[name, *row] for name, one in found.items() for row in one.spoken])
    print()
    service = ("", "start s", "/health ms: p50, p95, most", "memory MB: started, used, highest")
    rows = [[name, f"{one.start_s:.1f}", one.health_ms, one.memory_mb]
            for name, one in found.items()]  # fmt: skip
    table_print(service, rows)


def engines_of(model_dir: Path) -> dict[str, tuple[str, str]]:
    """Return TTS_BACKEND and TTS_PRECISION of each row."""
    engines = {"praat": ("praat", "fp32")}
    if has_kokoro(model_dir):
        engines |= {f"kokoro {precision}": ("kokoro", precision) for precision in PRECISIONS}
    return engines


@contextmanager
def serving(
    backend: str, precision: str, model_dir: Path, **settings: str
) -> Iterator[tuple[httpx.Client, psutil.Process]]:
    """Run a speech service without deployed voices."""
    with tempfile.TemporaryDirectory() as data:
        port = free_port()
        env = {**os.environ, "VOICELAB_DATA_DIR": data, "MODEL_DIR": str(model_dir.resolve())}
        env |= {"TTS_BACKEND": backend, "TTS_PRECISION": precision}
        env |= {"SPEECH_PORT": str(port), "LOG_LEVEL": "WARNING", **settings}
        process = subprocess.Popen([sys.executable, "-m", "voicelab.tts"], cwd=REPOSITORY, env=env)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=300) as client:
                yield client, psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(60)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def measured(client: httpx.Client, process: psutil.Process, requests: int) -> Figures:
    found = Figures(start_s=start_s(client, process))
    started_mb = process.memory_info().rss // 2**20
    for text in TEXTS:
        times = requests if text is not PARAGRAPH else max(2, requests // 2)
        before_s = processor_s(process)
        taken, audio_s = latencies_s(client, text, times)
        used_s = (processor_s(process) - before_s) / times
        ratio, first = statistics.median(taken) / audio_s, first_bytes_s(client, text, times)
        row = [str(len(text)), f"{audio_s:.1f}", spread(taken, 3), f"{used_s:.3f}"]
        found.spoken.append([*row, f"{ratio:.3f}", spread(first, 3)])
    found.health_ms = in_ms(health_s(client, HEALTH_S))
    memory = (started_mb, process.memory_info().rss // 2**20, peak_mb(process.pid))
    found.memory_mb = ", ".join(f"{mb:.0f}" for mb in memory)
    return found


def processor_s(process: psutil.Process) -> float:
    """Return the CPU seconds used so far by a service and its children."""
    family = (process, *process.children(recursive=True))
    return float(sum(sum(one.cpu_times()[:2]) for one in family))


def start_s(client: httpx.Client, process: psutil.Process) -> float:
    """Wait until /ready returns 200; return the seconds since the process started."""
    while time.time() - process.create_time() < START_S:
        try:
            if client.get("/ready").status_code == 200:
                return time.time() - process.create_time()
        except httpx.TransportError:
            assert process.is_running()
        time.sleep(0.02)
    raise SystemExit(
        f"The speech service is not ready after {START_S:.0f} s; what it wrote is above."
    )


def latencies_s(client: httpx.Client, text: str, requests: int) -> tuple[list[float], float]:
    """Return the seconds of each whole response, and the seconds of audio in one."""
    taken, audio_s = [], 0.0
    for _ in range(requests):
        started = time.perf_counter()
        answer = client.post("/v1/audio/speech", json={"input": text, "response_format": "wav"})
        taken.append(time.perf_counter() - started)
        audio_s = float(answer.raise_for_status().headers["X-Audio-Seconds"])
    return taken, audio_s


def first_bytes_s(client: httpx.Client, text: str, requests: int) -> list[float]:
    taken = []
    for _ in range(requests):
        started = time.perf_counter()
        with client.stream("POST", "/v1/audio/speech", json={"input": text}) as answer:
            parts = answer.raise_for_status().iter_raw()
            next(parts)
            taken.append(time.perf_counter() - started)
            for _ in parts:
                pass
    return taken


def health_s(client: httpx.Client, seconds: float) -> list[float]:
    """Return the response times of /health, polled while long texts are spoken."""
    done = threading.Event()

    def speak() -> None:
        with httpx.Client(base_url=client.base_url, timeout=300) as other:
            while not done.is_set():
                other.post("/v1/audio/speech", json={"input": PARAGRAPH}).raise_for_status()

    speaking = threading.Thread(target=speak)
    speaking.start()
    taken, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        started = time.perf_counter()
        assert client.get("/health").status_code == 200
        taken.append(time.perf_counter() - started)
        time.sleep(0.01)
    done.set()
    speaking.join()
    return taken


def in_ms(taken: list[float]) -> str:
    """Return p50, p95 and maximum in milliseconds."""
    p95 = statistics.quantiles(taken, n=20, method="inclusive")[-1]
    return ", ".join(f"{1000 * one:.1f}" for one in (statistics.median(taken), p95, max(taken)))


if __name__ == "__main__":
    main()
