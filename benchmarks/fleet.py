"""What 50 workers with 100 runs ask of one PostgreSQL and one Redis (`docs/benchmarks.md`).

    python -m benchmarks.fleet [--workers 50] [--runs 100]

Real servers on loopback, the rows of a busy installation, and the services' own functions, one at
a time: how long each takes, and what it costs PostgreSQL in processor time, which other work on the
machine changes less. No search runs. Then connections are opened until the server refuses one.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg

from benchmarks.shared import conditions_print
from tests.processes import accepts, free_port, manage, postgres, running, wait_for

REPOSITORY = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=50, help="of two processes each")
    parser.add_argument("--runs", type=int, default=100, help="of four styles each")
    asked = parser.parse_args()
    conditions_print()
    with tempfile.TemporaryDirectory(prefix="voicelab-fleet-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "cluster").mkdir()
        port = free_port()
        redis = ["redis-server", "--port", str(port), "--save", "", "--dir", name]
        with (
            postgres(folder / "cluster") as url,
            running(redis, log=folder / "redis.log"),
        ):
            wait_for("Redis", lambda: accepts(port), seconds=10)
            env = {
                "DATABASE_URL": url,
                "REDIS_URL": f"redis://127.0.0.1:{port}/0",
                "VOICELAB_DATA_DIR": str(folder / "data"),
                "DJANGO_SETTINGS_MODULE": "voicelab.settings",
                "LOG_LEVEL": "ERROR",
            }
            manage("prepare", env=env)
            work = [sys.executable, "-m", "benchmarks.fleet_work"]
            words = [*work, str(asked.workers), str(asked.runs), str(folder / "cluster")]
            subprocess.run(words, cwd=REPOSITORY, env={**os.environ, **env}, check=True)
            print(f"connections until PostgreSQL refuses one: {connections_there(url)}")


def connections_there(url: str) -> int:
    """Return how many connections the server takes besides those it has."""
    held: list[psycopg.Connection] = []
    try:
        while True:
            held.append(psycopg.connect(url.replace("postgres://", "postgresql://")))
    except psycopg.OperationalError:
        return len(held)
    finally:
        for connection in held:
            connection.close()


if __name__ == "__main__":
    main()
