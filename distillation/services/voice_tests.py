"""Tests a voice at the speech service after its deployment; the former comes back if it fails."""

import logging
import math
import time
from datetime import datetime, timedelta
from typing import Any

import httpx
from django.conf import settings
from django.utils import timezone

from corpus.audio.io import decode
from corpus.audio.types import Audio, AudioError
from distillation.delivery import Delivery
from distillation.models import Deployment, VoicePack
from distillation.services.decisions import report_of
from distillation.services.errors import USER_FAULTS
from distillation.services.run_files import MediaWorkspace
from distillation.services.speech_client import speech_client
from distillation.services.versions import version_return
from distillation.stages.base import StageError
from distillation.stages.voice_test import VoiceTest

logger = logging.getLogger(__name__)

TEST_SECONDS = 240  # a worker's task is ended then
LOAD_SECONDS = 30.0  # the service looks for new voices every few seconds
ANSWER_SECONDS = 60.0
PAUSE_SECONDS = 0.5
BUSY = (429, 503)
BACK = (Deployment.Action.RETURN, Deployment.Action.RETIRE)
PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


class NotTested(Exception):
    """The voice cannot be tested, through no fault of its own; the argument is why, a code."""


class TestFailed(Exception):
    """The service does not speak with the voice as it should; the argument is why, a code."""


def voice_test(*, deployment_id: int) -> None:
    """Test a deployment that is in service and not tested yet; keep the result on its row."""
    rows = Deployment.objects.current().select_related("pack__style_run__run__report", "person")
    row = rows.filter(pk=deployment_id).first()
    if row is None or not _begin(row):
        return
    result = _tested(row) | {"at": timezone.now().isoformat()}
    logger.info("voice %s of deployment %d: test %s", row.voice, row.pk, result)
    if result["state"] == FAILED:
        _bring_back(row, result)
    else:
        Deployment.objects.filter(pk=row.pk).update(test=result)


def test_is_lost(row: Deployment, now: datetime) -> bool:
    """Whether the message of a test was lost, or the worker that began it."""
    least_s = TEST_SECONDS + 60 if "begun" in row.test else 0
    patience = timedelta(seconds=max(settings.REQUEUE_SECONDS, least_s))
    return datetime.fromisoformat(row.test["at"]) < now - patience


def _begin(row: Deployment) -> bool:
    """Take a test that was asked for; false if it is done or another worker is at it."""
    now, test = timezone.now(), row.test
    if test.get("state") != "asked" or ("begun" in test and not test_is_lost(row, now)):
        return False
    same = Deployment.objects.filter(pk=row.pk, test__state="asked", test__at=test["at"])
    return bool(same.update(test={"state": "asked", "at": now.isoformat(), "begun": True}))


def _bring_back(row: Deployment, result: dict[str, Any]) -> None:
    Deployment.objects.filter(pk=row.pk).update(test=result)
    try:
        version_return(deployment=row, reason=result)
    except USER_FAULTS as error:  # the voice stays; its page says both
        later = Deployment.objects.newer_than(row).filter(action__in=BACK)
        waiting = later.order_by("pk").values_list("pk", flat=True).first()
        failed = {**result, "stays": str(error), "return": waiting}
        Deployment.objects.filter(pk=row.pk).update(test=failed)


def _tested(row: Deployment) -> dict[str, Any]:
    style_run = row.pack.style_run
    try:
        report = report_of(style_run)
        test = VoiceTest(report, MediaWorkspace(style_run).target, row.delivery)
        wanted = test.expected
        text = style_run.run.recipe["held_out_texts"][wanted.number]
        answer = test.judge(_spoken(row, text))
    except NotTested as error:
        return {"state": SKIPPED, "why": str(error)}
    except TestFailed as error:
        return {"state": FAILED, "why": str(error)}
    except (StageError, AudioError, KeyError):
        return {"state": SKIPPED, "why": "no_target"}
    return {
        "state": FAILED if answer.fault else PASSED,
        "why": answer.fault,
        **answer.to_json(),
        "expected": {
            "similarity": wanted.similarity,
            "threshold": wanted.threshold,
            "duration_s": wanted.duration_s,
            "level_lufs": wanted.level_lufs,
        },
    }


def _spoken(row: Deployment, text: str) -> Audio:
    """Have the speech service speak a text with exactly this voice."""
    with speech_client(ANSWER_SECONDS) as service:
        try:
            voice_wait(service, row.pack, voice=row.voice, delivery=row.delivery)
            answer = _speech(service, row.voice, text)
        except httpx.ConnectTimeout as error:  # the service's machine is away, not its voice bad
            raise NotTested("unreachable") from error
        except httpx.TimeoutException as error:
            raise TestFailed("no_answer") from error
        except httpx.HTTPError as error:
            raise NotTested("unreachable") from error
    if answer.is_error:
        raise TestFailed("refused")
    try:
        return decode(answer.content)
    except AudioError as error:
        raise TestFailed("no_sound") from error


def voice_wait(
    service: httpx.Client,
    pack: VoicePack,
    *,
    voice: str,
    delivery: Delivery | None = None,
    until_up: bool = False,
) -> None:
    """Wait until the service lists this pack under this name, with this delivery if it is given.

    With `until_up` a service that is not there yet is waited for as well. Raises NotTested,
    TestFailed, or what httpx does.
    """
    deadline = time.monotonic() + LOAD_SECONDS
    while True:
        try:
            listed = _listed(service)
        except (httpx.ConnectError, NotTested):
            if not until_up or time.monotonic() > deadline:
                raise
            listed = []
        if any(_is_loaded(one, pack, voice, delivery) for one in listed):
            return
        if listed and all(one["engine"] != pack.engine for one in listed):
            raise NotTested("other_engine")
        if time.monotonic() > deadline:
            raise TestFailed("not_loaded")
        time.sleep(PAUSE_SECONDS)


def _is_loaded(
    listed: dict[str, Any], pack: VoicePack, voice: str, delivery: Delivery | None
) -> bool:
    if (listed["id"], listed["sha256"]) != (voice, pack.sha256):
        return False
    # The same pack may be deployed again with another delivery, and the service takes a second.
    wanted = delivery.to_json() if delivery else {}
    return all(math.isclose(listed[name], value, abs_tol=1e-4) for name, value in wanted.items())


def _listed(service: httpx.Client) -> list[dict[str, Any]]:
    answer = service.get("/v1/audio/voices")
    if answer.status_code in (401, 403):
        raise NotTested("no_key")
    if answer.is_error:
        raise NotTested("unreachable")
    try:
        return list(answer.json()["voices"])
    except (ValueError, KeyError, TypeError) as error:
        raise NotTested("unreachable") from error


def _speech(service: httpx.Client, voice: str, text: str) -> httpx.Response:
    """Ask for a sentence; again while the service is busy."""
    wanted = {"model": "tts-1", "voice": voice, "input": text, "response_format": "wav"}
    deadline = time.monotonic() + ANSWER_SECONDS
    while True:
        answer = service.post("/v1/audio/speech", json=wanted)
        if answer.status_code not in BUSY:
            return answer
        if time.monotonic() > deadline:
            raise NotTested("busy")
        time.sleep(PAUSE_SECONDS)
