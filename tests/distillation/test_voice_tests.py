"""The test of a deployed voice: what the speech service speaks, measured against the report."""

import errno
import json
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from corpus.audio.io import encode_wav, write_wav
from corpus.audio.loudness import amplify
from corpus.audio.types import Audio
from distillation.delivery import PLAIN
from distillation.models import Deployment
from distillation.services import deployments, voice_tests
from distillation.services.deployments import packs_deploy
from distillation.services.recovery import runs_recover
from distillation.services.run_files import media_path
from distillation.services.versions import voice_retire
from distillation.services.voice_tests import voice_test
from distillation.stages.evidence import embedding
from tests.distillation.speech_server import Server, serving
from tests.distillation.voices import HELD_OUT, say
from tests.distillation.web.test_deploying import LUZ, OTHER, approved
from tests.factories import PersonFactory
from tests.processes import free_port

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


@cache
def held_out() -> list[Audio]:
    return [say(text) for text in HELD_OUT]


@pytest.fixture
def deployment(settings: Settings, tmp_path: Path) -> Deployment:
    """A second version, of the voice that speaks `held_out`, in service and to be tested."""
    settings.VOICES_DIR = tmp_path / "voices"
    person = PersonFactory()
    packs_deploy(packs=[approved(OTHER)], person=person)
    pack = approved(LUZ)
    run = pack.style_run.run
    run.recipe["held_out_texts"] = list(HELD_OUT)
    run.save()
    style = run.report.data["styles"]["neutral"]
    style["evolved"] = {
        **style["evolved"], "durations_s": [audio.duration_s for audio in held_out()],
    }  # fmt: skip
    style["similarity"]["embeddings"] = [embedding(audio).tolist() for audio in held_out()]
    run.report.save()
    pack.style_run.target = f"runs/{run.pk}/reference_audio/neutral/target.wav"
    pack.style_run.save()
    write_wav(media_path(pack.style_run.target.name), say("Gracias por llamar a nuestro servicio."))
    return packs_deploy(packs=[pack], person=person, override="Un informe cambiado.")[0]


@pytest.fixture
def service(settings: Settings, deployment: Deployment) -> Iterator[Server]:
    """A speech service that speaks the longest sentence as the report says."""
    longest = max(held_out(), key=lambda audio: audio.duration_s)
    with serving((200, {}, encode_wav(longest))) as server:
        settings.SPEECH_URL = server.url
        server.listing = listing(deployment.sha256)
        yield server


def listing(sha256: str, engine: str = "praat", **delivery: float) -> bytes:
    voice = {"id": "neutral", "sha256": sha256, "engine": engine}
    return json.dumps({"voices": [voice | PLAIN.to_json() | delivery]}).encode()


def result_of(deployment: Deployment) -> tuple[str, str, str]:
    """Test it; return the deployment's state, and the test's with its reason."""
    voice_test(deployment_id=deployment.pk)
    deployment.refresh_from_db()
    return deployment.state, deployment.test["state"], deployment.test.get("why", "")


def test_a_voice_that_speaks_as_its_report_says_stays(
    deployment: Deployment, service: Server
) -> None:
    assert deployment.test["state"] == "asked"
    assert result_of(deployment) == ("deployed", "passed", "")
    expected = deployment.test["expected"]
    assert deployment.test["similarity"] > expected["threshold"]
    assert expected["similarity"] - expected["threshold"] >= 0.05
    [(path, _headers, body, _at)] = service.asked
    assert path == "/v1/audio/speech"
    longest = max(zip(held_out(), HELD_OUT, strict=True), key=lambda one: one[0].duration_s)
    assert (body["voice"], body["input"]) == ("neutral", longest[1])
    voice_test(deployment_id=deployment.pk)  # the message came twice
    assert len(service.asked) == 1


def test_the_same_pack_with_its_former_delivery_is_not_tested(
    deployment: Deployment, service: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voice_tests, "LOAD_SECONDS", 0.0)
    service.listing = listing(deployment.sha256, gain_db=3.0)
    assert result_of(deployment)[1:] == ("failed", "not_loaded")
    assert not service.asked


def test_a_lost_message_is_sent_again_and_two_workers_test_once(
    deployment: Deployment, service: Server, django_capture_on_commit_callbacks: Any
) -> None:
    def sent_by_recovery(asked_before_s: float, **more: Any) -> int:
        at = (timezone.now() - timedelta(seconds=asked_before_s)).isoformat()
        Deployment.objects.filter(pk=deployment.pk).update(
            test={"state": "asked", "at": at, **more}
        )
        with django_capture_on_commit_callbacks() as sent:
            runs_recover()
        return len(sent)

    assert sent_by_recovery(30) == 0  # it may still be in the queue
    assert sent_by_recovery(90) == 1
    assert sent_by_recovery(90, begun=True) == 0  # a worker is at it
    voice_test(deployment_id=deployment.pk)
    assert service.asked == []
    assert sent_by_recovery(400, begun=True) == 1  # that worker was killed
    assert result_of(deployment) == ("deployed", "passed", "")
    with django_capture_on_commit_callbacks() as sent:
        runs_recover()
    assert sent == []


@pytest.mark.parametrize("why", ["similarity", "length", "level", "refused", "no_sound"])
def test_otherwise_the_former_version_returns(
    deployment: Deployment, service: Server, why: str
) -> None:
    text = max(HELD_OUT, key=len)
    answers: dict[str, Any] = {
        "similarity": (200, {}, encode_wav(say(text, "pm_teo"))),
        "length": (200, {}, encode_wav(say("Buenos días, le atiende Marina."))),
        "level": (200, {}, encode_wav(amplify(say(text), -45.0))),
        "refused": (500, {}, b"broken"),
        "no_sound": (200, {}, b"RIFF, they say"),
    }
    service.answers[:] = [answers[why]]
    assert result_of(deployment) == ("returned", "failed", why)
    current = Deployment.objects.current().get()
    assert (current.action, current.version) == ("return", 1)
    assert current.test == {}  # what was in service before is not tested again


@pytest.fixture
def waiting_return(
    deployment: Deployment, service: Server, monkeypatch: pytest.MonkeyPatch
) -> Deployment:
    """The return of a voice that failed its test while the storage was full."""
    service.answers[:] = [(500, {}, b"broken")]

    def full(_rows: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(deployments, "_write", full)
        assert result_of(deployment) == ("deployed", "failed", "refused")
    assert "No space left" in deployment.test["stays"]
    back = Deployment.objects.get(action="return")
    assert back.state == "requested"
    return back


def test_a_return_that_waits_for_the_storage_is_noted_once_it_is_done(
    deployment: Deployment, waiting_return: Deployment
) -> None:
    deployments.deployments_execute([waiting_return.pk])
    deployment.refresh_from_db()
    assert (deployment.state, deployment.test["why"]) == ("returned", "refused")
    assert "stays" not in deployment.test
    assert Deployment.objects.current().get() == waiting_return


def test_a_person_may_retire_a_voice_whose_return_waits(
    deployment: Deployment, waiting_return: Deployment
) -> None:
    Deployment.objects.filter(pk=waiting_return.pk).update(state="failed")
    voice_retire(deployment=deployment, person=deployment.person)
    deployments.deployments_execute([Deployment.objects.get(action="retire").pk])
    deployment.refresh_from_db()
    assert deployment.state == "deployed"
    assert "No space left" in deployment.test["stays"]


def test_a_voice_that_is_not_loaded_or_not_answered_in_time_fails(
    deployment: Deployment, service: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voice_tests, "LOAD_SECONDS", 0.0)
    service.listing = listing("0" * 64)
    assert result_of(deployment) == ("returned", "failed", "not_loaded")


def test_silence_of_the_service_fails_too(
    deployment: Deployment, service: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voice_tests, "ANSWER_SECONDS", 0.2)
    service.answers[:] = [("hang", {}, 1.0)]
    assert result_of(deployment) == ("returned", "failed", "no_answer")


def test_without_a_service_the_voice_stands_untested(
    deployment: Deployment, settings: Settings
) -> None:
    settings.SPEECH_URL = f"http://127.0.0.1:{free_port()}"
    assert result_of(deployment) == ("deployed", "skipped", "unreachable")


def test_a_machine_that_does_not_answer_at_all_leaves_the_voice_untested(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectTimeout("no route")

    client = httpx.Client(base_url="http://away.invalid", transport=httpx.MockTransport(away))
    monkeypatch.setattr(voice_tests, "speech_client", lambda _timeout_s: client)
    assert result_of(deployment) == ("deployed", "skipped", "unreachable")


def test_what_is_no_fault_of_the_voice_does_not_end_it(
    deployment: Deployment, service: Server
) -> None:
    service.listing = listing(deployment.sha256, "kokoro").replace(b"neutral", b"other")
    assert result_of(deployment) == ("deployed", "skipped", "other_engine")
    Deployment.objects.update(test={"state": "asked", "at": timezone.now().isoformat()})
    media_path(deployment.pack.style_run.target.name).unlink()
    assert result_of(deployment) == ("deployed", "skipped", "no_target")
