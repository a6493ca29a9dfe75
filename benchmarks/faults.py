"""Services and workers that fail in the middle of a run: what is lost, doubled, how long it stands.

    python -m benchmarks.faults [postgres] [redis] [namespace] [worker] [kills] [--steps N]

Needs PostgreSQL and Redis on this machine, and for `namespace` the right to make one (`unshare`).
Two runs of one recipe on praat: one undisturbed, then one that meets the fault. Real Celery
workers of two processes each.

`postgres`: the server is stopped for ten seconds. `redis`: killed, and started again empty after
ten. `namespace`: of two workers in PID namespaces of their own the one that leads is killed.
`worker`: the only worker is killed with all its processes and started again. `kills`: it is killed
six times, every 12 seconds; nobody touches the run.

Standing still: the longest time without an evaluation from the service's return (the first kill)
on, up to the end of the search. Lost: evaluations made again, without those a kill cut short.
Doubled: evaluations and points that the disturbed run has more than the undisturbed one.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import psycopg

from tests.distillation.kills import WORKER, KilledRun
from tests.processes import accepts, free_port, initdb, running, wait_for

AWAY_S = 10.0
SLICE_S = 20.0  # as in production
PATIENCE_S = 600.0
KILLS, BETWEEN_S = 6, 12.0
NAMESPACE = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]


class Servers:
    """PostgreSQL and Redis on loopback that can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._held = folder, dict[str, ExitStack]()
        self._program = initdb()
        assert self._program, "PostgreSQL's initdb is not installed"
        self._user = "postgres" if os.geteuid() == 0 else None
        self._ports = {"postgres": free_port(), "redis": free_port()}
        pg = folder / "postgres"
        pg.mkdir()
        folder.chmod(0o755)
        if self._user:
            shutil.chown(pg, self._user)
        made = [
            str(self._program),
            "-D",
            str(pg / "data"),
            "-U",
            "voicelab",
            "--auth=trust",
            "-E",
            "UTF8",
        ]
        subprocess.run(made, check=True, capture_output=True, user=self._user, cwd=pg)
        for name in self._ports:
            self.start(name)
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute("create database voicelab")
        self.env = {
            "DATABASE_URL": self._url("voicelab"),
            "REDIS_URL": f"redis://127.0.0.1:{self._ports['redis']}/0",
        }

    def start(self, name: str) -> None:
        folder = self._folder / "postgres"
        log, user, port = folder / f"{name}.log", None, self._ports[name]
        if name == "postgres":
            assert self._program
            command = [str(self._program.with_name("postgres")), "-D", str(folder / "data")]
            command += ["-p", str(port), "-k", str(folder), "-c", "listen_addresses=127.0.0.1"]
            user = self._user
        else:
            log = self._folder / "redis.log"
            command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
        self._held[name] = ExitStack()
        server = self._held[name].enter_context(running(command, log=log, user=user))
        self._held[name].callback(os.kill, server.pid, signal.SIGINT)  # PostgreSQL's "fast"
        wait_for(name, lambda: self._answers(name), seconds=30)

    def stop(self, name: str) -> None:
        self._held.pop(name).close()

    def close(self) -> None:
        for name in list(self._held):
            self.stop(name)

    def _answers(self, name: str) -> bool:
        if name == "redis":
            return accepts(self._ports[name])
        try:
            psycopg.connect(self._url("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def _url(self, database: str) -> str:
        return f"postgres://voicelab@127.0.0.1:{self._ports['postgres']}/{database}"


class Trial(KilledRun):
    """The disturbed run, its workers, and its longest standstill."""

    def __init__(self, data: Path, steps: int, servers: Servers, space: list[str]) -> None:
        super().__init__(data, steps=steps, slice_seconds=SLICE_S, servers=servers.env)
        self.servers, self._space = servers, space
        self.workers: list[psutil.Process] = []
        self.kills, self.longest_s = 0, 0.0
        self._last: tuple[int, float] | None = None

    @contextmanager
    def more(self, count: int) -> Iterator[None]:
        with ExitStack() as stack:
            stack.callback(self.end_all)
            for _ in range(count):
                self.start_worker()
            yield

    def start_worker(self) -> None:
        number = len(self.workers)
        command = [*self._space, *WORKER, "--concurrency=2", f"--hostname=w{number}@%h"]
        with (self.data / "log").open("ab") as log:
            process = subprocess.Popen(
                command,
                env={**os.environ, **self._env},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.workers.append(psutil.Process(process.pid))

    def end(self, worker: psutil.Process) -> None:
        """Kill a worker with all its processes."""
        for process in [*worker.children(recursive=True), worker]:
            if process.is_running():
                process.kill()
        worker.wait(30)
        self.kills += 1
        self.workers.remove(worker)

    def end_all(self) -> None:
        for worker in list(self.workers):
            self.end(worker)

    def leading(self) -> psutil.Process:
        """Return the worker of which a process leads the disturbed run."""
        query = (
            "select owner from distillation_heartbeat join distillation_stylerun "
            "using (lease) where distillation_stylerun.id = 2"
        )
        [(owner,)] = wait_for("a leader", lambda: self.ask(query), seconds=60)
        inode = owner.partition("/")[0].rpartition(":")[2]
        return next(
            worker
            for worker in self.workers
            for process in worker.children(recursive=True)
            if Path(f"/proc/{process.pid}/ns/pid").stat().st_ino == int(inode)
        )

    def until(self, evaluations: int) -> None:
        wait_for("evaluations", lambda: len(self.evaluated()) >= evaluations, seconds=PATIENCE_S)

    def watch(self, seconds: float) -> bool:
        """Note the longest time without an evaluation; return whether the search goes on."""
        deadline = time.monotonic() + seconds
        while self._is_searching() and time.monotonic() < deadline:
            time.sleep(0.2)
            now = len(self.evaluated())
            if self._last is None or now > self._last[0]:
                self._last = (now, time.monotonic())
            self.longest_s = max(self.longest_s, time.monotonic() - self._last[1])
        return self._is_searching()

    def _is_searching(self) -> bool:
        query = "select stage, state from distillation_stylerun where id = 2"
        [(stage, state)] = self.ask(query)
        return stage == "evolve" and state != "failed"

    def is_over(self) -> bool:
        states = self.ask("select state from distillation_run where id = 2")
        return states[0][0] in ("finished", "failed")


def _away(trial: Trial, name: str) -> None:
    trial.servers.stop(name)
    time.sleep(AWAY_S)
    trial.servers.start(name)


def _worker(trial: Trial) -> None:
    trial.end_all()
    trial.start_worker()


def _kills(trial: Trial) -> None:
    for _ in range(KILLS):
        _worker(trial)
        if not trial.watch(BETWEEN_S):
            return


FAULTS: dict[str, Callable[[Trial], None]] = {
    "postgres": lambda trial: _away(trial, "postgres"),
    "redis": lambda trial: _away(trial, "redis"),
    "namespace": lambda trial: trial.end(trial.leading()),
    "worker": _worker,
    "kills": _kills,
}


def measure(name: str, steps: int) -> None:
    """Have a run meet the fault; print what it cost."""
    with tempfile.TemporaryDirectory(prefix="voicelab-faults-") as folder, ExitStack() as stack:
        servers = Servers(Path(folder))
        stack.callback(servers.close)
        data = Path(folder) / "data"
        data.mkdir()
        trial = Trial(data, steps, servers, NAMESPACE if name == "namespace" else [])
        with trial.more(2 if name == "namespace" else 1):
            trial.finish_first(seconds=PATIENCE_S)
            trial.until(steps // 4)
            FAULTS[name](trial)
            kills = trial.kills
            trial.watch(PATIENCE_S)
            wait_for("the end of the run", trial.is_over, seconds=PATIENCE_S)
        _report(name, trial, kills)


def _report(name: str, trial: Trial, kills: int) -> None:
    [(state, error)] = trial.ask("select state, error from distillation_run where id = 2")
    rows = trial.ask("select evaluations from distillation_stylerun order by id")
    made, packs = len(trial.evaluated()), trial.packs()
    points = trial.ask("select count(*) from distillation_scorepoint group by style_run_id")
    bits = "same bits" if len(packs) == 2 and len(set(packs)) == 1 else "OTHER BITS"
    print(
        f"{name:10} kills {kills} · stood still {trial.longest_s:4.1f} s · "
        f"lost {made - rows[1][0]} of {rows[1][0]} evaluations · "
        f"doubled {rows[1][0] - rows[0][0]} evaluations, {points[-1][0] - points[0][0]} points · "
        f"{f'{state} {error}'.strip()} · {bits}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("fault", nargs="*", choices=[*FAULTS, []], metavar="FAULT")
    parser.add_argument("--steps", type=int, default=1200, help="of the search (1200)")
    wanted = parser.parse_args()
    for name in wanted.fault or FAULTS:
        measure(name, wanted.steps)


if __name__ == "__main__":
    main()
