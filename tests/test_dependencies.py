"""What the code imports is declared in pyproject.toml and pinned in constraints.txt."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires
from pathlib import Path

from packaging.requirements import Requirement

from distillation.engines.f5.files import VERSION
from tests.conftest import REPOSITORY

OURS = {"voicelab", "corpus", "distillation", "tests", "benchmarks"}
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]


def names(requirements: list[str]) -> set[str]:
    return {normal(re.match(r"[\w.-]+", one)[0]) for one in requirements}  # type: ignore[index]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(*folders: str) -> set[str]:
    """Return the distributions imported by the code of these folders."""
    found = packages_distributions()
    modules = {name for folder in folders for path in (REPOSITORY / folder).rglob("*.py")
               for name in modules_of(path)}  # fmt: skip
    foreign = modules - OURS - set(sys.stdlib_module_names)
    return {normal(found[module][0]) for module in foreign if module in found}


def modules_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def unbound() -> set[str]:
    """Return the packages installed without their dependencies."""
    return set(pins("requirements-nodeps.txt"))


def test_imports_of_the_product_are_declared() -> None:
    declared = names(PROJECT["dependencies"]) | unbound()
    assert imported("voicelab", "corpus", "distillation") - declared == set()


def test_imports_of_tests_and_benchmarks_are_declared() -> None:
    extra = names(PROJECT["optional-dependencies"]["dev"])
    declared = names(PROJECT["dependencies"]) | extra | unbound()
    assert imported("tests", "benchmarks") - declared == set()


def test_every_declared_dependency_is_pinned() -> None:
    pinned = names((REPOSITORY / "constraints.txt").read_text().split())
    declared = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]
    assert names(declared) - pinned == set()


def pins(name: str) -> dict[str, str]:
    """Return the versions that a file of requirements fixes."""
    lines = (REPOSITORY / name).read_text().splitlines()
    found = (re.match(r"([\w.-]+)==(\S+)", line) for line in lines)
    return {normal(one[1]): one[2] for one in found if one}


def test_dependencies_of_packages_installed_without_them_are_declared() -> None:
    declared = names(PROJECT["dependencies"]) | unbound()
    allowed = {"torchaudio", "webrtcvad", "typing", "spacy-curated-transformers", "onnxruntime"}
    wanted = {normal(one) for name in unbound() for one in needs(name)}
    assert wanted - declared <= allowed


def needs(name: str) -> Iterator[str]:
    """Return what a distribution declares, with the extra `en` that kokoro asks of misaki."""
    for one in map(Requirement, requires(name) or ()):
        if not one.marker or one.marker.evaluate({"extra": "en"}):
            yield one.name


def test_the_teachers_environment_is_ours_with_another_torch_and_f5() -> None:
    here = pins("constraints.txt") | pins("requirements-nodeps.txt")
    there = pins("requirements-teacher.txt")
    assert names(PROJECT["dependencies"]) | unbound() | {"f5-tts", "torchaudio"} <= set(there)
    other = {name for name, version in there.items() if here.get(name, version) != version}
    assert other == {"torch"}
    assert there["f5-tts"] == VERSION


def test_the_teachers_image_is_that_environment() -> None:
    made = (REPOSITORY / "Dockerfile.teacher").read_text()
    assert "--no-deps --require-hashes -r locks/teacher.txt" in made
    assert pins("locks/teacher.txt").items() <= pins("requirements-teacher.txt").items()
    assert ".venv-*" in (REPOSITORY / ".dockerignore").read_text()


def test_images_install_the_pinned_versions_by_their_hashes() -> None:
    made = (REPOSITORY / "Dockerfile").read_text()
    assert "--require-hashes -r locks/app.txt -r locks/nodeps.txt" in made
    locked, here = pins("locks/app.txt"), pins("constraints.txt")
    assert names(PROJECT["dependencies"]) <= set(locked), "make lock"
    assert {name: here.get(name, of) for name, of in locked.items()} == locked, "make lock"
    assert pins("locks/nodeps.txt") == pins("requirements-nodeps.txt")
    for lock in ("app", "nodeps", "teacher"):
        text = (REPOSITORY / "locks" / f"{lock}.txt").read_text()
        assert len(re.findall(r"== *\S+ \\\n +--hash=sha256:", text)) == text.count("==")
