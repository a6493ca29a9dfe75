"""Shared fixtures and hooks: one OpenMP thread, no silent skips in CI."""

import gc
import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import translation

from distillation.engines.kokoro.files import CONFIG, WEIGHTS
from tests.teacher import folder_with_f5

os.environ.setdefault("OMP_NUM_THREADS", "1")

append_only: Any = import_module("voicelab.operations.migrations.0002_append_only")

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    """Forget what other tests counted: row numbers begin again in each."""
    cache.clear()


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    """Begin in the language of the source; a request may switch, and would for all that follow."""
    with translation.override("en"):
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real voice packs and human speech; the test is skipped without it."""
    path = Path(os.environ.get("VOICELAB_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip("no folder of real packs and speech (VOICELAB_SHARED_DATA)")
    return path


@pytest.fixture(scope="session")
def real_kokoro_model() -> Path:
    """Folder of Kokoro's real weights; the test is skipped without them."""
    path = Path(os.environ.get("VOICELAB_MODELS", REPOSITORY / "var" / "models"))
    if not (path / WEIGHTS).is_file() or not (path / CONFIG).is_file():
        pytest.skip(f"no weights of Kokoro in {path}: `manage.py models pull kokoro`")
    return path


@pytest.fixture(scope="session")
def f5_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of tiny F5 models and prompts; skipped without the teacher's environment."""
    return folder_with_f5(tmp_path_factory.mktemp("f5") / "made")


@pytest.fixture(scope="session")
def store_address() -> Iterator[str]:
    """Address of a server of buckets in this process."""
    from tests.buckets import store  # moto takes a second to import

    with store() as address:
        yield address


def pytest_itemcollected(item: pytest.Item) -> None:
    """Run all tests of real weights on one xdist worker: they take GBs, and seconds to load."""
    if item.get_closest_marker("weights"):
        item.add_marker(pytest.mark.xdist_group("weights"))


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Collect garbage after tests of real weights: networks contain cycles of hundreds of MB."""
    if item.get_closest_marker("weights"):
        gc.collect()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the session if a test was skipped and VOICELAB_NO_SKIPS is set."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("VOICELAB_NO_SKIPS") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter.write_line("Tests were skipped, and here that is a failure:", red=True)
        for report in reporter.stats["skipped"]:
            reporter.write_line(f"  {report.nodeid}: {report.longrepr}")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Let the tests that empty all tables afterwards delete from the audit log, too."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for statement in append_only.OFF[connection.vendor]:
            cursor.execute(statement)
