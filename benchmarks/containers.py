"""compose.yaml's own services as podman's containers: do they start, answer, and stop?

    .venv/bin/python -m benchmarks.containers

As an ordinary user (with lines in /etc/subuid and /etc/subgid) or as root; where control groups are
of version 1, limits of memory and processors bind only what root starts. Needs podman, runc,
mmdebstrap and for users uidmap (Debian's packages); the user must be able to read this environment
and its Python. The base is made of Debian's packages, since no registry of images may be at hand;
the packages of Python are this environment's, mounted for reading. Data is SQLite in a volume,
ports are on loopback. Rights, limits, read-only files, commands and health checks are those of
compose.yaml; the proxy, PostgreSQL, Redis and the images' `pip install` are not part of it.
Everything made is removed, but for the image of the base.
"""

from __future__ import annotations

import argparse
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from tests.servers.compose import with_defaults

REPOSITORY = Path(__file__).resolve().parent.parent
BASE, IMAGE = "voicelab-base:bookworm", "voicelab-trial"
SERVICES = ("web", "tts", "worker")
PORTS = {"8000": "8830", "8001": "8831", "8100": "8832"}
KEY = secrets.token_hex(32)
LIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024")
DOCKERFILE = f"""FROM {BASE}
RUN useradd --uid 1000 --create-home voicelab && chmod 755 /root
RUN mkdir /data && chown voicelab /data
COPY . /app
USER voicelab
WORKDIR /app
ENV VOICELAB_DATA_DIR=/data OMP_NUM_THREADS=1 PYTHONUNBUFFERED=1 PYTHONPATH=/app PRODUCTION=on
"""


def main() -> None:
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        image_make(Path(folder))
    services = yaml.safe_load((REPOSITORY / "compose.yaml").read_text())["services"]
    try:
        start("migrate", services["migrate"], detached=False)
        print("migrate ended with 0")
        for name in SERVICES:
            start(name, services[name], detached=True)
        for name in SERVICES:
            seconds = seconds_until_healthy(name, services[name]["healthcheck"]["test"][1:])
            refused = run("podman", "exec", _container(name), "touch", "/app/x", check=False)
            assert "Read-only file system" in refused.stderr, refused
            print(f"{name} healthy after {seconds:.0f} s, its files are read-only")
        for name in SERVICES:
            began = time.monotonic()
            run("podman", "stop", "--time", "60", _container(name))
            print(f"{name} stopped within {time.monotonic() - began:.0f} s")
    finally:
        run(
            "podman",
            "rm",
            "--force",
            "--volumes",
            *map(_container, ("migrate", *SERVICES)),
            check=False,
        )
        run("podman", "volume", "rm", "voicelab-trial", check=False)


def image_make(folder: Path) -> None:
    """Make the base, unless it is there, and on it the image with the committed code."""
    if run("podman", "image", "exists", BASE, check=False).returncode:
        packages = "--include=python3,ca-certificates"
        run("mmdebstrap", "--variant=minbase", packages, "bookworm", str(folder / "base.tar"))
        run("podman", "import", str(folder / "base.tar"), BASE)
    context = folder / "context"
    context.mkdir()
    run("git", "archive", "--output", str(folder / "code.tar"), "HEAD")
    run("tar", "-xf", str(folder / "code.tar"), "-C", str(context))
    (context / "Dockerfile.trial").write_text(DOCKERFILE)
    file = str(context / "Dockerfile.trial")
    run("podman", "build", "-q", "--isolation", "chroot", "-f", file, "-t", IMAGE, str(context))


def start(name: str, service: dict[str, Any], *, detached: bool) -> None:
    """Run a service with the rights and limits that compose.yaml gives it."""
    options = ["--name", _container(name), "--replace", "--runtime", "runc", "--network", "host"]
    options += ["--read-only", "--read-only-tmpfs=false", "--init", "--user", service["user"]]
    options += [f"--cap-drop={one}" for one in service["cap_drop"]]
    options += [f"--security-opt={one.partition(':')[0]}" for one in service["security_opt"]]
    options += ["--memory", with_defaults(service["mem_limit"])]
    options += ["--cpus", str(service["cpus"]), "--pids-limit", str(service["pids_limit"])]
    options += [f"--tmpfs={path}" for path in service.get("tmpfs", ())]
    options += [f"--volume={path}" for path in service["volumes"] if path == "/tmp"]  # noqa: S108
    mounts = [f"--volume={path}:{path}:ro" for path in {sys.prefix, sys.base_prefix}]
    options += ["--volume=voicelab-trial:/data", *mounts, *LIMITS]
    options += [f"--env={key}={value}" for key, value in environment(service).items()]
    way = ["--detach"] if detached else []
    run("podman", "run", *way, *options, IMAGE, *map(_here, service["command"]))


def environment(service: dict[str, Any]) -> dict[str, str]:
    """Return the service's variables, without those that name other containers."""
    given = {key: value for key, value in service["environment"].items() if "$" not in value}
    here = {
        "PATH": f"{sys.prefix}/bin:/usr/bin:/bin",
        "SECRET_KEY": KEY,
        "TTS_API_KEYS": KEY,
        "HTTPS": "off",
        "SPEECH_HOST": "127.0.0.1",
        "SPEECH_PORT": PORTS["8001"],
        "WORKER_PORT": PORTS["8100"],
    }
    return given | here


def seconds_until_healthy(name: str, check: list[str], patience_s: float = 180) -> float:
    began = time.monotonic()
    command = ["podman", "exec", _container(name), *map(_here, check)]
    while (done := run(*command, check=False)).returncode:
        if time.monotonic() - began > patience_s:
            log = run("podman", "logs", _container(name), check=False)
            sys.exit(f"{name} is not healthy: {done.stderr}\n{log.stdout}{log.stderr}")
        time.sleep(1)
    return time.monotonic() - began


def run(*command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    if check and done.returncode:
        sys.exit(f"{' '.join(command[:3])}: {done.stdout}{done.stderr}")
    return done


def _container(name: str) -> str:
    return f"voicelab-trial-{name}"


def _here(word: str) -> str:
    word = with_defaults(word)
    for inside, here in PORTS.items():
        word = word.replace(f":{inside}", f":{here}")
    return word.replace("0.0.0.0", "127.0.0.1")  # noqa: S104


if __name__ == "__main__":
    main()
