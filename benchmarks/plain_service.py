"""A speech service as most are written: a loop over Kokoro's pipeline inside the event loop.

A stand-in for what this project's service is compared with (Kokoro-FastAPI's way: the package's
pipeline, a sentence at a time, its samples sent when a sentence is done), on the same weights.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import uvicorn

from benchmarks.speech import free_port
from distillation import voicepack
from distillation.engines.kokoro.files import CONFIG, REPO, WEIGHTS

START_S = 120.0
SENTENCES = r"(?<=[.!?…])\s+"


class PlainService:
    """An ASGI application with one address, `POST /v1/audio/speech`."""

    def __init__(self, model_dir: Path, voice: str) -> None:
        from kokoro import KModel, KPipeline

        files = {"config": str(model_dir / CONFIG), "model": str(model_dir / WEIGHTS)}
        model = KModel(repo_id=REPO, **files).eval()
        self._pipeline: Any = KPipeline(lang_code="e", repo_id=REPO, model=model)
        path = model_dir / "voices" / f"{voice}.pt"
        self._voice: Any = voicepack.load(path, engine="kokoro").data

    async def __call__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[dict[str, Any]]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        start = {"type": "http.response.start", "status": 200, "headers": []}
        await send(start)
        async for part in self._speech(json.loads(body or b"{}").get("input", "")):
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _speech(self, text: str) -> AsyncIterator[bytes]:
        import torch

        if not text:
            return
        with torch.inference_mode():
            pack = torch.from_numpy(np.array(self._voice))
            for result in self._pipeline(text, voice=pack, split_pattern=SENTENCES):
                y = result.audio.numpy()
                yield (np.clip(y, -1, 1) * 32767).astype("<i2").tobytes()


@contextmanager
def serving_plainly(model_dir: Path, voice: str) -> Iterator[httpx.Client]:
    """Run the plain service on loopback, in a process of its own."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.plain_service", str(model_dir), voice, str(port)]
    process = subprocess.Popen(command)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=600) as client:
            _wait(client, process)
            yield client
    finally:
        process.terminate()
        process.wait(30)


def _wait(client: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        with suppress(httpx.TransportError):
            client.post("/v1/audio/speech", json={"input": ""})
            return
        time.sleep(0.1)
    raise SystemExit(f"The plain service did not start within {START_S:.0f} s.")


def main() -> None:
    model_dir, voice, port = sys.argv[1:]
    application = PlainService(Path(model_dir), voice)
    uvicorn.run(application, port=int(port), log_level="warning", lifespan="off")


if __name__ == "__main__":
    main()
