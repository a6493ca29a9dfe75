"""Supported Python versions: pyproject.toml, the check of `make`, README and the images agree."""

import os
import re
import subprocess
import sys
import tomllib

import pytest

import python_version
from tests.conftest import REPOSITORY

RANGE = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["requires-python"]


def test_this_python_is_accepted() -> None:
    done = subprocess.run(
        [sys.executable, "python_version.py"], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("found", [(2, 7, 18), (3, 8, 18), (3, 10, 13), (3, 14, 0), (4, 0, 0)])
def test_another_python_is_refused_in_one_line(found, monkeypatch) -> None:
    monkeypatch.setattr(python_version.sys, "version_info", found)
    with pytest.raises(SystemExit) as refused:
        python_version.main()
    message = str(refused.value)
    assert "Python 3.11 to 3.13" in message
    assert f" is {found[0]}.{found[1]}." in message
    assert "make PYTHON=python3.11" in message
    assert "\n" not in message


@pytest.mark.parametrize("found", [(3, 11, 0), (3, 12, 1), (3, 13, 9)])
def test_three_python_versions_are_accepted(found, monkeypatch) -> None:
    monkeypatch.setattr(python_version.sys, "version_info", found)
    python_version.main()


def test_make_checks_the_version_before_it_downloads(tmp_path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\necho no: $*\nexit 1\n")
    old.chmod(0o755)
    for name in ("Makefile", "pyproject.toml", "constraints.txt", "requirements-nodeps.txt"):
        (tmp_path / name).write_bytes((REPOSITORY / name).read_bytes())
    outside = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(
        ["make", ".venv", f"PYTHON={old}"],
        cwd=tmp_path,
        env=outside,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stdout == "no: python_version.py\n"
    assert not (tmp_path / ".venv").exists()


def test_readme_and_images_name_the_same_versions() -> None:
    assert RANGE == ">=3.11,<3.14"
    readme = (REPOSITORY / "README.md").read_text()
    assert "Python 3.11, 3.12 or 3.13" in readme
    for name in ("Dockerfile", "Dockerfile.teacher"):
        images = re.findall(
            r"^FROM python:3\.(\d+)-", (REPOSITORY / name).read_text(), re.MULTILINE
        )
        assert images
        assert all(11 <= int(minor) < 14 for minor in images)
