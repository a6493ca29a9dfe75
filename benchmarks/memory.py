"""Memory of web, worker and speech service under use; seconds from clone to first page.

    python -m benchmarks.memory [--engine praat] [--clone] [--model-dir FOLDER]

A short demo runs in a temporary folder, on kokoro if its files are present; once it serves, an
admin opens every page and the speaker uploads five takes. Figures are each process's peak
resident size (VmHWM). `--clone` also sets up the project from git: clone, environment, database,
first page.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.search import KOKORO
from benchmarks.shared import conditions_print, has_kokoro, parser_of, peak_mb
from corpus.audio.io import encode_wav
from voicelab.demo.speakers import STOCK_VOICE, RoboticSpeaker

REPOSITORY = Path(__file__).resolve().parent.parent
WEB_PORT, SPEECH_PORT = 8710, 8711
PARTS = ("espeak_process", "gunicorn", "celery", "voicelab.tts")
PAGES = ("/", "/label/", "/takes/", "/takes/upload/", "/runs/", "/runs/1/", "/runs/1/report/",
         "/runs/1/review/", "/voices/", "/voices/1/", "/runs/launch/")  # fmt: skip


STEPS = {"kokoro": 2, "praat": 30}


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--engine", choices=tuple(STEPS), help="by default kokoro, if it is there")
    parser.add_argument("--clone", action="store_true", help="also from clone to first page")
    options = parser.parse_args()
    conditions_print(options.model_dir)
    engine = options.engine or engine_there(options.model_dir)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with demo(folder / "data", engine, options.model_dir) as manager:
            visit(folder / "data")
            print(f"Highest memory while the demo runs on {engine} and its pages are used:")
            for part, highest_mb in sorted(peaks(manager).items()):
                print(f"{part:34}{highest_mb:8.0f} MB")
        if options.clone:
            print(f"{'clone to first page':34}{from_clone(folder / 'clone'):8.0f} s")


def engine_there(model_dir: Path) -> str:
    return "kokoro" if has_kokoro(model_dir, (*KOKORO.base_voices, STOCK_VOICE)) else "praat"


@contextmanager
def demo(data: Path, engine: str, model_dir: Path) -> Iterator[psutil.Process]:
    """Run a short demo until it serves."""
    env = {**os.environ, "VOICELAB_DATA_DIR": str(data), "DEMO_STEPS": str(STEPS[engine]),
           "COLUMNS": "120", "MODEL_DIR": str(model_dir.resolve()),
           "WEB_PORT": str(WEB_PORT), "SPEECH_PORT": str(SPEECH_PORT)}  # fmt: skip
    command = [sys.executable, "manage.py", "demo", "--engine", engine]
    with subprocess.Popen(
        command, cwd=REPOSITORY, env=env, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        for line in process.stdout:
            if line.startswith("Serving"):
                break
        else:
            raise SystemExit(
                f"The demo ended before it served; {data / 'demo.log'} is deleted with it."
            )
        try:
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.communicate()


def visit(data: Path) -> None:
    """Open every page as an admin; upload takes as the speaker."""
    passwords = json.loads((data / "demo_passwords.json").read_text())
    with signed_in("admin", passwords) as client:
        for page in PAGES:
            client.get(page).raise_for_status()
        for link in re.findall(r"/takes/\d+/", client.get("/takes/").text)[:5]:
            client.get(link).raise_for_status()
    with signed_in("speaker", passwords) as client:
        for number in range(5):
            upload(client, number)


@contextmanager
def signed_in(name: str, passwords: dict[str, str]) -> Iterator[httpx.Client]:
    address = f"http://127.0.0.1:{WEB_PORT}"
    with httpx.Client(base_url=address, follow_redirects=True, timeout=60) as client:
        client.get("/login/")
        post(client, "/login/", username=name, password=passwords[name])
        yield client


def upload(client: httpx.Client, number: int) -> None:
    spoken = RoboticSpeaker().speak("Buenos días, gracias por llamar.", "amable", seed=number)
    page = post(
        client, "/takes/upload/", files={"file": ("take.wav", encode_wav(spoken))},
        sentence="shcc-01", style="amable",
    )  # fmt: skip
    assert re.fullmatch(r"/takes/\d+/", page.url.path), page.url


def post(client: httpx.Client, path: str, files: Any = None, **data: str) -> httpx.Response:
    token = {"csrfmiddlewaretoken": client.cookies["csrftoken"]}
    return client.post(path, data=token | data, files=files).raise_for_status()


def peaks(manager: psutil.Process) -> dict[str, float]:
    """Return the peak resident size so far, MB, by process role."""
    found: dict[str, float] = {}
    for process in manager.children(recursive=True):
        words, parents = (" ".join(one.cmdline()) for one in (process, process.parents()[0]))
        if part := next((part for part in PARTS if part in words), ""):
            role = "child" if any(of in parents for of in PARTS) else "main"
            label = f"{part} ({role})"
            found[label] = max(found.get(label, 0.0), peak_mb(process.pid))
    return found


def from_clone(folder: Path) -> float:
    """Return the seconds from `git clone` to the first page, including package downloads."""
    started = time.monotonic()
    subprocess.run(["git", "clone", "--quiet", str(REPOSITORY), str(folder)], check=True)
    subprocess.run(["make", "--silent", ".venv"], cwd=folder, check=True)
    python = str(folder / ".venv" / "bin" / "python")
    subprocess.run([python, "manage.py", "prepare"], cwd=folder, check=True, capture_output=True)
    command = [python, "-m", "gunicorn", "voicelab.wsgi", "--bind", f"127.0.0.1:{WEB_PORT}"]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL) as server:
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{WEB_PORT}/login/").raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        server.terminate()
    return time.monotonic() - started


if __name__ == "__main__":
    main()
