"""compose.yaml and the proxy: accepted by docker-compose, nothing left open, faults in words."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.conftest import REPOSITORY
from tests.processes import free_port, wait_for
from tests.servers.compose import COMPOSE, SERVICES, health_check_of, proxy
from voicelab import settings

ONCE = {"migrate", "voice_distillation"}  # end by themselves
UNITS = {"s": 1, "m": 60}
PROFILES = {profile for service in SERVICES.values() for profile in service.get("profiles", ())}
needs_caddy = pytest.mark.skipif(not shutil.which("caddy"), reason="caddy is not installed")


def seconds_of(duration: str) -> int:
    return int(duration[:-1]) * UNITS[duration[-1]]


@pytest.mark.skipif(not shutil.which("docker-compose"), reason="docker-compose is not installed")
def test_docker_compose_accepts_both_files_with_every_profile(tmp_path: Path) -> None:
    """It checks them against its schema and puts the values of .env in their places."""
    for name in ("compose.yaml", "compose.machines.yaml"):
        shutil.copy(REPOSITORY / name, tmp_path)
    (tmp_path / "proxy").mkdir()
    given = ("POSTGRES_PASSWORD=a", "REDIS_PASSWORD=b", "PRIVATE_ADDRESS=10.0.0.5")
    (tmp_path / ".env").write_text("\n".join(given))
    command = ["docker-compose", "-f", "compose.yaml", "-f", "compose.machines.yaml", "config"]
    env = {"PATH": os.environ["PATH"], "COMPOSE_PROFILES": ",".join(PROFILES)}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [name for name in SERVICES if f"\n  {name}:\n" not in done.stdout] == []
    assert "postgres://voicelab:a@db:5432/voicelab" in done.stdout
    assert "- 10.0.0.5:6379:6379/tcp" in done.stdout


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_limits_rights_and_a_log_that_ends(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "5"}
    assert service["mem_limit"]
    assert service["cpus"] <= 2
    assert service["restart"] == ("no" if name in ONCE else "unless-stopped")
    assert ("healthcheck" in service) == (name not in ONCE)
    if "build" in service:
        assert re.search(r"^USER \w+$", _dockerfile(service), re.MULTILINE)
        assert re.search(r"^FROM \S+:\d+\.\d+\S*$", _dockerfile(service), re.MULTILINE)
    else:
        assert service["user"] not in ("root", "0", "0:0")
        assert re.search(r":.*\d+[.-]\d+", service["image"])


def _dockerfile(service: dict[str, object]) -> str:
    build = service["build"]
    path = build.get("dockerfile") if isinstance(build, dict) else f"{build}/Dockerfile"
    return (REPOSITORY / str(path)).read_text()


def test_a_worker_is_given_longer_to_stop_than_its_slice_may_last() -> None:
    worker, teacher = SERVICES["worker"], SERVICES["teacher"]
    assert seconds_of(worker["stop_grace_period"]) > settings.SLICE_HARD_SECONDS
    slice_s = int(teacher["environment"]["SLICE_HARD_SECONDS"])
    assert seconds_of(teacher["stop_grace_period"]) > slice_s


def test_every_named_volume_and_network_is_declared() -> None:
    used = {volume.partition(":")[0] for service in SERVICES.values()
            for volume in service.get("volumes", ())}  # fmt: skip
    named = {volume for volume in used if re.fullmatch(r"\w+", volume)}
    assert named <= set(COMPOSE["volumes"])


def answer_of(client: httpx.Client, address: str) -> httpx.Response | None:
    """Return the answer, None before the proxy has made its certificate."""
    try:
        return client.get(address)
    except httpx.ConnectError:
        return None


@needs_caddy
@pytest.mark.parametrize("https", ["on", "off"])
def test_the_proxy_says_in_words_that_the_service_behind_it_is_away(
    https: str, tmp_path: Path
) -> None:
    with proxy(tmp_path, web=free_port(), speech=free_port(), https=https) as ports:
        secure = https == "on"
        scheme, inside = ("https", 8443) if secure else ("http", 8080)
        with httpx.Client(verify=False, timeout=5) as client:  # noqa: S501 (its own certificate)
            for port in (ports[inside], ports[8001]):
                address = f"{scheme}://127.0.0.1:{port}/"
                page = wait_for("the proxy", partial(answer_of, client, address), seconds=30)
                assert page.status_code == 502
                assert "no responde" in page.text
                assert page.headers["Retry-After"] == "30"
            if secure:
                plain = client.get(f"http://127.0.0.1:{ports[8080]}/label/?a=b")
                assert plain.headers["Location"] == "https://127.0.0.1/label/?a=b"
        assert subprocess.run(health_check_of("proxy", ports), capture_output=True).returncode == 0
