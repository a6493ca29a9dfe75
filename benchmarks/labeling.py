"""Labelling under load: twenty people on 10,000 sentences, 20,000 labels, 5,000 takes.

    python -m benchmarks.labeling [--database postgres|sqlite] [--seconds 10] [--workers N]

For each database: gunicorn as started by the Procfile, and one client process on the same machine.
First without think time (saves only), then with 2 s between actions (saves, next items, table
pages). No request may be rejected or lost: acknowledged saves are compared with the database.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psutil

from tests.processes import accepts, manage, postgres, running, wait_for

REPOSITORY = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
WEB_PORT = 9700
TOKEN = "b" * 32
TABLES = ("", "page=40", "state=todo", "style=amable&page=3", "q=gracias", "state=disputed")


@dataclass
class Client:
    """One person's browser: a keep-alive connection and the person's session."""

    session: str
    connection: Any = None
    times_ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    saved: int = 0
    refused: list[str] = field(default_factory=list)

    async def ask(self, what: str, path: str, form: dict[str, Any] | None = None) -> None:
        body = urlencode(form).encode() if form else b""
        head = (
            f"{'POST' if form else 'GET'} {path} HTTP/1.1\r\nHost: 127.0.0.1:{WEB_PORT}\r\n"
            f"Accept: {'text/html' if what == 'table' else 'application/json'}\r\n"
            f"Accept-Language: es\r\nCookie: sessionid={self.session}; csrftoken={TOKEN}\r\n"
            f"X-CSRFToken: {TOKEN}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        started = time.perf_counter()
        status, answer = await self._exchange(head.encode() + body)
        self.times_ms[what].append(1000 * (time.perf_counter() - started))
        if status != 200:
            self.refused.append(f"{what} {status} {answer[:200]!r}")
        elif what == "save":
            self.saved += 1

    async def _exchange(self, request: bytes) -> tuple[int, bytes]:
        for fresh in (False, True):
            if fresh or self.connection is None:
                self.connection = await asyncio.open_connection("127.0.0.1", WEB_PORT)
            reader, writer = self.connection
            try:
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                break
            except (asyncio.IncompleteReadError, ConnectionError):
                if fresh:  # reconnect only if the server closed an idle connection
                    raise
        headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if line)
        answer = await reader.readexactly(int(headers.get(b"content-length", 0)))
        if headers.get(b"connection") == b"close":
            writer.close()
            self.connection = None
        return int(head.split()[1]), answer

    async def save(self, work: Iterator[tuple[str, int, str]], styles: list[str]) -> None:
        sentence, seen, style = next(work)
        other = random.choice([key for key in styles if key != style])  # noqa: S311
        form = {"style": other, "seen": seen, "instead": "replace"}
        await self.ask("save", f"/label/focus/save/{sentence}/", form)


async def rush(clients: list[Client], work: Any, styles: list[str], seconds: float) -> float:
    """Save without think time; return the elapsed seconds."""
    started = time.perf_counter()

    async def one(client: Client) -> None:
        while time.perf_counter() - started < seconds:
            await client.save(work, styles)

    await asyncio.gather(*map(one, clients))
    return time.perf_counter() - started


async def stroll(clients: list[Client], work: Any, styles: list[str], seconds: float) -> float:
    """Alternate saves, next items and table pages, with 2 s of think time on average."""
    started = time.perf_counter()

    async def one(client: Client, turn: int) -> None:
        await asyncio.sleep(random.uniform(0, 2))  # noqa: S311
        while time.perf_counter() - started < seconds:
            turn += 1
            if turn % 3 == 0:
                await client.ask("table", f"/label/?{random.choice(TABLES)}")  # noqa: S311
            elif turn % 3 == 1:
                await client.ask("next", f"/label/focus/next/?after={random.randint(1, 9000)}.1")  # noqa: S311
            else:
                await client.save(work, styles)
            await asyncio.sleep(random.uniform(1, 3))  # noqa: S311

    await asyncio.gather(*(one(client, n) for n, client in enumerate(clients)))
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--database", choices=("postgres", "sqlite"))
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--workers", type=int, help="gunicorn's processes, instead of the Procfile")
    options = parser.parse_args()
    for name in (options.database,) if options.database else ("postgres", "sqlite"):
        with tempfile.TemporaryDirectory(prefix="voicelab-bench-") as folder:
            Path(folder).chmod(0o755)
            measure(name, Path(folder), options)


def measure(name: str, folder: Path, options: argparse.Namespace) -> None:
    env = {
        "VOICELAB_DATA_DIR": str(folder / "data"),
        "WEB_PORT": str(WEB_PORT),
        "LOG_LEVEL": "WARNING",
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "DJANGO_SETTINGS_MODULE": "voicelab.settings",
    }
    with database(name, folder) as url:
        env |= {"DATABASE_URL": url} if url else {}
        manage("prepare", env=env)
        filled = json.loads(fill(env).splitlines()[-1])
        with running(web(options.workers), log=folder / "web.log", env=env) as server:
            wait_for("the web server", lambda: accepts(WEB_PORT), seconds=30)
            acknowledged = report(name, filled, options.seconds, server.pid)
        lost = acknowledged - (int(fill(env, "count")) - filled["labels"])
        print(f"{name:9} saved {acknowledged}, lost {lost}", flush=True)


def report(name: str, filled: dict[str, Any], seconds: float, pid: int) -> int:
    """Measure and print the performance; return the number of acknowledged saves."""
    work = iter([tuple(item) for item in filled["work"]])
    warm = [Client(session) for session in filled["sessions"]]
    asyncio.run(rush(warm, work, filled["styles"], 1.5))
    fast = [Client(session) for session in filled["sessions"]]
    before = cpu_s(pid), time.process_time()
    took = asyncio.run(rush(fast, work, filled["styles"], seconds))
    saves = [ms for client in fast for ms in client.times_ms["save"]]
    n = max(1, sum(c.saved for c in fast))
    print(f"{name:9} no think time: {n / took:6.0f} saves/s, {quantiles(saves)}")
    web_ms = 1000 * (cpu_s(pid) - before[0]) / n
    own_ms = 1000 * (time.process_time() - before[1]) / n
    print(f"{name:9} processor time a save: web {web_ms:.2f} ms, client {own_ms:.2f} ms")
    slow = [Client(session) for session in filled["sessions"]]
    asyncio.run(stroll(slow, work, filled["styles"], 6 * seconds))
    for what in ("save", "next", "table"):
        times = [ms for client in slow for ms in client.times_ms[what]]
        print(f"{name:9} 2 s think time, {what:5}: {quantiles(times)}")
    refused = [line for client in (*warm, *fast, *slow) for line in client.refused]
    print(f"{name:9} refused {len(refused)} {refused[:2] or ''}; web {memory(pid)}; "
          f"load {os.getloadavg()[0]:.1f}")  # fmt: skip
    return sum(client.saved for client in (*warm, *fast, *slow))


def quantiles(times_ms: list[float]) -> str:
    ordered = sorted(times_ms)
    p50, p95 = ordered[len(ordered) // 2], ordered[int(0.95 * len(ordered))]
    return f"p50 {p50:6.1f} ms, p95 {p95:6.1f} ms, max {ordered[-1]:6.1f} ms (n {len(ordered)})"


def cpu_s(pid: int) -> float:
    times = [process.cpu_times() for process in psutil.Process(pid).children(recursive=True)]
    return sum(each.user + each.system for each in times)


def memory(pid: int) -> str:
    workers = psutil.Process(pid).children(recursive=True)
    sizes = [process.memory_info().rss / 2**20 for process in workers]
    return ", ".join(f"{size:.0f} MB" for size in sizes)


def web(workers: int | None) -> list[str]:
    lines = (REPOSITORY / "Procfile").read_text().splitlines()
    [line] = [row for row in lines if row.startswith("web:")]
    command = line.removeprefix("web:").strip()
    if workers:
        command += f" --workers {workers}"
    return ["/bin/sh", "-c", command]


def fill(env: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "benchmarks.labeling_fill", *arguments]
    whole = {**os.environ, **env}
    return subprocess.check_output(command, cwd=REPOSITORY, env=whole, text=True)


@contextmanager
def database(name: str, folder: Path) -> Iterator[str]:
    """Yield the URL of a fresh database; empty for SQLite, the default."""
    if name == "sqlite":
        yield ""
        return
    home = folder / "pg"
    home.mkdir()
    with postgres(home) as address:
        yield address


if __name__ == "__main__":
    main()
