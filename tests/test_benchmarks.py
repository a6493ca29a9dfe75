"""`python -m benchmarks` says what its parts are, and which it does not know."""

import subprocess
import sys

import pytest

from benchmarks.__main__ import ALONE, PARTS, asked, job
from tests.conftest import REPOSITORY


def test_help_lists_every_part_with_its_job() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--help"],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for part in PARTS + ALONE:
        assert len(job(part)) > 20
        assert f"  {part:<12} {job(part)}\n" in done.stdout


def test_without_a_name_all_run_but_the_long_one() -> None:
    assert asked([]) == list(PARTS)
    assert asked(["search", "convergence"]) == ["search", "convergence"]


def test_an_unknown_part_is_named(capsys) -> None:
    with pytest.raises(SystemExit):
        asked(["speech", "speach"])
    assert "no part speach; --help lists them" in capsys.readouterr().err


def test_every_command_of_the_folder_is_a_part() -> None:
    folder = REPOSITORY / "benchmarks"
    commands = {path.stem for path in folder.glob("[a-z]*.py")
                if f"python -m benchmarks.{path.stem}" in path.read_text()}  # fmt: skip
    assert commands <= {*PARTS, *ALONE}
