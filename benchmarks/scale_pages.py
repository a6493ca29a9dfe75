"""Fills the database of the benchmark of scale if it is empty, and measures its pages."""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

import django
import psutil

django.setup()

logging.disable(logging.INFO)  # sign-ins

from django.core.cache import caches  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client, override_settings  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from benchmarks.scale_fill import SOUND, fill, people  # noqa: E402
from corpus.models import Category, Recording, Sentence, Speaker  # noqa: E402
from corpus.storage import WholeFiles  # noqa: E402
from distillation.models import Run  # noqa: E402

LIMIT_MS = 300
LABEL = """
? ?page=2000 ?page=99999 ?q=caso+77 ?q=Gracias ?q=xyzzy ?category={category} ?list={list}
?style=amable ?style=amable&page=500 ?state=open ?state=todo ?state=done ?state=mine ?state=flagged
?state=disputed ?state=settled ?state=archived ?person={labeler} ?sort=id ?sort=text ?sort=category
?sort=style ?sort=recent ?sort=recent&page=500 ?sort=text&page=500
?style=amable&state=todo&q=gracias
"""
TAKES = """
? ?page=2000 ?page=99999 ?state=pending ?state=accepted ?state=accepted&page=999 ?state=rejected
?style=amable ?style=amable&page=999 ?speaker={speaker} ?q=caso+77 ?q=Gracias ?q=Gracias&page=500
?q=xyzzy ?speaker={speaker}&state=accepted&style=amable ?q=gracias&state=pending&speaker={speaker}
"""
PAGES = {
    "labeler": """
        / /label/focus/ /label/focus/?style=amable&state=done /label/focus/next/?after=50000.50000
        /label/focus/?q=caso+77 /label/accept/ /label/accept/?category={category} /label/people/
        /label/agreement/ /label/import/ /label/sentences/ /label/export/
    """,
    "speaker": """
        / /studio/ /studio/?style=amable /studio/history/?sentence={sentence}&style=neutral
        /studio/example/neutral/ /takes/next/ /takes/upload/ /takes/consent/ /takes/batch/
    """,
    "reviewer": """
        / /label/disputes/ /label/disputes/?page=20 /label/people/ /takes/review/
        /takes/review/?style=amable /takes/review/?speaker={speaker} /takes/{take}/
        /takes/calibration/ /takes/next/ /takes/next/?speaker={speaker} /takes/rescore/{speaker}/
        /takes/export/ /takes/export/?layout=ljspeech /takes/export/?layout=audiofolder&rate=24000
        /takes/export/?layout=ljspeech&speaker={speaker}&style=amable
        /takes/export/?layout=exchange /runs/{run}/review/
    """,
    "admin": """
        / /runs/ /runs/{run}/ /runs/launch/ /runs/launch/?again={run}
        /runs/launch/facts/?styles=neutral&styles=amable&teacher=recordings
        /runs/launch/facts/?styles=neutral&teacher=recordings&speaker={speaker}
        /runs/compare/ /runs/{run}/report/ /voices/ /voices/withdrawn/ /voices/of/{speaker}/
        /playground/ /people/ /admin/corpus/sentence/ /admin/corpus/recording/
        /admin/corpus/recording/?q=caso /admin/corpus/labeldecision/ /admin/corpus/takeverdict/
        /admin/corpus/prosodyscore/ /admin/corpus/speaker/
    """,
}


class Page(NamedTuple):
    role: str
    path: str


class OneSound(WholeFiles):
    """Opens the same sound for every take."""

    def path(self, name: str) -> str:
        return super().path(SOUND if name.startswith("recordings/") else name)


@dataclass(frozen=True)
class Measured:
    """How long a page took, ms, and the queries it made; `first` is with nothing kept.

    `processor` is the mean time of web and database, ms, which other work does not change.
    """

    page: Page
    status: int
    first: float
    p50: float
    p95: float
    processor: float
    queries: int

    @property
    def is_slow(self) -> bool:
        return max(self.first, self.p95) > LIMIT_MS

    def row(self) -> str:
        times = " | ".join(f"{ms:.0f}" for ms in (self.first, self.p50, self.p95, self.processor))
        slow = f"over {LIMIT_MS} ms" if self.is_slow else ""
        return f"| {self.page.role} | `{self.page.path}` | {times} | {self.queries} | {slow} |"


def pages() -> Iterator[Page]:
    speaker, take = Speaker.objects.get(user__username="speaker00"), Recording.objects.first()
    assert take
    values = {
        "category": Category.objects.first().key,  # type: ignore[union-attr]
        "list": Sentence.objects.first().list,  # type: ignore[union-attr]
        "labeler": people().labeler.pk,
        "speaker": speaker.pk,
        "sentence": take.sentence,
        "take": take.pk,
        "run": Run.objects.first().pk,  # type: ignore[union-attr]
    }
    for role, paths in PAGES.items():
        lists = [f"/label/{query}" for query in LABEL.split() if role in ("labeler", "reviewer")]
        lists += [f"/takes/{query}" for query in TAKES.split() if role in ("speaker", "reviewer")]
        for path in (*paths.split(), *lists):
            yield Page(role, path.format(**values))


def measure(client: Client, page: Page, times: int) -> Measured:
    ask(client, page.path)  # a process imports and compiles once
    first = []
    for _ in range(max(1, times // 10)):
        for cache in caches.all():
            cache.clear()
        first.append(ask(client, page.path)[1])
    with CaptureQueriesContext(connection) as queries:
        status, _ms = ask(client, page.path)
    n = len(queries)  # the next request empties the log
    spent, warm = -processor_s(), [ask(client, page.path)[1]]
    while len(warm) < times and sum(warm) < 3000 * times / 20:  # slow pages: fewer requests
        warm.append(ask(client, page.path)[1])
    spent += processor_s()
    processor = 1000 * spent / len(warm)
    warm.sort()
    p50, p95 = warm[len(warm) // 2], warm[min(len(warm) - 1, round(0.95 * (len(warm) - 1)))]
    return Measured(page, status, max(first), p50, p95, processor, n)


def processor_s() -> float:
    """Return the processor time of this process and of all of PostgreSQL's, ended ones too."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        [backend] = cursor.fetchone()
    server = psutil.Process(backend).parent()
    assert server
    own, living = server.cpu_times(), 0.0
    for child in server.children():
        with suppress(psutil.NoSuchProcess):  # ended meanwhile: then it is among the server's
            times = child.cpu_times()
            living += times.user + times.system
    ended = own.children_user + own.children_system
    return time.process_time() + own.user + own.system + living + ended


def ask(client: Client, path: str) -> tuple[int, float]:
    """Return the status and the ms until the page, or the first bytes of a stream, came."""
    started = time.perf_counter()
    answer: Any = client.get(path)
    pieces = iter(answer.streaming_content if answer.streaming else ())
    next(pieces, b"")
    took = 1000 * (time.perf_counter() - started)
    answer.close()
    return answer.status_code, took


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("sentences", "takes", "times"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    if not Recording.objects.exists():
        started = time.perf_counter()
        fill(sentences=options.sentences, takes=options.takes)
        print(f"Filled in {time.perf_counter() - started:.0f} s.", flush=True)
    with connection.cursor() as cursor:
        cursor.execute("select pg_size_pretty(pg_database_size(current_database()))")
        [size] = cursor.fetchone()
    print(f"{Sentence.objects.count()} sentences, {Recording.objects.count()} takes, {size}\n")
    stored = {"default": {"BACKEND": f"{__name__}.OneSound"}}
    stored["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(STORAGES=stored, ALLOWED_HOSTS=["testserver"]):
        wanted = [page for page in pages() if options.only in f"{page.role} {page.path}"]
        report(wanted, options.times)


def report(wanted: list[Page], times: int) -> None:
    print(f"| Role | Page | First, ms | p50 | p95 | Processor | Queries | |\n{'| --- ' * 8}|")
    clients = {}
    for role, person in vars(people()).items():
        clients[role] = Client(raise_request_exception=False, headers={"accept-language": "es"})
        clients[role].force_login(person, "voicelab.roles.RolesBackend")
        clients[role].get("/")  # templates are read once
    found = []
    for page in wanted:
        found.append(measure(clients[page.role], page, times))
        odd = "" if found[-1].status == 200 else f" **status {found[-1].status}**"
        print(found[-1].row() + odd, flush=True)
    failed = [one.page.path for one in found if one.status != 200]
    assert not failed, f"not answered: {failed}"
    slow = [one for one in found if one.is_slow]
    print(f"\n{len(found)} pages, {len(slow)} over {LIMIT_MS} ms:")
    for one in sorted(slow, key=lambda one: -max(one.first, one.p95)):
        print(f"{one.first:6.0f} {one.p95:6.0f}  {one.page.role} {one.page.path}")


if __name__ == "__main__":
    main()
