"""Uploads of takes: none lost or duplicated under faults; latency and memory.

    python -m benchmarks.uploads [faults pace memory] [--database sqlite|postgres] [--zip]

The server is gunicorn as started by the Procfile, with two workers; everything runs on this
machine.

faults  Twenty speakers send takes of 5 s (48 kHz, 16 bit) to the studio, each with one of the
        faults of `uploads_client.FAULTS` before or after; meanwhile the server is restarted by
        SIGTERM and SIGKILL alternately. Clients retry as static/js/studio/queue.js does, with
        shorter delays. At the end rows, files and confirmations are compared.
pace    Time from the last byte of a take of 5 s to the server's response, and to the coaching on
        the page: one speaker alone, then five concurrently.
memory  Twenty concurrent takes of 28-30 s, in every format and as people record them, then their
        pages; with --zip also a ZIP of 314 MB with 40 minutes of audio, and a file of 300 MB.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from time import perf_counter
from typing import Any

from benchmarks.labeling import database
from benchmarks.uploads_client import FAULTS, Speaker, Take
from benchmarks.uploads_server import REPOSITORY, Server, settle
from benchmarks.uploads_sound import FORMATS, archive, in_format, spoken
from tests.processes import free_port, manage

PARTS = ("faults", "pace", "memory")
RESTARTS = (signal.SIGTERM, signal.SIGKILL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="part", help="faults, pace, memory; or all")
    parser.add_argument("--database", choices=("sqlite", "postgres"))
    parser.add_argument("--takes", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--restarts", type=int, default=6)
    parser.add_argument("--zip", action="store_true", help="also archives of real size")
    options = parser.parse_args()
    parts = options.parts or PARTS
    for name in (options.database,) if options.database else ("sqlite", "postgres"):
        if "faults" in parts:
            with served(name, options.workers) as (server, people, corpus):
                said = faults(server, people, corpus, options.takes, options.restarts)
                print("\n".join(f"{name:9} {line}" for line in said), flush=True)
    if "pace" in parts:
        with served("sqlite", options.workers) as (server, people, corpus):
            print("\n".join(pace(server, people, corpus)), flush=True)
    if "memory" in parts:
        for workers in sorted({1, options.workers}):
            with served("sqlite", workers) as (server, people, corpus):
                print("\n".join(memory(server, people, corpus, zipped=options.zip)), flush=True)


@contextmanager
def served(name: str, workers: int) -> Iterator[tuple[Server, list[Speaker], dict[str, Any]]]:
    """Yield a running server on a fresh database, twenty speakers, and the corpus to read."""
    with tempfile.TemporaryDirectory(prefix="voicelab-bench-") as temporary:
        folder = Path(temporary)
        folder.chmod(0o755)
        port = free_port()
        env = {
            "VOICELAB_DATA_DIR": str(folder / "data"),
            "WEB_PORT": str(port),
            "LOG_LEVEL": "ERROR",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "DJANGO_SETTINGS_MODULE": "voicelab.settings",
        }
        with database(name, folder) as url:
            env |= {"DATABASE_URL": url} if url else {}
            manage("prepare", env=env)
            corpus = fill(env)
            server = Server(port, env, folder / "web.log", workers)
            server.start()
            try:
                people = [Speaker(port, **person) for person in corpus["people"]]
                yield server, people, corpus
            finally:
                server.stop()


def fill(env: dict[str, str], *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.uploads_fill", *arguments]
    said = subprocess.check_output(command, cwd=REPOSITORY, env={**os.environ, **env}, text=True)
    result: dict[str, Any] = json.loads(said.splitlines()[-1])
    return result


def faults(
    server: Server, people: list[Speaker], corpus: dict[str, Any], n: int, restarts: int
) -> list[str]:
    """Send `n` takes through faults and restarts; return the report's lines."""
    takes = [
        Take(spoken(seed), *reading(corpus, seed), fault=FAULTS[seed % len(FAULTS)])
        for seed in range(n)
    ]
    started = perf_counter()
    done: list[signal.Signals] = []
    with server.watched(), ThreadPoolExecutor(len(people)) as pool:
        stopped = Event()
        signals = [RESTARTS[k % 2] for k in range(restarts)]
        breaker = Thread(target=interrupt, args=(server, takes, signals, stopped, done))
        breaker.start()
        shares = [takes[k :: len(people)] for k in range(len(people))]
        list(pool.map(bring_all, people, shares))
        stopped.set()
        breaker.join()
    took_s = perf_counter() - started
    settle()
    return [*account(server, takes, done), f"in {took_s:.0f} s, {server.memory()}"]


def reading(corpus: dict[str, Any], n: int) -> tuple[str, str]:
    return corpus["sentences"][n % len(corpus["sentences"])], corpus["styles"][n % 4]


def bring_all(speaker: Speaker, takes: list[Take]) -> None:
    for take in takes:
        speaker.bring(take)


def interrupt(
    server: Server,
    takes: list[Take],
    signals: list[signal.Signals],
    stopped: Event,
    done: list[signal.Signals],
) -> None:
    """Restart the server each time another equal share of the takes has been confirmed."""
    for k, sign in enumerate(signals, 1):
        while sum(bool(take.stored) for take in takes) < k * len(takes) / (len(signals) + 1):
            if stopped.wait(0.02):
                return
        server.restart(sign)
        done.append(sign)


def account(server: Server, takes: list[Take], restarts: list[signal.Signals]) -> list[str]:
    """Compare confirmations with rows and files; any difference ends the benchmark."""
    env = dict(server.env)
    found = fill(env, "check")
    rows = {uuid: (said, file, whole) for uuid, said, file, whole in found["rows"]}
    lost = [take for take in takes if take.uuid not in rows]
    doubled = len(found["rows"]) - len(takes) + len(lost)
    damaged = [t for t in takes if rows.get(t.uuid) != (t.sha256, t.sha256, True)]
    complaints = [line for take in takes for line in take.complaints]
    manage("sweep_takes", "--minutes", "0", env=env)
    left = fill(env, "check")["orphans"]
    kinds = Counter(take.fault for take in takes)
    counted = ", ".join(f"{kind} {kinds[kind]}" for kind in FAULTS)
    waits = [take.waited_s for take in takes if take.attempts == 1]
    lines = [
        f"{len(takes)} takes of {len({t.uuid for t in takes})} ids; faults: {counted}; "
        f"restarts: {', '.join(sign.name for sign in restarts)}; {sum(t.attempts for t in takes)} "
        "requests",
        f"lost {len(lost)}, doubled {doubled}, hash or measure wrong {len(damaged)}, answers not "
        f"as they should be {len(complaints)}",
        f"files without a take: {len(found['orphans'])} after kills, {len(left)} after the sweep",
        f"undisturbed uploads, 20 at once, end of body to answer: {quantiles(waits)}",
    ]
    wrong = bool(lost or doubled or damaged or complaints or left)
    assert not wrong, "\n".join([*lines, *complaints[:10]])
    return lines


def pace(server: Server, people: list[Speaker], corpus: dict[str, Any]) -> list[str]:
    """Measure the time from the end of an upload to the response and to the coaching."""
    warm = [Take(spoken(9000 + k), *reading(corpus, k)) for k in range(4)]
    bring_all(people[0], warm)
    lines = []
    for at_once, each in ((1, 20), (5, 8)):
        before = server.processor_s()
        with ThreadPoolExecutor(at_once) as pool:
            work = [(people[k], k, each, corpus) for k in range(at_once)]
            times = [pair for pairs in pool.map(lambda job: timed(*job), work) for pair in pairs]
        each_ms = 1000 * (server.processor_s() - before) / (at_once * each)
        who = "one speaker" if at_once == 1 else f"{at_once} speakers at once"
        lines.append(f"{who:20} to the answer   {quantiles([a for a, _ in times])}")
        lines.append(f"{who:20} to the coaching {quantiles([b for _, b in times])}")
        lines.append(
            f"{who:20} processor time of the server a take, page included: {each_ms:.0f} ms"
        )
    return lines


def timed(speaker: Speaker, k: int, n: int, corpus: dict[str, Any]) -> list[tuple[float, float]]:
    times = []
    for turn in range(n):
        take = Take(spoken(10_000 * (k + 1) + turn), *reading(corpus, turn))
        answer = speaker.send(take)
        assert answer.status == 200, answer
        page = speaker.get(answer.json()["verdict"])
        assert page.status == 200, page
        times.append((answer.waited_s, answer.waited_s + page.waited_s))
    return times


def memory(
    server: Server, people: list[Speaker], corpus: dict[str, Any], *, zipped: bool
) -> list[str]:
    """Send twenty long takes concurrently, open their pages; then archives of realistic size."""
    workers = server.command[-1].split()[-1]
    lines = []

    def note(what: str) -> None:
        lines.append(f"{workers} worker(s), after {what:52} {server.memory()}")

    for path in ("/", "/studio/", "/takes/", "/takes/upload/", "/takes/batch/"):
        assert (page := people[0].get(path)).status == 200, (path, page)
    note("pages without a take")
    for kind in FORMATS:
        answer = people[0].send(Take(in_format(kind, 1), *reading(corpus, 0)))
        assert answer.status == 200, (kind, answer)
        note(f"one take, {kind}")
    jobs = [(people[k], FORMATS[k % len(FORMATS)], k, corpus) for k in range(len(people))]
    with ThreadPoolExecutor(len(people)) as pool:
        stored = list(pool.map(lambda job: sent_and_seen(*job), jobs))
    note(f"{len(stored)} takes of 28-30 s at once, and their pages")
    if zipped:
        archives(server, people[0], corpus, note)
    return lines


def sent_and_seen(speaker: Speaker, kind: str, k: int, corpus: dict[str, Any]) -> int:
    take = Take(in_format(kind, 100 + k), *reading(corpus, k))
    answer = speaker.send(take)
    assert answer.status == 200, (kind, answer)
    pk = int(answer.json()["id"])
    for path in (answer.json()["verdict"], f"/takes/{pk}/", f"/takes/{pk}/audio/"):
        assert speaker.get(path).status == 200, path
    return pk


def archives(
    server: Server, speaker: Speaker, corpus: dict[str, Any], note: Callable[[str], None]
) -> None:
    """Send a ZIP of 40 minutes and store its files as the page does; then a file of 300 MB."""
    packed, names = archive(corpus["sentences"], corpus["styles"])
    before = len(fill(dict(server.env), "check")["rows"])
    started = perf_counter()
    answer = speaker.post("/takes/batch/send/", {}, packed, name="zip")
    assert answer.status == 302, answer
    place = answer.location
    note(f"a ZIP of {len(packed) / 2**20:.0f} MB received ({perf_counter() - started:.0f} s)")
    assert speaker.get(place).status == 200
    for k in range(len(names)):
        row = speaker.post(place, {"entry": str(k)}, b"", name="none")
        assert row.status == 200, row
    took = perf_counter() - started
    stored = len(fill(dict(server.env), "check")["rows"]) - before
    assert stored == len(names), f"{stored} of {len(names)} files became takes"
    note(f"its {len(names)} files stored ({took:.0f} s)")
    huge = speaker.send(Take(bytes(300 * 2**20), *reading(corpus, 0)))
    assert huge.status == 422, huge
    note("a file of 300 MB, refused")


def quantiles(times_s: list[float]) -> str:
    ordered = sorted(1000 * time for time in times_s)
    if not ordered:
        return "none"
    p50, p95 = ordered[len(ordered) // 2], ordered[int(0.95 * len(ordered))]
    return f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, max {ordered[-1]:.0f} ms (n {len(ordered)})"


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped too
    random.seed(1)
    main()
