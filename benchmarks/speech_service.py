"""First sound, throughput and underruns of any OpenAI-compatible speech service.

    python -m benchmarks.speech_service [--url http://HOST:PORT] [--voice NAME] [--key KEY]
                                        [--requests 5] [--clients 1 4 8]

Requests raw samples (`pcm`, 24 kHz, mono, 16 bits) and reads them as they come. A player that
starts with the first sound runs out where a later sample comes after its moment: that is an
underrun. Every request has another text, so that a cache of answers gains nothing. Without
`--url` it starts this project's service on Kokoro, and beside it the way most services go, a plain
loop over the package's pipeline (`benchmarks.plain_service`), on the same weights.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

import httpx

from benchmarks.plain_service import serving_plainly
from benchmarks.shared import conditions_print, kokoro_or_exit, parser_of, spread, table_print
from benchmarks.speech import PARAGRAPH, SENTENCE, serving, start_s

RATE = 48_000  # bytes a second of pcm
SHORT = "Buenos días, le atiende Marina. Dígame."
LONG = " ".join([PARAGRAPH] * 5)
TEXTS = (SHORT[:20], SHORT, SENTENCE, PARAGRAPH, LONG)
NUMBER = itertools.count(1)


@dataclass(frozen=True)
class Answer:
    """One answer: seconds until its first sound and its end, of its sound, and of silence."""

    first_s: float
    total_s: float
    audio_s: float
    waited_s: float  # that a player stood still, in all
    underruns: int


def main() -> None:
    options = options_of()
    if options.url is None:
        kokoro_or_exit(options.model_dir)
    conditions_print(options.model_dir)
    with ExitStack() as stack:
        for name, client in services(options, stack):
            print(name, flush=True)
            measure(client, options)
            print(flush=True)


def options_of() -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--url", help="of a service that runs already, without /v1")
    parser.add_argument("--key", default="", help="its API key")
    parser.add_argument("--voice", default="ef_dora")
    parser.add_argument("--model", default="tts-1")
    parser.add_argument("--requests", type=int, default=5, help="for each text")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 8])
    return parser.parse_args()


def services(options: argparse.Namespace, stack: ExitStack) -> Iterator[tuple[str, httpx.Client]]:
    """Yield name and client of each service to be measured, one after the other."""
    if options.url is not None:
        headers = {"Authorization": f"Bearer {options.key}"} if options.key else {}
        client = httpx.Client(base_url=options.url, headers=headers, timeout=600)
        yield options.url, stack.enter_context(client)
        return
    with serving("kokoro", "auto", options.model_dir) as (client, process):
        start_s(client, process)
        yield "this service", client
    with serving_plainly(options.model_dir, options.voice) as client:
        yield "a plain loop over the pipeline, sentence by sentence", client


def measure(client: httpx.Client, options: argparse.Namespace) -> None:
    """Print the tables of one service."""
    request(client, options, SHORT)  # warm
    rows = []
    for text in TEXTS:
        found = [request(client, options, text) for _ in range(options.requests)]
        rows.append([str(len(text)), *figures(found)])
    table_print(("characters", "first sound s", "RTF", "underruns", "longest wait s"), rows)
    print()
    rows = []
    for count in options.clients:
        found, seconds = together(client, options, count)
        audio_s = sum(one.audio_s for one in found)
        rows.append([str(count), f"{audio_s / seconds:.2f}", *figures(found)])
    heading = (
        "clients",
        "speech s a second",
        "first sound s",
        "RTF",
        "underruns",
        "longest wait s",
    )
    table_print(heading, rows)


def together(
    client: httpx.Client, options: argparse.Namespace, count: int
) -> tuple[list[Answer], float]:
    """Return the answers to `count` clients at once, and the seconds all of them took."""
    started = time.perf_counter()
    with ThreadPoolExecutor(count) as pool:
        asked = [pool.submit(request, client, options, SENTENCE) for _ in range(count * 2)]
        found = [one.result() for one in asked]
    return found, time.perf_counter() - started


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


if __name__ == "__main__":
    main()
