"""Code structure statistics: how many files six common walks through the code pass.

    python -m benchmarks.walks [--folder CHECKOUT] [--list] [WALK ...]

A walk is the real code of a few tests, run under `walks_recorder.py`, from the first view, command
or service on. A file counts if one of its functions is called, other than while a module is
imported. Not counted: the kernels, which a reader takes as given (`KERNELS`), and the rows
(`ROWS`). A run is counted from the form or the command to the voice that its search found, and once
more with what follows: validation and deployment.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.shared import table_print

KERNELS = tuple(f"distillation/{name}/" for name in ("engines", "search", "scoring"))
KERNELS += tuple(f"corpus/{name}/" for name in ("audio", "text", "phonetics"))
ROWS = ("models.py", "querysets.py")  # and `distillation/models/`
_WEB = "tests/distillation/web"
WALKS = {
    "label": (
        "tests/corpus/web/test_labels.py::"
        "test_choosing_a_style_on_the_page_saves_it_and_returns_the_row",
    ),
    "upload": ("tests/corpus/web/test_takes.py::test_a_speaker_uploads_and_sees_the_take",),
    "web": (
        f"{_WEB}/test_launch.py::TestLaunch::test_an_admin_launches_a_run",
        "tests/distillation/test_services.py::TestWholeRun::"
        "test_every_stored_pack_has_a_sample_of_the_same_sentence",
    ),
    "command": (
        "tests/distillation/pipeline/test_run_pipeline.py::"
        "test_all_stages_run_end_to_end_and_a_second_run_repeats_no_work",
    ),
    "deploy": (f"{_WEB}/test_deploying.py::test_a_deployment_request_is_executed_once",),
    "speech": ("tests/tts/test_api.py::test_speech_has_the_requested_length_and_level",),
}
RECORDER = Path(__file__).with_name("walks_recorder.py")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("walk", nargs="*", choices=[*WALKS, []], metavar="WALK", help="all if none")
    parser.add_argument("--folder", type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument("--list", action="store_true", help="name the files, in the order of calls")
    options = parser.parse_args()
    rows = []
    for walk in options.walk or WALKS:
        passed, after = files_of(walk, options.folder.resolve())
        rows.append([walk, str(len(passed)), str(len(passed) + len(after)) if after else ""])
        if options.list:
            print("\n  ".join([f"{walk}:", *passed, *(f"{name} (after)" for name in after)]))
    table_print(("walk", "files", "with what follows"), rows)


def files_of(walk: str, folder: Path) -> tuple[list[str], list[str]]:
    """Return the files a walk passes, in the order of calls, and those passed after a search."""
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        command = [sys.executable, "-P", str(RECORDER), out.name, *WALKS[walk]]
        there = {**os.environ, "PYTHONPATH": str(folder)}
        done = subprocess.run(
            command, cwd=folder, env=there, capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.exit(f"{walk}: its tests ended with status {done.returncode}.\n{done.stdout}")
        record = json.load(out)
    files = record["files"]
    end = len(files) if record["searched"] is None else record["searched"]
    return list(filter(_counts, files[:end])), list(filter(_counts, files[end:]))


def _counts(name: str) -> bool:
    return not name.startswith((*KERNELS, "distillation/models/")) and Path(name).name not in ROWS


if __name__ == "__main__":
    main()
