"""Pages on 100,000 sentences and 1,000,000 takes in PostgreSQL: time and queries of each.

    python -m benchmarks.scale [--sentences 100000] [--takes 1000000] [--times 20] [--only WORD]
                               [--keep FOLDER]

Starts a PostgreSQL of its own, fills it by SQL, and asks for every list, search, count, export and
queue page as somebody of each role, in one process. With `--keep` the database stays in FOLDER and
the next call measures it again.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.shared import conditions_print
from tests.processes import manage, postgres

REPOSITORY = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sentences", type=int, default=100_000)
    parser.add_argument("--takes", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=20, help="requests for each page")
    parser.add_argument("--only", default="", help="only pages with this in their name or address")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where the database stays")
    options = parser.parse_args()
    conditions_print()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
        measure(options.keep, options)
        return
    with tempfile.TemporaryDirectory(prefix="voicelab-scale-") as folder:
        measure(Path(folder), options)


def measure(folder: Path, options: argparse.Namespace) -> None:
    folder.chmod(0o755)
    cluster = folder / "pg"
    cluster.mkdir(exist_ok=True)
    with postgres(cluster) as url:
        env = {
            "VOICELAB_DATA_DIR": str(folder / "data"),
            "DJANGO_SETTINGS_MODULE": "voicelab.settings",
            "DATABASE_URL": url,
        }
        manage("prepare", env=env)
        command = [sys.executable, "-m", "benchmarks.scale_pages"]
        for name in ("sentences", "takes", "times", "only"):
            command += [f"--{name}", str(getattr(options, name))]
        subprocess.run(command, cwd=REPOSITORY, env={**os.environ, **env}, check=True)


if __name__ == "__main__":
    main()
