"""Fills the database of `benchmarks.fleet` with a busy installation, and measures its services."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import django

django.setup()

import psutil  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models.functions import Now  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.shared import table_print  # noqa: E402
from corpus.models import StyleLabel  # noqa: E402
from distillation.models import (  # noqa: E402
    CandidateClaim,
    Heartbeat,
    Run,
    ScorePoint,
    Stage,
    StyleRun,
    WorkerBeat,
)
from distillation.services import leases, queue, recovery, slices  # noqa: E402
from distillation.services.candidate_claims import CandidateClaims, Evaluated  # noqa: E402
from distillation.services.recipes import recipe_build  # noqa: E402
from distillation.services.slice_work import Outcome  # noqa: E402
from voicelab.demo.corpus import labels_make, people_make, speaker_make, takes_make  # noqa: E402
from voicelab.demo.speakers import RoboticSpeaker  # noqa: E402
from voicelab.operations import metrics, observation  # noqa: E402
from voicelab.roles import ADMIN, LABELER, REVIEWER, SPEAKER  # noqa: E402

PROCESSES = 2  # of a worker
STYLES = 4  # of a run
TIMES = 40
GENERATION, SECONDS = 12, 5.0


def fill(workers: int, runs: int) -> Run:
    """Give every process of the workers a style in work; the other styles of the runs wait."""
    people, voice = people_make(), RoboticSpeaker()
    labels_make(labeler=people[LABELER])
    takes_make(
        voice=voice,
        speaker=speaker_make(voice=voice, user=people[SPEAKER]),
        person=people[SPEAKER],
        reviewer=people[REVIEWER],
        on_take=lambda *_: None,
    )
    styles = list(StyleLabel.objects.values_list("key", flat=True))
    recipe = recipe_build(styles=styles, seed=1, student="praat", teacher="recordings")
    admin = User.objects.get(pk=people[ADMIN].pk)
    about = {"recipe": recipe.to_json(), "fingerprint": recipe.fingerprint(), "created_by": admin}
    made = Run.objects.bulk_create(
        Run(name=f"{number}", state="running", started_at=Now(), **about) for number in range(runs)
    )
    rows = StyleRun.objects.bulk_create(
        StyleRun(run=run, style=style, stage="evolve", steps=1000, step=100)
        for run in made
        for style in styles[:STYLES]
    )
    for row in rows[: workers * PROCESSES]:
        row.state, row.lease = "running", f"lease-{row.pk}"
        row.heartbeat_at = Now()
    StyleRun.objects.bulk_update(rows, ["state", "lease", "heartbeat_at"])
    busy = [row for row in rows if row.lease]
    Heartbeat.objects.bulk_create(
        Heartbeat(style_run=row, lease=row.lease, owner=f"{leases.host_name()}/1") for row in busy
    )
    WorkerBeat.objects.bulk_create(
        WorkerBeat(name=f"w{number}@elsewhere", seen_at=Now()) for number in range(workers)
    )
    ScorePoint.objects.bulk_create(
        ScorePoint(style_run=row, step=step, score=80, target_similarity=0.8,
                   self_similarity=0.9, feature_similarity=0.7)
        for row in rows for step in range(0, 100, 5)
    )  # fmt: skip
    for row in rows:
        if not row.lease:
            queue.slice_enqueue(row)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute(
            "SELECT avg(pg_column_size(recipe)), avg(length(recipe::text)) FROM distillation_run"
        )
        stored, text = cursor.fetchone()
        print(f"recipe: {stored / 1000:.1f} kB stored, {text / 1000:.1f} kB as JSON")
    return made[0]


class Server:
    """The processor time of PostgreSQL, those of its processes that ended included."""

    def __init__(self, folder: Path) -> None:
        self._main = psutil.Process(int((folder / "data/postmaster.pid").read_text().split()[0]))

    def seconds(self) -> float:
        own = self._main.cpu_times()
        total = own.user + own.system + own.children_user + own.children_system
        for child in self._main.children(recursive=True):
            try:
                times = child.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
        return float(total)


def row_of(
    name: str, work: Callable[[], Any], server: Server, *, rate: float = 0.0, times: int = TIMES
) -> tuple[str, ...]:
    """Return what a piece of work costs: queries, time, processor here and in PostgreSQL.

    `rate` is how often a second all workers together do it.
    """
    work()
    queries: list[str] = []

    def counted(execute: Any, sql: str, *how: Any) -> Any:
        queries.append(sql)
        return execute(sql, *how)

    with connection.execute_wrapper(counted):
        work()
    walls = []
    before, own = server.seconds(), time.process_time()
    for _ in range(times):
        began = time.perf_counter()
        work()
        walls.append(1000 * (time.perf_counter() - began))
    here_ms = 1000 * (time.process_time() - own) / times
    connection.close()
    time.sleep(0.3)  # the server notices that the connection ended
    there_ms = 1000 * (server.seconds() - before) / times
    share = f"{rate * there_ms / 10:.1f} %" if rate else ""
    return (
        name, str(len(queries)), f"{statistics.median(walls):.1f}", f"{here_ms:.1f}",
        f"{there_ms:.2f}", f"{rate:g}" if rate else "", share,
    )  # fmt: skip


def again_connected(work: Callable[[], Any]) -> Callable[[], Any]:
    """Do it as a thread or process does that keeps no connection."""

    def connected() -> None:
        work()
        connection.close()

    return connected


def slice_done() -> None:
    """Take a slice that waits and store an outcome of it."""
    waiting = StyleRun.objects.filter(lease="", state="queued").values_list("pk", "slice")
    pk, number = waiting[0]
    claimed: Any = leases.lease_claim(style_run_id=pk, slice=number)
    fields = {"step": claimed.step + 40, "checkpoint": "runs/1/checkpoints/a.npz"}
    points = [
        ScorePoint(style_run=claimed, step=claimed.step + n, score=80, target_similarity=0.8,
                   self_similarity=0.9, feature_similarity=0.7)
        for n in range(1, 41)
    ]  # fmt: skip
    slices.slice_commit(claimed, Outcome(stage=Stage.EVOLVE, fields=fields, points=points))
    StyleRun.objects.filter(pk=pk).update(state="queued")


def candidate_shared(busy: StyleRun) -> Callable[[], None]:
    """Look at the candidates of a generation, claim one and store its evaluation."""
    claims, rows = CandidateClaims(busy), CandidateClaim.objects.filter(style_run=busy)

    def share() -> None:
        claims.publish([Evaluated(n, "0" * 64, None) for n in range(GENERATION)], [])
        for _ in range(GENERATION):
            there = {row.number: row for row in rows.filter(number__in=range(GENERATION))}
            claimed = claims.claim({n: row for n, row in there.items() if row.evaluation is None})
            assert claimed
            rows.filter(pk=claimed.pk, lease=claimed.lease).update(evaluation={"score": 80.0})
        rows.all().delete()

    return share


def shared_a_second(styles: Sequence[StyleRun], server: Server) -> tuple[str, str]:
    """Return how many candidates threads share in a second, one style each, and the processor."""
    done, over = [0] * len(styles), Event()

    def work(number: int) -> None:
        share = candidate_shared(styles[number])
        while not over.is_set():
            share()
            done[number] += GENERATION
        connection.close()

    threads = [Thread(target=work, args=(number,)) for number in range(len(styles))]
    before, own = server.seconds(), time.process_time()
    for thread in threads:
        thread.start()
    time.sleep(SECONDS)
    over.set()
    for thread in threads:
        thread.join()
    here, there = time.process_time() - own, server.seconds() - before
    return (
        f"{sum(done) / SECONDS:.0f}",
        f"{there / SECONDS:.2f} of PostgreSQL, {here / SECONDS:.2f} here",
    )


def connection_mb() -> float:
    """Return the memory that the server's process behind this connection has for itself."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return float(psutil.Process(cursor.fetchone()[0]).memory_full_info().uss / 2**20)


def main() -> None:
    workers, runs, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    run, server = fill(workers, runs), Server(folder)
    processes = workers * PROCESSES
    busy = StyleRun.objects.exclude(lease="").select_related("run").first()
    assert busy
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(pk=run.created_by_id))

    def page(address: str) -> Callable[[], Any]:
        def ask() -> None:
            assert client.get(address).status_code == 200, address

        return ask

    ago = timezone.now() - timedelta(seconds=20)  # as in a queue that is long
    StyleRun.objects.filter(lease="").update(queued_at=ago)
    rows = [
        row_of("beat of a worker", again_connected(
            lambda: recovery.worker_beat(name="w0@elsewhere")), server, rate=workers / 5, times=10),
        row_of("heartbeat of a process at work", again_connected(
            lambda: leases.heartbeat_count(busy.lease)), server, rate=processes / 4),
        row_of("figures of a search", lambda: leases.lease_beat(busy, step=101, seconds=3.5),
               server, rate=processes),
        row_of("work waits?", queue.work_waits, server, rate=processes / 20, times=10),
        row_of("slice taken and stored", slice_done, server, rate=processes / 20),
        row_of("12 candidates shared", candidate_shared(busy), server, times=10),
        row_of("home asks for workers", observation.unattended, server, times=10),
        row_of("page: operations", page("/operations/"), server, times=10),
        row_of("/metrics", metrics.text, server, times=10),
        row_of("page: runs", page("/runs/"), server, times=10),
        row_of("page: a run", page(f"/runs/{run.pk}/"), server, times=10),
        row_of("poll of a run's page", page(f"/runs/{run.pk}/panel/"), server, times=10),
    ]  # fmt: skip
    head = (
        "what",
        "queries",
        "ms",
        "processor here, ms",
        "PostgreSQL, ms",
        "a second",
        "of a core",
    )
    table_print(head, rows)
    page("/runs/")()
    print(f"memory of a connection after a page: {connection_mb():.1f} MB")
    styles = list(StyleRun.objects.exclude(lease="").select_related("run"))
    for threads in (1, 4, 16, 48):
        count, used = shared_a_second(styles[:threads], server)
        print(f"{threads} threads share {count} candidates a second; cores: {used}")


if __name__ == "__main__":
    main()
