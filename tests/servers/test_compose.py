"""compose.yaml's services as processes: a run on PostgreSQL, Redis and S3, behind the proxy."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from corpus.bucket import Bucket, address_of
from tests.buckets import new_bucket
from tests.conftest import REPOSITORY
from tests.processes import free_port, running, wait_for
from tests.servers.compose import SERVICES, command_of, health_check_of, proxy
from voicelab import settings

pytestmark = [pytest.mark.servers, pytest.mark.timeout(400)]

STYLES = ("neutral", "empatico")
STRANGER = "127.0.0.2"


@dataclass
class Services:
    web: str
    speech: str
    env: dict[str, str]
    passwords: dict[str, str]
    log: Path
    health: dict[str, list[str]]


@pytest.fixture(scope="module")
def services(
    postgres_url: str,
    redis_url: str,
    store_address: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Services]:
    """Every process as on a machine of its own: they share no folder of media."""
    folder = tmp_path_factory.mktemp("compose")
    web, speech, worker_port = free_port(), free_port(), free_port()
    env = {
        "DATABASE_URL": postgres_url,
        "REDIS_URL": redis_url,
        "STORAGE_URL": new_bucket(store_address),
        "MEDIA_ROOT": str(folder / "web"),
        "VOICELAB_DATA_DIR": str(folder),
        "SPEECH_URL": f"http://127.0.0.1:{speech}",
        "SPEECH_HOST": "127.0.0.1",
        "SPEECH_PORT": str(speech),
        "SLICE_SECONDS": "2",
        "DJANGO_SETTINGS_MODULE": "voicelab.settings",
        "PYTHONPATH": str(REPOSITORY),
        "OMP_NUM_THREADS": "1",
    }
    log = folder / "log"
    once(command_of("migrate"), env)
    passwords = json.loads(once([sys.executable, "tests/servers/fill.py"], env).splitlines()[-1])
    ports = {8000: web, 8001: speech, 8100: worker_port}
    health = {name: health_check_of(name, ports) for name in ("web", "worker", "tts")}
    with ExitStack() as stack:
        stack.enter_context(running(command_of("web", ports), log=log, env=env))
        for name, port in (("one", worker_port), ("two", 0)):
            worker = [*command_of("worker"), "--concurrency", "1", "--hostname", f"{name}@%h"]
            own = env | {"MEDIA_ROOT": str(folder / name), "WORKER_PORT": str(port)}
            stack.enter_context(running(worker, log=log, env=own))
        own = env | {"VOICES_DIR": str(folder / "spoken")}
        stack.enter_context(running(command_of("tts"), log=log, env=own))
        address = f"http://127.0.0.1:{web}"
        if shutil.which("caddy"):
            front = stack.enter_context(proxy(folder, web=web, speech=speech))
            address = f"http://127.0.0.1:{front[8080]}"
            env["SPEECH_URL"] = f"http://127.0.0.1:{front[8001]}"
            health["proxy"] = health_check_of("proxy", front)
        yield Services(address, env["SPEECH_URL"], env, passwords, log, health)


def once(command: list[str], env: dict[str, str]) -> str:
    done = subprocess.run(
        command, cwd=REPOSITORY, env={**os.environ, **env}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def signed_in(services: Services, name: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=services.web, follow_redirects=True, timeout=30) as client:
        sign_in(client, services, name)
        yield client


def sign_in(client: httpx.Client, services: Services, name: str) -> None:
    wait_for("the web server", lambda: answers(client, "/login/"), seconds=200)
    page = post(client, "/login/", username=name, password=services.passwords[name])
    assert page.url.path == "/", page.text


def answers(client: httpx.Client, path: str) -> bool:
    try:
        return client.get(path).is_success
    except httpx.HTTPError:
        return False


def post(client: httpx.Client, path: str, **data: Any) -> httpx.Response:
    if "csrftoken" not in client.cookies:
        client.get(path)
    token = {"csrfmiddlewaretoken": client.cookies["csrftoken"]}
    return client.post(path, data=token | data, headers={"Referer": str(client.base_url)})


def test_a_run_from_launch_to_speech_on_postgresql_and_redis(services: Services) -> None:
    with signed_in(services, "admin") as admin, signed_in(services, "reviewer") as reviewer:
        stranger_fails_to_sign_in(services)
        failed = admin.get("/operations/audit.json", params={"act": "sign-in-failed"}).json()
        assert {row["address"] for row in failed} == {STRANGER}
        run = run_launched(admin)
        report = wait_for(
            "the report",
            lambda: found(admin.get(f"{run}report/validation_report.json")),
            seconds=400,
        )
        assert set(report["styles"]) == set(STYLES)
        packs = packs_approved(reviewer, run)
        assert post(reviewer, "/voices/deploy/", pack=packs).status_code == 403
        forced = {"override": "yes", "override_reason": "A short search, only for this test."}
        assert post(admin, "/voices/deploy/", pack=packs, **forced).is_success
        assert operator_sees(admin) == {"run-launched", "voice-approved", "deploy-overridden"}
    wait_for("the deployed voice", lambda: spoken_by(services, "empatico"), seconds=130)
    with (
        psycopg.connect(services.env["DATABASE_URL"]) as database,
        pytest.raises(psycopg.errors.RaiseException, match="append-only"),
    ):
        database.execute("delete from operations_auditentry")
    log = services.log.read_text()
    assert "one@" in log
    assert "two@" in log
    media = Bucket(address_of(services.env["STORAGE_URL"]), "media/")
    assert media.list("")[0] == ["originals", "recordings", "runs"]
    here = Path(services.env["MEDIA_ROOT"]).rglob("*")
    assert [path for path in here if path.is_file()] == []  # the web passes files on
    assert (services.log.parent / "spoken" / "empatico.pt").is_file()
    assert {name for name, check in services.health.items() if not is_healthy(check)} == set()


def stranger_fails_to_sign_in(services: Services) -> None:
    """Fail until it is refused, each time naming another address as one's own."""
    for attempt in range(settings.AXES_FAILURE_LIMIT + 1):
        forged = {"X-Forwarded-For": f"203.0.113.{attempt}", "X-Real-IP": "203.0.113.9"}
        way = httpx.HTTPTransport(local_address=STRANGER)
        with httpx.Client(base_url=services.web, transport=way, headers=forged) as client:
            answer = post(client, "/login/", username="nobody", password="wrong")
    assert answer.status_code == 429


def is_healthy(check: list[str]) -> bool:
    return subprocess.run(check, capture_output=True, timeout=30).returncode == 0


def operator_sees(admin: httpx.Client) -> set[str]:
    """Ask for readiness and metrics; return the acts of the audit log about runs and voices."""
    assert set(admin.get("/readyz").json()["parts"].values()) == {"ok"}
    assert 'voicelab_queue_workers{queue="voicelab"} 2.0' in admin.get("/metrics").text
    acts = {row["act"] for row in admin.get("/operations/audit.json").json()}
    return {act for act in acts if act.startswith(("run-", "voice-", "deploy-"))}


def run_launched(admin: httpx.Client) -> str:
    """Launch a short run in the admin; return its page's address."""
    run = post(
        admin, "/runs/launch/", name="Servers", styles=STYLES, steps=6, seed=1,
        student="praat", teacher="recordings", strategy="cma-es", prompt="", tts_url="",
        weight_target=0.48, weight_self=0.5, weight_feature=0.02,
    )  # fmt: skip
    assert re.fullmatch(r"/runs/\d+/", run.url.path), run.text
    return run.url.path


def packs_approved(reviewer: httpx.Client, run: str) -> list[str]:
    """Approve every evolved pack on the review page; return their numbers."""
    packs = sorted(set(re.findall(r"/packs/(\d+)/decide/", reviewer.get(f"{run}review/").text)))
    assert len(packs) == len(STYLES)
    for pack in packs:
        why = {"reason": "As wanted.", "nevertheless": "A short search, only for this test."}
        post(reviewer, f"/packs/{pack}/decide/", verdict="approve", **why)
    return packs


def spoken_by(services: Services, voice: str) -> bool:
    answer = httpx.post(
        f"{services.speech}/v1/audio/speech",
        json={"model": "tts-1", "voice": voice, "input": "Hola.", "response_format": "wav"},
    )
    return answer.is_success and answer.headers["X-Voice"] == voice


def found(answer: httpx.Response) -> dict[str, Any] | None:
    return answer.json() if answer.is_success else None


def test_the_training_service_runs_the_pipeline_command() -> None:
    assert SERVICES["voice_distillation"]["profiles"] == ["training"]
    done = subprocess.run(
        command_of("voice_distillation"), cwd=REPOSITORY, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "--reference-audio" in done.stdout
