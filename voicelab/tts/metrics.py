"""The service's Prometheus metrics."""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
RATIOS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0)


class Metrics:
    """The metrics of one service in a registry of their own, so a process can run several."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.requests = Counter(
            "voicelab_tts_requests",
            "Requests for speech by HTTP status.",
            ["status"],
            registry=registry,
        )
        self.unfinished = Counter(
            "voicelab_tts_unfinished",
            "Requests given up: the client left, too slow, the engine failed.",
            registry=registry,
        )
        self.seconds = Histogram(
            "voicelab_tts_request_seconds",
            "From request to last byte.",
            buckets=SECONDS,
            registry=registry,
        )
        self.first_byte = Histogram(
            "voicelab_tts_first_byte_seconds",
            "From request to first audio.",
            buckets=SECONDS,
            registry=registry,
        )
        self.rtf = Histogram(
            "voicelab_tts_rtf",
            "Synthesis time divided by audio time.",
            buckets=RATIOS,
            registry=registry,
        )
        self.audio_seconds = Counter(
            "voicelab_tts_audio_seconds", "Speech made.", registry=registry
        )
        self.queue = Gauge(
            "voicelab_tts_queue_depth", "Requests admitted and not finished.", registry=registry
        )
        self.voices = Gauge(
            "voicelab_tts_voices", "Voices that can speak, by kind.", ["kind"], registry=registry
        )
        self.ready = Gauge("voicelab_tts_ready", "1 when speech can be made.", registry=registry)

    def text(self) -> bytes:
        """Return the metrics in Prometheus's text format."""
        return generate_latest(self.registry)
