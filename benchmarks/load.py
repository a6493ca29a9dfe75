"""Everybody at once: labelers, speakers, runs on real Kokoro, and callers of the speech service.

    python -m benchmarks.load --model-dir DIR [--minutes 10] [--runs 2] [--database postgres|sqlite]

Web, worker and speech service as the Procfile starts them, on one machine with the clients.
Twenty labelers act every 2 s on 10,000 sentences (saves, next items, table pages); five speakers
upload a take of 5 s every 10 s and open the studio; four callers ask for a sentence, listen to the
end, and ask again; two runs search on Kokoro with two workers. The base voices are measured before
or within the time, if MODEL_DIR does not hold them.

Reports times by kind, what was refused, underruns, memory, how far the runs are, and compares
every acknowledged label and take with the database and the files.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

import httpx
import psutil

from benchmarks import labeling, uploads
from benchmarks.labeling import WEB_PORT, Client, database, quantiles
from benchmarks.shared import conditions_print, kokoro_or_exit, parser_of
from benchmarks.speech import SENTENCE
from benchmarks.speech_service import request
from benchmarks.uploads_client import Speaker, Take
from benchmarks.uploads_sound import spoken
from tests.processes import accepts, free_port, manage, running, wait_for

REPOSITORY = Path(__file__).resolve().parent.parent
SPEAKERS, CALLERS = 5, 4
BETWEEN_TAKES_S, BETWEEN_LOOKS_S = 10.0, 0.5
HEALTH = "health of the web", "health of the speech service"


@dataclass
class Seen:
    """What the clients saw: milliseconds by kind, and what went wrong."""

    times_ms: dict[str, list[float]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    takes: list[Take] = field(default_factory=list)
    underruns: int = 0
    lock: Lock = field(default_factory=Lock)

    def note(self, what: str, seconds: float) -> None:
        with self.lock:
            self.times_ms.setdefault(what, []).append(1000 * seconds)

    def timed(self, what: str, ask: Callable[[], httpx.Response]) -> None:
        started = time.perf_counter()
        try:
            answer = ask()
        except httpx.HTTPError as error:
            self.wrong.append(f"{what}: {error!r}")
            return
        self.note(what, time.perf_counter() - started)
        if answer.status_code != httpx.codes.OK:
            self.wrong.append(f"{what}: {answer.status_code} {answer.text[:200]}")


def main() -> None:
    options = options_of()
    kokoro_or_exit(options.model_dir)
    conditions_print(options.model_dir)
    with tempfile.TemporaryDirectory(prefix="voicelab-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with served(folder, options) as (env, people, speakers, tree):
            seen, clients = Seen(), [Client(session) for session in people["sessions"]]
            peaks = together(seen, clients, people, speakers, env, 60 * options.minutes, tree)
            report_print(seen, clients, peaks)
            runs = command_json(env, "benchmarks.load_fill", "said")
            print("\n".join(runs))
            lost_print(env, seen, clients, people)


def options_of() -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--database", choices=("postgres", "sqlite"), default="postgres")
    return parser.parse_args()


@contextmanager
def served(folder: Path, options: argparse.Namespace) -> Iterator[tuple[Any, ...]]:
    """Yield environment, labelers, speakers and the processes of a filled installation."""
    env = {
        "VOICELAB_DATA_DIR": str(folder / "data"),
        "MODEL_DIR": str(options.model_dir.resolve()),
        "WEB_PORT": str(WEB_PORT),
        "SPEECH_PORT": str(free_port()),
        "LOG_LEVEL": "WARNING",
        "STUDENT": "kokoro",
        "TTS_BACKEND": "kokoro",
        "OMP_NUM_THREADS": "1",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "DJANGO_SETTINGS_MODULE": "voicelab.settings",
    }
    env["SPEECH_URL"] = f"http://127.0.0.1:{env['SPEECH_PORT']}"
    honcho = [sys.executable, "-m", "honcho", "--no-colour", "start", "-f", "Procfile"]
    with database(options.database, folder) as url, ExitStack() as stack:
        env |= {"DATABASE_URL": url} if url else {}
        manage("prepare", env=env)
        people = json.loads(labeling.fill(env).splitlines()[-1])
        corpus = uploads.fill(env)
        command(env, "benchmarks.load_fill", str(options.runs))
        processes = stack.enter_context(running(honcho, log=folder / "log", env=env))
        wait_for("the web server", lambda: accepts(WEB_PORT), seconds=60)
        wait_for("the speech service", lambda: ready(env["SPEECH_URL"]), seconds=120)
        speakers = [Speaker(WEB_PORT, **one) for one in corpus["people"][:SPEAKERS]]
        yield env, {**people, "corpus": corpus}, speakers, psutil.Process(processes.pid)


def ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/ready").is_success
    except httpx.HTTPError:
        return False


def together(
    seen: Seen,
    clients: list[Client],
    people: dict[str, Any],
    speakers: list[Speaker],
    env: dict[str, str],
    seconds: float,
    tree: psutil.Process,
) -> dict[str, float]:
    """Let everybody work for some time; return the highest memory of each kind of process, MB."""
    over, peaks = Event(), dict[str, float]()
    addresses = f"http://127.0.0.1:{WEB_PORT}/healthz", f"{env['SPEECH_URL']}/health"
    work: list[Callable[[], None]] = [
        *(lambda one=one: uploading(seen, over, one, people["corpus"]) for one in speakers),
        *[lambda: calling(seen, over, env["SPEECH_URL"])] * CALLERS,
        *(lambda what=what, url=url: looking(seen, over, what, url)
          for what, url in zip(HEALTH, addresses, strict=True)),
        lambda: memory_follow(peaks, over, tree),
    ]  # fmt: skip
    threads = [Thread(target=one) for one in work]
    for thread in threads:
        thread.start()
    saves = iter([tuple(item) for item in people["work"]])
    try:
        asyncio.run(labeling.stroll(clients, saves, people["styles"], seconds))
    finally:
        over.set()
        for thread in threads:
            thread.join()
    return peaks


def uploading(seen: Seen, over: Event, speaker: Speaker, corpus: dict[str, Any]) -> None:
    """Upload a take, open the studio, read the next sentence."""
    number = 1000 * speaker.speaker
    while not over.wait(BETWEEN_TAKES_S):
        number += 1
        take = Take(spoken(number), *uploads.reading(corpus, number))
        speaker.bring(take)
        seen.note("a take's upload", take.waited_s)
        seen.takes.append(take)
        page = speaker.get("/studio/")
        seen.note("studio page", page.waited_s)
        if page.status != httpx.codes.OK:
            seen.wrong.append(f"studio page: {page.status}")


def calling(seen: Seen, over: Event, address: str) -> None:
    """Ask for a sentence, listen to its end, ask for the next."""
    options = argparse.Namespace(model="kokoro", voice="ef_dora")
    with httpx.Client(base_url=address, timeout=60) as service:
        while not over.is_set():
            try:
                answer = request(service, options, SENTENCE)
            except httpx.HTTPError as error:
                seen.wrong.append(f"speech: {error!r}")
                continue
            seen.note("first sound", answer.first_s)
            seen.underruns += answer.underruns
            over.wait(max(0.0, answer.audio_s - answer.total_s))


def looking(seen: Seen, over: Event, what: str, address: str) -> None:
    with httpx.Client(timeout=60) as client:
        while not over.wait(BETWEEN_LOOKS_S):
            seen.timed(what, lambda: client.get(address))


def memory_follow(peaks: dict[str, float], over: Event, tree: psutil.Process) -> None:
    while not over.wait(1):
        for process in tree.children(recursive=True):
            try:
                words = " ".join(process.cmdline())
                resident = process.memory_info().rss / 2**20
            except psutil.Error:
                continue
            kind = next((k for k in ("gunicorn", "celery", "voicelab.tts") if k in words), "other")
            peaks[kind] = max(peaks.get(kind, 0.0), resident)


def report_print(seen: Seen, clients: list[Client], peaks: dict[str, float]) -> None:
    for client in clients:
        for what, times_ms in client.times_ms.items():
            seen.times_ms.setdefault(f"labeler: {what}", []).extend(times_ms)
        seen.wrong += client.refused
    for take in seen.takes:
        seen.wrong += take.complaints
    for what, times_ms in sorted(seen.times_ms.items()):
        p99 = sorted(times_ms)[int(0.99 * len(times_ms))]
        print(f"{what:30} {quantiles(times_ms)}, p99 {p99:.1f} ms")
    print(f"underruns: {seen.underruns}; went wrong: {len(seen.wrong)} {seen.wrong[:3] or ''}")
    print("highest memory of a process: " + ", ".join(f"{k} {v:.0f} MB" for k, v in peaks.items()))
    print(f"load {os.getloadavg()[0]:.1f}")


def lost_print(
    env: dict[str, str], seen: Seen, clients: list[Client], people: dict[str, Any]
) -> None:
    saved = sum(client.saved for client in clients)
    stored = int(labeling.fill(env, "count")) - people["labels"]
    found = uploads.fill(env, "check")
    whole = {row[0] for row in found["rows"] if row[1] == row[2] and row[3]}
    kept = sum(take.uuid in whole for take in seen.takes if take.stored)
    confirmed = sum(take.stored > 0 for take in seen.takes)
    print(f"labels saved {saved}, stored {stored}; takes confirmed {confirmed}, whole {kept}")


def command(env: dict[str, str], module: str, *arguments: str) -> str:
    words = [sys.executable, "-m", module, *arguments]
    return subprocess.check_output(words, cwd=REPOSITORY, env={**os.environ, **env}, text=True)


def command_json(env: dict[str, str], module: str, *arguments: str) -> Any:
    return json.loads(command(env, module, *arguments).splitlines()[-1])


if __name__ == "__main__":
    main()
