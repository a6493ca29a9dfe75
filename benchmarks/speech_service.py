"""Latency, throughput and memory of any OpenAI-compatible speech service.

    python -m benchmarks.speech_service [--url http://HOST:PORT] [--voice NAME] [--key KEY]
        [--requests 5] [--clients 1 4 8] [--memory-requests 1000] [--workers 0 …] [--alone]

Requests raw samples (`pcm`, 24 kHz, mono, 16 bits) and reads them as they come. A player that
starts with the first sound runs out where a later sample comes after its moment: that is an
underrun. Every request has another text, so that a cache of answers gains nothing. Without
`--url` it starts this project's service on Kokoro, and beside it the way most services go, a plain
loop over the package's pipeline (`benchmarks.plain_service`), on the same weights. `--workers`
starts ours once for each number (TTS_WORKERS), `--alone` without the loop. Prints Markdown.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import httpx
import psutil

from benchmarks.plain_service import serving_plainly
from benchmarks.shared import conditions_print, kokoro_or_exit, parser_of, spread
from benchmarks.speech import PARAGRAPH, SENTENCE, serving, start_s

RATE = 48_000  # bytes a second of pcm
SHORT = "Buenos días, le atiende Marina. Dígame."
LONG = " ".join([PARAGRAPH] * 5)
TEXTS = (SHORT[:20], SHORT, SENTENCE, PARAGRAPH, LONG)
NUMBER = itertools.count(1)
PLAIN = "a plain loop over the pipeline, sentence by sentence"
HEALTH_EVERY_S = 0.02


@dataclass(frozen=True)
class Answer:
    """One answer: seconds until its first sound and its end, of its sound, and of silence."""

    first_s: float
    total_s: float
    audio_s: float
    waited_s: float  # that a player stood still, in all
    underruns: int


@dataclass
class Measured:
    """What was measured of one service: answers by text, and by number of clients."""

    name: str
    by_text: dict[str, list[Answer]] = field(default_factory=dict)
    by_clients: dict[int, tuple[list[Answer], float, str]] = field(default_factory=dict)
    memory: list[str] = field(default_factory=list)


def main() -> None:
    options = options_of()
    if options.url is None:
        kokoro_or_exit(options.model_dir)
    conditions_print(options.model_dir)
    found = []
    with ExitStack() as stack:
        for name, client, process in services(options, stack):
            found.append(measured(name, client, process, options))
            report_print(found[-1])
    if len(found) > 1:
        compared_print(found)


def options_of() -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--url", help="of a service that runs already, without /v1")
    parser.add_argument("--key", default="", help="its API key")
    parser.add_argument("--voice", default="ef_dora")
    parser.add_argument("--model", default="tts-1")
    parser.add_argument(
        "--requests", type=int, default=5, help="for each text; fewer for long ones"
    )
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 8])
    parser.add_argument("--memory-requests", type=int, default=1000, help="of ours; 0: none")
    parser.add_argument("--workers", type=int, nargs="+", default=[0], help="0: as by default")
    parser.add_argument("--alone", action="store_true", help="ours without the plain loop")
    return parser.parse_args()


def services(
    options: argparse.Namespace, stack: ExitStack
) -> Iterator[tuple[str, httpx.Client, psutil.Process | None]]:
    """Yield name, client and process of each service to be measured, one after the other."""
    if options.url is not None:
        headers = {"Authorization": f"Bearer {options.key}"} if options.key else {}
        client = httpx.Client(base_url=options.url, headers=headers, timeout=600)
        yield options.url, stack.enter_context(client), None
        return
    for workers in options.workers:
        settings = {"TTS_WORKERS": str(workers)} if workers else {}
        with serving("kokoro", "auto", options.model_dir, **settings) as (client, process):
            start_s(client, process)
            yield f"this service{f', {workers} workers' if workers else ''}", client, process
    if not options.alone:
        with serving_plainly(options.model_dir, options.voice) as client:
            yield PLAIN, client, None


def measured(
    name: str, client: httpx.Client, process: psutil.Process | None, options: argparse.Namespace
) -> Measured:
    found = Measured(name)
    request(client, options, SHORT)  # warm
    for text in TEXTS:
        if text is LONG and name == PLAIN:
            continue  # minutes, for a figure nobody waits for
        times = max(1, options.requests * len(SENTENCE) // max(len(SENTENCE), len(text)))
        found.by_text[text] = [request(client, options, text) for _ in range(times)]
    for count in options.clients:
        found.by_clients[count] = together(client, options, count)
    if process is not None and options.memory_requests:
        found.memory = memory(client, process, options)
    return found


def together(
    client: httpx.Client, options: argparse.Namespace, count: int
) -> tuple[list[Answer], float, str]:
    """Return the answers to `count` clients at once, the seconds they took, and /health's."""
    started = time.perf_counter()
    with health_polled(client) as taken_s:
        with ThreadPoolExecutor(count) as pool:
            asked = [pool.submit(request, client, options, SENTENCE) for _ in range(count * 2)]
            found = [one.result() for one in asked]
        seconds = time.perf_counter() - started
    p99 = statistics.quantiles(taken_s, n=100, method="inclusive")[-1] if taken_s[1:] else 0.0
    return found, seconds, f"{1000 * p99:.0f}" if taken_s else "-"


@contextmanager
def health_polled(client: httpx.Client) -> Iterator[list[float]]:
    """Poll /health meanwhile; the list has the seconds of each answer, none if there is none."""
    taken_s: list[float] = []
    done = threading.Event()

    def poll() -> None:
        with httpx.Client(base_url=client.base_url, timeout=600) as other:
            while not done.wait(HEALTH_EVERY_S):
                started = time.perf_counter()
                if other.get("/health").status_code != httpx.codes.OK:
                    return
                taken_s.append(time.perf_counter() - started)

    polling = threading.Thread(target=poll)
    polling.start()
    try:
        yield taken_s
    finally:
        done.set()
        polling.join()


def memory(client: httpx.Client, process: psutil.Process, options: argparse.Namespace) -> list[str]:
    """Return a row: requests, MB before and after them, and by how much it grew."""
    before = process.memory_info().rss / 2**20
    with ThreadPoolExecutor(4) as pool:
        times = range(options.memory_requests)
        list(pool.map(lambda _: request(client, options, "Sí, claro."), times))
    after = process.memory_info().rss / 2**20
    growth = f"{100 * (after / before - 1):+.1f} %"
    return [str(options.memory_requests), f"{before:.0f}", f"{after:.0f}", growth]


def request(client: httpx.Client, options: argparse.Namespace, text: str) -> Answer:
    body = {
        "model": options.model,
        "voice": options.voice,
        "input": f"{text} {next(NUMBER)}.",
        "response_format": "pcm",
    }
    started = time.perf_counter()
    arrivals: list[tuple[float, int]] = []
    with client.stream("POST", "/v1/audio/speech", json=body) as answer:
        answer.raise_for_status()
        for part in answer.iter_raw():
            if part:
                arrivals.append((time.perf_counter() - started, len(part)))
    return played(arrivals, time.perf_counter() - started)


def played(arrivals: list[tuple[float, int]], total_s: float) -> Answer:
    """Return an answer as a player has it that starts with the first sound and waits for parts.

    Parameters
    ----------
    arrivals : list of (seconds since the request, bytes)
    total_s : float
        Of the whole answer.
    """
    first_s = ends_s = arrivals[0][0]
    waited_s, underruns = 0.0, 0
    for at_s, size in arrivals:
        if at_s > ends_s + 0.005:
            waited_s += at_s - ends_s
            underruns += 1
        ends_s = max(ends_s, at_s) + size / RATE
    audio_s = sum(size for _, size in arrivals) / RATE
    return Answer(first_s, total_s, audio_s, waited_s, underruns)


def figures(found: list[Answer]) -> list[str]:
    return [
        spread([one.first_s for one in found]),
        f"{statistics.median(one.total_s / one.audio_s for one in found):.2f}",
        str(sum(one.underruns for one in found)),
        f"{max(one.waited_s for one in found):.2f}",
    ]


def report_print(found: Measured) -> None:
    print(f"\n### {found.name.capitalize()}\n")
    spoken = ("first sound s", "RTF", "underruns", "longest wait s")
    rows = [[str(len(text)), *figures(answers)] for text, answers in found.by_text.items()]
    markdown_print(("characters", *spoken), rows)
    rows = []
    for count, (answers, seconds, health_ms) in found.by_clients.items():
        audio_s = sum(one.audio_s for one in answers)
        rows.append([str(count), f"{audio_s / seconds:.2f}", *figures(answers), health_ms])
    markdown_print(("clients", "speech s a second", *spoken, "/health p99 ms"), rows)
    if found.memory:
        markdown_print(("requests", "MB before", "MB after", "growth"), [found.memory])


def compared_print(found: Sequence[Measured]) -> None:
    """Print first sounds and throughput of each service against the last one's."""
    *others, last = found
    print(f"\n### Against {last.name}\n")
    rows = []
    for text in last.by_text:
        ratios = [_first_s(one.by_text[text]) / _first_s(last.by_text[text]) for one in others]
        rows.append([f"first sound, {len(text)} characters", *(f"{one:.0%}" for one in ratios)])
    for count in last.by_clients:
        ratios = [_pace(one, count) / _pace(last, count) for one in others]
        rows.append([f"speech a second, {count} clients", *(f"{one:.2f} times" for one in ratios)])
    markdown_print(("", *(one.name for one in others)), rows)


def markdown_print(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    for line in (head, ["---", *["---:"] * (len(head) - 1)], *rows):
        print(f"| {' | '.join(line)} |", flush=True)
    print(flush=True)


def _first_s(found: list[Answer]) -> float:
    return statistics.median(one.first_s for one in found)


def _pace(found: Measured, count: int) -> float:
    answers, seconds, _ = found.by_clients[count]
    return sum(one.audio_s for one in answers) / seconds


if __name__ == "__main__":
    main()
