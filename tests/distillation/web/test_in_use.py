"""Home, voices and launch form say which engine is in use and how to get the other."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from distillation.models import Deployment, VoicePack
from distillation.services.in_use import engines_in_use
from tests.distillation.factories import finished_run
from tests.factories import PersonFactory
from tests.web import words
from voicelab.roles import ADMIN, LABELER, REVIEWER, SPEAKER

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


@pytest.fixture(autouse=True)
def voices_dir(settings: Any, tmp_path: Path) -> Path:
    settings.VOICES_DIR = tmp_path / "voices"
    settings.VOICES_DIR.mkdir()
    return Path(settings.VOICES_DIR)


def shown(page: str, role: str = ADMIN) -> str:
    """Return a page's text about the engines, without markup; empty where there is none."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(PersonFactory(roles=[role]))
    html = words.joined(client.get(reverse(page)).content.decode())
    found = re.search(r'<div class="in-use">(.*?)</div></div>', html, re.DOTALL)
    return re.sub(r"<[^>]+>|\s+", " ", found[1]).replace("  ", " ") if found else ""


@pytest.mark.parametrize("page", ["home", "voices"])
def test_admins_and_reviewers_see_the_engines_in_use(page: str) -> None:
    assert all(shown(page, role) for role in (ADMIN, REVIEWER))
    assert not any(shown(page, role) for role in (LABELER, SPEAKER))


def test_without_kokoros_files_the_command_that_downloads_them_is_shown() -> None:
    for page in ("home", "voices"):
        assert "praat" in shown(page)
        assert "manage.py models pull kokoro" in shown(page)


@pytest.mark.usefixtures("kokoro_files")
def test_with_kokoros_files_search_and_speech_use_it_and_its_voices_are_shown(
    settings: Any,
) -> None:
    assert "starts with Kokoro" in shown("home")
    assert "pull" not in shown("home")
    assert "ef_dora, em_alex." in shown("voices")
    settings.STUDENT = "praat"
    assert "New runs use praat" in shown("home")


@pytest.mark.usefixtures("kokoro_files")
def test_a_deployment_overrides_the_files_and_the_environment_overrides_both(
    settings: Any, voices_dir: Path
) -> None:
    (voices_dir / "tts.env").write_text("TTS_BACKEND=praat\nKOKORO_VOICE_PATH=/x.pt\n")
    in_use = engines_in_use()
    assert (in_use.speech, in_use.speech_by, in_use.student) == ("praat", "deployed", "kokoro")
    assert "made for praat" in shown("voices")
    settings.TTS_BACKEND = "kokoro"
    in_use = engines_in_use()
    assert (in_use.speech, in_use.speech_by) == ("kokoro", "set")


def test_voices_of_another_engine_are_listed_as_unavailable(
    settings: Any, admin_client: Client, kokoro_files: Path
) -> None:
    run = finished_run("neutral")
    pack = VoicePack.objects.get(style_run__run=run)
    place = str(settings.VOICES_DIR)
    Deployment.objects.create(
        pack=pack, voice="neutral", place=place, sha256=pack.sha256, state="deployed",
        person=run.created_by,
    )  # fmt: skip
    answer: Any = admin_client.get(reverse("voices"))
    assert [row.voice for row in answer.context["unserved"]] == ["neutral"]
    assert '"voice": "ef_dora"' in answer.content.decode()
    (kokoro_files / "config.json").unlink()
    answer = admin_client.get(reverse("voices"))
    assert answer.context["unserved"] == []
    assert '"voice": "neutral"' in answer.content.decode()


def test_the_launch_form_preselects_the_default_and_mentions_the_other(
    settings: Any, admin_client: Client, kokoro_voices: Path
) -> None:
    def field() -> tuple[Any, str]:
        answer: Any = admin_client.get("/runs/launch/")
        form = answer.context["form"]
        return form["student"].value(), str(form.fields["student"].help_text)

    with translation.override("en"):
        student, hint = field()
        assert student == "praat"
        assert "models pull kokoro" in hint
        for name in ("config.json", "kokoro-v1_0.pth"):
            (kokoro_voices.parent / name).touch()
        student, hint = field()
        assert student == "kokoro"
        assert "pull" not in hint
        settings.STUDENT = "praat"
        student, hint = field()
        assert student == "praat"
        assert "STUDENT" in hint
