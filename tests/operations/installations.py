"""A filled installation for the tests of backup and restore, and its rows for comparison."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from corpus.files import sha256
from distillation import manifest
from distillation.models import Deployment, Heartbeat, StyleRun
from tests.distillation.factories import StyleRunFactory, approve, finished_run
from tests.factories import AdjudicationFactory, LabelFactory, PersonFactory, RecordingFactory
from voicelab.operations.archive import MANIFEST, SUMS, archive_members, archive_written
from voicelab.operations.audit import Act, act_record
from voicelab.operations.backup import NOT_KEPT
from voicelab.operations.backup_rows import Models, models_of

CHECKPOINT = "runs/checkpoint.npz"


def kept() -> Models:
    """Return the models whose rows a backup has."""
    models = models_of(apps).items()
    return {label: model for label, model in models if not label.startswith(NOT_KEPT)}


def rows() -> dict[str, list[dict[str, Any]]]:
    models = kept().items()
    return {label: list(model._base_manager.order_by("pk").values()) for label, model in models}


def installation_fill(media: Path, voices: Path) -> None:
    """Fill the database, the media and VOICES_DIR with some of everything people made."""
    ana: Any = PersonFactory(username="ana", roles=["admin"])
    TOTPDevice.objects.create(user=ana, name="phone")
    LabelFactory(person=ana)
    AdjudicationFactory()
    take: Any = RecordingFactory(checks=[{"code": "clipped", "é": None}], loudness_lufs=-23.5)
    for name in (take.wav.name, take.original.name):
        default_storage.save(name, ContentFile(f"sound of {name}".encode()))
    (media / ".half.new").write_bytes(b"being written")
    run: Any = finished_run("neutral")
    pack = run.style_runs.get().packs.get()
    approve(pack)
    place, voice = str(voices), voices / "neutral.pt"
    Deployment.objects.create(
        pack=pack, voice="neutral", state="deployed", version=1, place=place, sha256=pack.sha256,
        person=ana, test={"similarity": 0.5},
    )  # fmt: skip
    voices.mkdir()
    voice.write_bytes(b"a pack")
    deployed = manifest.ManifestVoice(file=voice.name, sha256=sha256(b"a pack"), engine="praat")
    manifest.write(voices, manifest.Manifest(default="neutral", voices={"neutral": deployed}))
    (voices / "tts.env").write_text(f"TTS_BACKEND=praat\nKOKORO_VOICE_PATH={voice}\n")
    working: Any = StyleRunFactory(
        state="running", lease="of a worker", checkpoint=CHECKPOINT,
        queued_at=timezone.now() - timedelta(minutes=1),
    )  # fmt: skip
    default_storage.save(CHECKPOINT, ContentFile(b"a search"))
    Heartbeat.objects.create(style_run=working, lease="of a worker", owner="elsewhere/1")
    act_record(Act.EXPORTED, person=ana, about="takes", takes=1)


def installation_empty() -> None:
    """Delete every row of the database, as in one that was just made."""
    with connection.cursor() as cursor:
        for model in models_of(apps).values():
            cursor.execute(f'DELETE FROM "{model._meta.db_table}"')  # noqa: S608


def at_work() -> list[tuple[str, Any]]:
    return list(StyleRun.objects.active().values_list("lease", "queued_at"))


def archive_change(file: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Write the archive anew with a changed manifest and the sums of it."""
    with archive_written(file.with_suffix(".new")) as again:
        for name, content in archive_members(file):
            data = content.read()
            if name == MANIFEST:
                told = json.loads(data)
            elif name != SUMS:
                again.add_bytes(name, data)
        change(told)
        again.finish(**told)
    file.with_suffix(".new").replace(file)
