"""The speech service in this process: its client, a student that speaks tones, packs deployed."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import httpx
import numpy as np
from django.core.handlers.asgi import ASGIHandler
from django.test import override_settings

from corpus.audio.types import Audio
from distillation import manifest, voicepack
from distillation.delivery import PLAIN, Delivery
from distillation.engines.base import EngineError
from distillation.voicepack import VoicePack
from tests.signals import tone
from voicelab.tts.application import Application
from voicelab.tts.openai_names import VOICE_NAMES
from voicelab.tts.service import Config, Service

BASE = "http://127.0.0.1"
LONG = "Su pedido saldrá mañana por la mañana, y le avisaremos en cuanto esté en camino. " * 40
DJANGO = {
    "ROOT_URLCONF": "voicelab.tts.urls",
    "MIDDLEWARE": ["voicelab.tts.middleware.frame"],
    "ALLOWED_HOSTS": ["127.0.0.1"],
    "TEMPLATES": [{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
}


@dataclass
class ToneStudent:
    """A student for tests: each piece is a tone, and waits while the gate is closed."""

    name: ClassVar[str] = "tone"
    sr: int = 16_000
    max_phonemes: int = 510
    weights: str = ""
    pieces: list[str] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    broken: str = ""

    def __post_init__(self) -> None:
        self.gate.set()

    def synthesize(
        self, text: str, condition: VoicePack, *, speed: float = 1.0, seed: int = 0
    ) -> Audio:
        if self.broken:
            raise EngineError("broken", self.broken)
        assert self.gate.wait(20)
        self.pieces.append(text)
        f0_hz = 200.0 + 100.0 * float(condition.data[0, 0, 0])
        return tone(f0_hz, 0.5 / speed, sr=self.sr)

    def phoneme_count(self, text: str) -> int:
        return len(text)

    def stock_voices(self) -> tuple[str, ...]:
        return ("low", "high")

    def stock_voice(self, name: str) -> VoicePack:
        return pack(("low", "high").index(name))


def pack(value: float, engine: str = "tone") -> VoicePack:
    return VoicePack(np.full((510, 1, 256), value, np.float32), engine)


def native(names: Iterable[str]) -> list[str]:
    """Return the names that are not OpenAI's."""
    return [name for name in names if name not in VOICE_NAMES]


def deploy(
    directory: Path,
    voices: dict[str, VoicePack],
    default: str | None = None,
    delivery: Delivery = PLAIN,
) -> manifest.Manifest:
    """Write packs and their manifest where the service reads them, as the stage deploy does."""
    entries = {}
    for name, voice in voices.items():
        sha256 = voicepack.save(voice, directory / f"{name}.pt")
        entries[name] = manifest.ManifestVoice(
            file=f"{name}.pt",
            sha256=sha256,
            engine=voice.engine,
            style=name,
            **delivery.to_json(),
        )
    written = manifest.Manifest(default=default or next(iter(voices)), voices=entries)
    manifest.write(directory, written)
    return written


@asynccontextmanager
async def serving(
    directory: Path, student: ToneStudent | None = None, **config: Any
) -> AsyncIterator[tuple[httpx.AsyncClient, Service]]:
    """Run the service; with a student of the tests, or praat."""
    options: dict[str, Any] = {
        "backend": "tone" if student else "praat",
        "voices_dir": directory / "voices",
        "model_dir": directory / "models",
        "reload_s": 0.05,
        **config,
    }
    made = Service(Config(**options), make=lambda *_: student) if student else None
    service = made or Service(Config(**options))
    with override_settings(**DJANGO):
        app = Application(ASGIHandler(), service, max_body=64 * 1024)
        service.start()
        try:
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(app, raise_app_exceptions=True), base_url=BASE
            ) as client:
                yield client, service
        finally:
            if student:
                student.gate.set()
            await service.stop()


async def until(true: Callable[[], object], within_s: float = 10.0) -> None:
    """Wait until the callable returns true."""
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end, "waited in vain"
        await asyncio.sleep(0.01)


async def ready(service: Service) -> None:
    await until(lambda: service.reason is None)
