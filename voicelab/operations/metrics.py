"""Prometheus metrics: requests of the web, tasks of a worker, and the facts of the installation.

Gunicorn's processes share their counts through files (`gunicorn.conf.py`); the facts are asked for
at each scrape, so they are the same from whichever process answers.
"""

from collections.abc import Iterator, Mapping

from django.conf import settings
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from voicelab.operations import observation

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
TASK_SECONDS = (0.1, 0.5, 1.0, 5.0, 10.0, 20.0, 30.0, 60.0, 300.0, 3600.0)

counted = CollectorRegistry()
requests = Counter(
    "voicelab_web_requests", "Requests by page and HTTP status.", ["route", "status"],
    registry=counted,
)  # fmt: skip
request_seconds = Histogram(
    "voicelab_web_request_seconds", "From request to the head of its answer.", ["route"],
    buckets=SECONDS, registry=counted,
)  # fmt: skip
tasks = Counter(
    "voicelab_worker_tasks", "Tasks that ended, by name and state.", ["task", "state"],
    registry=counted,
)  # fmt: skip
task_seconds = Histogram(
    "voicelab_worker_task_seconds", "How long tasks took.", ["task"],
    buckets=TASK_SECONDS, registry=counted,
)  # fmt: skip


class Facts(Collector):
    """What database, broker and disks say."""

    def collect(self) -> Iterator[Metric]:
        yield _gauge("runs", "Runs by state.", "state", observation.run_counts())
        alive = [row for row in observation.workers() if row.is_alive]
        yield _gauge("workers", "Workers alive.", "", {"": len(alive)})
        waiting = observation.queues()
        yield _gauge(
            "queue_workers", "Workers alive, by queue.", "queue",
            {one.name: one.workers for one in waiting},
        )  # fmt: skip
        yield _gauge(
            "queue_messages", "Messages that wait, by queue.", "queue",
            {one.name: one.messages for one in waiting if one.messages is not None},
        )  # fmt: skip
        yield _gauge(
            "queue_oldest_seconds", "Age of the oldest message, by queue.", "queue",
            {one.name: one.oldest_s or 0 for one in waiting if one.messages is not None},
        )  # fmt: skip
        yield _gauge(
            "queue_without_worker", "1 if work waits and no worker takes it.", "queue",
            {one.name: int(one.lacks_worker) for one in waiting},
        )  # fmt: skip
        yield _gauge("leases", "Processes at a slice.", "", {"": len(observation.leases())})
        yield _gauge("failures", "Failures not mended.", "", {"": len(observation.failures())})
        disks = observation.places()
        yield _gauge(
            "disk_free_bytes", "Room left, by folder.", "path",
            {one.path: one.free_bytes for one in disks},
        )  # fmt: skip
        size = {"media": observation.media_bytes(), "database": observation.database_bytes()}
        known = {what: count for what, count in size.items() if count is not None}
        yield _gauge("stored_bytes", "Size of media and database.", "what", known)


def text() -> bytes:
    """Return all metrics in Prometheus's text format."""
    registry = CollectorRegistry()
    if settings.METRICS_DIR:
        MultiProcessCollector(registry, path=settings.METRICS_DIR)
        found = generate_latest(registry)
    else:
        found = generate_latest(counted)
    facts = CollectorRegistry()
    facts.register(Facts())
    return found + generate_latest(facts)


def _gauge(name: str, says: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"voicelab_{name}", says, labels=[label] if label else [])
    for key, value in values.items():
        family.add_metric([key] if label else [], value)
    return family
