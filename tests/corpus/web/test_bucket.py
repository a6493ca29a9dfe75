"""Media in a bucket: stored whole, played in ranges, copied to where a worker needs a file."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from corpus.bucket import Bucket, address_of
from corpus.models import Recording
from corpus.services.take_files import files_sweep
from corpus.services.takes import batch_drop, batch_keep, batch_open, take_store
from corpus.storage import CLEAN_S, BucketFiles, room_fault, storage_fault
from corpus.storage import media as storage
from tests.buckets import bucket_url, keep_media_in, new_bucket
from tests.corpus.web.conftest import files_in, signed_in, wav
from tests.processes import free_port


@pytest.fixture
def bucket(store_address: str, settings: Any) -> Bucket:
    url = new_bucket(store_address)
    keep_media_in(settings, url)
    return Bucket(address_of(url), "media/")


@pytest.fixture
def away(settings: Any) -> None:
    keep_media_in(settings, bucket_url(f"http://127.0.0.1:{free_port()}", "gone"))


@pytest.mark.django_db
def test_a_take_is_kept_in_the_bucket_alone_and_played_in_ranges(
    bucket: Bucket, media: Path, sentence: Any, neutral: Any, speaker: Any
) -> None:
    whose = {"sentence": sentence, "style": neutral, "speaker": speaker}
    take = take_store(person=speaker.user, file=BytesIO(wav()), **whose)
    assert files_in(media) == []
    assert bucket.list("recordings") == ([], [Path(take.wav.name).name])
    content, client = bucket.get(str(take.wav.name)), signed_in(speaker.user)
    address = reverse("take_audio", args=[take.pk])
    whole: Any = client.get(address)
    assert b"".join(whole.streaming_content) == content
    assert whole["Content-Length"] == str(len(content))
    part: Any = client.get(address, headers={"range": "bytes=1000-300999"})
    assert part.status_code == 206
    assert b"".join(part.streaming_content) == content[1000:301000]
    assert part["Content-Range"].endswith(f"/{len(content)}")
    assert client.get(address, headers={"range": f"bytes={len(content)}-"}).status_code == 416


@pytest.mark.django_db
def test_what_was_abandoned_in_the_bucket_is_found_and_deleted(
    bucket: Bucket, speaker: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "shcc-01_neutral.wav").write_bytes(wav())
    archive = Path(shutil.make_archive(str(tmp_path / "takes"), "zip", tmp_path / "in"))
    with archive.open("rb") as file:
        token = batch_keep(person=speaker.user, file=file)
    with batch_open(person=speaker.user, token=token) as kept:
        assert kept.read() == archive.read_bytes()
    batch_drop(person=speaker.user)
    assert bucket.list("batches") == ([], [])
    storage.save("originals/without-a-take.bin", ContentFile(b"x"))
    assert files_sweep() == []
    monkeypatch.setattr("corpus.services.take_files._is_old", lambda *_: True)
    assert files_sweep() == ["originals/without-a-take.bin"]
    assert bucket.list("originals") == ([], [])


def test_a_copy_is_always_what_the_bucket_has_and_goes_when_it_is_not_used(
    bucket: Bucket, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put("runs/1/a.wav", b"first")
    path = storage.fetch("runs/1/a.wav")
    assert path.read_bytes() == b"first"
    path.write_bytes(b"other")
    assert storage.fetch("runs/1/a.wav").read_bytes() == b"first"
    bucket.put("runs/1/a.wav", b"second")
    assert storage.fetch("runs/1/a.wav").read_bytes() == b"second"
    bucket.delete("runs/1/a.wav")
    assert not storage.fetch("runs/1/a.wav").exists()
    bucket.put("recordings/gone.wav", b"of a person")
    bucket.put("recordings/used.wav", b"of another")
    gone, used = storage.fetch("recordings/gone.wav"), storage.fetch("recordings/used.wav")
    for path in (gone, used):
        os.utime(path, (0, time.time() - 3590))
    bucket.delete("recordings/gone.wav")  # by a machine that does not know of this one
    storage.fetch("recordings/used.wav")
    monkeypatch.setattr(BucketFiles, "_cleaned", -CLEAN_S)
    storage.copies_clean()
    assert gone.exists()
    os.utime(gone, (0, time.time() - 3610))
    storage.copies_clean()  # not again within five minutes
    assert gone.exists()
    monkeypatch.setattr(BucketFiles, "_cleaned", -CLEAN_S)
    storage.copies_clean()
    assert not gone.exists()
    assert used.exists()


def test_a_folder_is_published_and_fetched_as_it_is(bucket: Bucket, media: Path) -> None:
    folder = media / ".copies/runs/1/target"
    folder.mkdir(parents=True)
    for name in ("target.wav", "target-2.wav"):
        (folder / name).write_bytes(name.encode())
    storage.publish("runs/1/target")
    (folder / "target-2.wav").unlink()
    storage.publish("runs/1/target")
    assert bucket.list("runs/1/target") == ([], ["target.wav"])
    (folder / "target.wav").unlink()
    (folder / "of-a-lost-slice.wav").write_bytes(b"x")
    assert files_in(storage.fetch_folder("runs/1/target")) == ["target.wav"]


def test_media_of_before_are_uploaded_once(bucket: Bucket, media: Path) -> None:
    for name in ("originals/a.bin", "recordings/a.wav"):
        (media / name).parent.mkdir()
        (media / name).write_bytes(name.encode())
    told = StringIO()
    for _ in range(2):
        call_command("upload_media", stdout=told)
    assert told.getvalue() == "2 files copied, 0 were there.\n0 files copied, 2 were there.\n"
    assert bucket.get("originals/a.bin") == b"originals/a.bin"
    assert storage.fetch("recordings/a.wav").read_bytes() == b"recordings/a.wav"
    assert len(files_in(media)) == 3


@pytest.mark.django_db
def test_a_store_that_is_away_is_a_fault_of_the_storage(
    away: None, sentence: Any, neutral: Any, speaker: Any
) -> None:
    assert room_fault().code == "storage_unreachable"
    client = Client(raise_request_exception=False)
    client.force_login(speaker.user)
    whose = {"sentence": sentence.sentence_id, "style": neutral.key, "speaker": speaker.pk}
    take = {"uuid": str(uuid4()), "sha256": hashlib.sha256(wav()).hexdigest()}
    sound = SimpleUploadedFile("take.wav", wav())
    sent = client.post(reverse("studio_store"), {**whose, **take, "file": sound})
    assert sent.status_code == 507, sent.content.decode()
    assert not Recording.objects.exists()


def test_what_the_store_refuses_is_told_apart(
    store_address: str, bucket: Bucket, settings: Any
) -> None:
    with pytest.raises((FileExistsError, FileNotFoundError)):
        bucket.put("a", b"x", replaces='"another"')
    bucket.put("a", b"x", replaces="")
    with pytest.raises(FileExistsError):
        bucket.put("a", b"y", replaces="")
    bucket.put("a", b"y", replaces=bucket.stat("a").etag)
    assert bucket.get("a") == b"y"
    keep_media_in(settings, bucket_url(store_address, "never-made"))
    with pytest.raises(OSError, match="NoSuchBucket") as found:
        storage.save("a", ContentFile(b"x"))
    assert storage_fault(found.value).code == "storage_gone"


@pytest.mark.parametrize(
    "url", ["http://a:geheim@host/b", "s3://a:geheim@host", "s3://a@host/b", "s3://a:geheim@h:x/b"]
)
def test_a_wrong_address_is_refused_without_its_secret(url: str) -> None:
    with pytest.raises(ValueError, match="STORAGE_URL") as found:
        address_of(url)
    assert "geheim" not in str(found.value)
    assert "/secret" not in repr(address_of("s3://key:%2Fsecret@host/bucket"))
