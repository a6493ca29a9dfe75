"""Fixtures every test may use: threads on purpose, no silent skips in CI."""

import gc
import os
from pathlib import Path

import pytest

from distillation.engines.kokoro.student import CONFIG, WEIGHTS
from tests.teacher import folder_with_f5

os.environ.setdefault("OMP_NUM_THREADS", "1")

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real voice packs and human speech, where this machine has them."""
    path = Path(os.environ.get("VOICELAB_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip("no folder of real packs and speech (VOICELAB_SHARED_DATA)")
    return path


@pytest.fixture(scope="session")
def real_kokoro_model() -> Path:
    """Return the folder of Kokoro's real weights; the test skips where there are none."""
    path = Path(os.environ.get("VOICELAB_MODELS", REPOSITORY / "var" / "models"))
    if not (path / WEIGHTS).is_file() or not (path / CONFIG).is_file():
        pytest.skip(f"no weights of Kokoro in {path}: `manage.py models pull kokoro`")
    return path


@pytest.fixture(scope="session")
def f5_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiny F5 models and prompts; the test skips without the teacher's environment."""
    return folder_with_f5(tmp_path_factory.mktemp("f5") / "made")


def pytest_itemcollected(item: pytest.Item) -> None:
    """One worker takes all tests of real weights: they need GBs, and seconds to load."""
    if item.get_closest_marker("weights"):
        item.add_marker(pytest.mark.xdist_group("weights"))


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """A network that is done with holds itself and hundreds of MB."""
    if item.get_closest_marker("weights"):
        gc.collect()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where everything is installed (VOICELAB_NO_SKIPS), a skipped test is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("VOICELAB_NO_SKIPS") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter.write_line("Tests were skipped, and here that is a failure:", red=True)
        for report in reporter.stats["skipped"]:
            reporter.write_line(f"  {report.nodeid}: {report.longrepr}")
