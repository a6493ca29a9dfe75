"""Backup and restore: a filled installation comes back equal in an empty one, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from corpus.files import sha256
from corpus.models import LabelDecision, Sentence, StyleLabel
from corpus.services.labels import label_set
from distillation import manifest
from distillation.models import Deployment, Heartbeat, Run
from tests.distillation.factories import RunFactory
from tests.factories import PersonFactory
from tests.operations.installations import (
    CHECKPOINT,
    archive_change,
    at_work,
    installation_empty,
    installation_fill,
    rows,
)
from tests.processes import full_disk
from voicelab.operations import archive
from voicelab.operations.archive import MANIFEST
from voicelab.operations.audit import system_user
from voicelab.operations.models import AuditEntry

pytestmark = pytest.mark.django_db
Moved = Callable[[str], tuple[Path, Path]]


@pytest.fixture
def moved(settings: Settings, tmp_path: Path) -> Moved:
    """Move to another machine's empty folders of media and voices."""

    def move(name: str) -> tuple[Path, Path]:
        settings.MEDIA_ROOT, settings.VOICES_DIR = tmp_path / name, tmp_path / f"{name}-voices"
        settings.MEDIA_ROOT.mkdir()
        return settings.MEDIA_ROOT, settings.VOICES_DIR

    return move


@pytest.fixture
def made(moved: Moved, tmp_path: Path) -> Path:
    """A backup of an installation with an account and a file; both are gone afterwards."""
    moved("there")
    PersonFactory(username="ana")
    default_storage.save("a/b.wav", ContentFile(b"a take"))
    call_command("backup", tmp_path / "b.tar", verbosity=0)
    installation_empty()
    moved("here")
    return tmp_path / "b.tar"


def test_a_filled_installation_comes_back_equal_and_goes_on(moved: Moved, tmp_path: Path) -> None:
    media, voices = moved("there")
    installation_fill(media, voices)
    before, file = rows(), tmp_path / "backups" / "b.tar"
    call_command("backup", file)
    assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in file.parent.iterdir()] == ["b.tar"]
    recorded = acts_of(file)
    assert [one["act"] for one in recorded] == ["backed-up"]
    installation_empty()
    here, spoken = moved("here")
    default_storage.save(CHECKPOINT, ContentFile(b"a search"))  # left by an interrupted restore
    call_command("restore", file)
    ContentType.objects.clear_cache()
    assert at_work() == [("", None)]
    assert not Heartbeat.objects.exists()
    for row in before["distillation.stylerun"]:
        row |= {"lease": "", "queued_at": None}
    before["distillation.deployment"][0]["place"] = str(spoken)
    [restored] = acts_of(file)
    assert restored["details"].pop("made") < timezone.now().isoformat()
    assert restored == recorded[0] | {"act": "restored"}
    after = rows()
    assert after["operations.auditentry"].pop()["act"] == "restored"
    assert after == before
    files = {path.relative_to(media): path for path in media.rglob("[!.]*") if path.is_file()}
    assert len(files) == 3
    assert all((here / name).read_bytes() == path.read_bytes() for name, path in files.items())
    assert not list(here.rglob(".half*"))
    assert manifest.read(spoken) == manifest.read(voices)
    env = (spoken / "tts.env").read_text()
    assert env == f"TTS_BACKEND=praat\nKOKORO_VOICE_PATH={spoken}/neutral.pt\n"
    _goes_on()


def acts_of(file: Path) -> list[dict[str, Any]]:
    """Return what the audit log has of an archive, which is by whoever runs this and its hash."""
    found = AuditEntry.objects.filter(about=file.name, person=system_user())
    assert all(row.details["sha256"] == sha256(file.read_bytes()) for row in found)
    return list(found.values("act", "details"))


def _goes_on() -> None:
    """Pages show what was restored, and what is made next gets numbers of its own."""
    ana = User.objects.get(username="ana")
    client = Client(headers={"accept-language": "en"})
    client.force_login(ana)
    run, deployed = Run.objects.earliest("pk"), Deployment.objects.get()
    for page in (reverse("home"), reverse("run", args=[run.pk]), reverse("voices")):
        assert client.get(page, follow=True).status_code == 200
    assert deployed.state == "deployed"
    assert AuditEntry.objects.filter(act="exported", about="takes").exists()
    last = {model: model.objects.latest("pk").pk for model in (LabelDecision, Run)}
    sentence = Sentence.objects.latest("pk")
    assert (
        label_set(sentence=sentence, style=StyleLabel.objects.get(), person=ana).pk
        > last[LabelDecision]
    )
    new: Any = RunFactory()
    assert new.pk > last[Run]


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:30_000])


def cut_after_a_member(file: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: data.index(MANIFEST.encode() + bytes(20))])


def changed(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b"a take", b"A take"))


def of_the_future(file: Path) -> None:
    archive_change(file, lambda told: told["migrations"].update(corpus="9999_later"))


def of_the_past(file: Path) -> None:
    archive_change(file, lambda told: told["migrations"].update(operations="0002_append_only"))


def of_another_format(file: Path) -> None:
    archive_change(file, lambda told: told.update(format=archive.FORMAT + 1))


def no_archive(file: Path) -> None:
    file.write_bytes(b"PK" * 5000)


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (cut, "is cut off or damaged"),
        (cut_after_a_member, "is cut off or damaged"),
        (changed, "media/a/b.wav differs from its SHA-256"),
        (of_the_future, "corpus 9999_later, which this version of Voice Lab does not know"),
        (of_the_past, "of an older version, and the tables here are already"),
        (of_another_format, "has format 2, this version reads 1"),
        (no_archive, "no backup, or damaged"),
        (Path.unlink, "No such file"),
    ],
)
def test_an_archive_that_cannot_be_restored_is_refused_and_nothing_written(
    made: Path, settings: Settings, harm: Callable[[Path], object], says: str
) -> None:
    harm(made)
    with pytest.raises(CommandError, match=says):
        call_command("restore", made)
    assert not User.objects.exists()
    assert not list(settings.MEDIA_ROOT.iterdir())
    assert not settings.VOICES_DIR.exists()


def test_an_installation_that_holds_something_is_left_alone(made: Path) -> None:
    default_storage.save("a/b.wav", ContentFile(b"other"))
    with pytest.raises(CommandError, match=r"a/b\.wav is another file here"):
        call_command("restore", made)
    default_storage.delete("a/b.wav")
    PersonFactory(username="eva")
    with pytest.raises(CommandError, match="holds data already, in auth_user"):
        call_command("restore", made)
    assert list(User.objects.values_list("username", flat=True)) == ["eva"]


def test_a_full_disk_leaves_no_archive_and_a_backup_overwrites_none(
    moved: Moved, tmp_path: Path
) -> None:
    moved("there")
    folder = tmp_path / "backups"
    with full_disk(20_000), pytest.raises(CommandError, match=r"Nothing was kept of it"):
        call_command("backup", folder / "b.tar")
    assert not list(folder.iterdir())
    (folder / "b.tar").write_bytes(b"yesterday's")
    with pytest.raises(CommandError, match="is there already"):
        call_command("backup", folder / "b.tar")
    assert (folder / "b.tar").read_bytes() == b"yesterday's"


def test_a_search_whose_checkpoint_is_gone_is_named(moved: Moved, tmp_path: Path) -> None:
    media, voices = moved("there")
    installation_fill(media, voices)
    (media / "runs" / "checkpoint.npz").unlink()
    with pytest.raises(CommandError, match=r"The checkpoint runs/checkpoint\.npz"):
        call_command("backup", tmp_path / "b.tar")
    assert not (tmp_path / "b.tar").exists()
