"""Exports of takes: layouts, hashes, consent, and memory that does not grow."""

import csv
import hashlib
import io
import json
import subprocess
import tracemalloc
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone

from corpus.exporting import archive, take_name, takes_exported
from corpus.models import Recording
from tests.corpus.web.conftest import signed_in, wav
from tests.factories import (
    LabelFactory,
    ProsodyScoreFactory,
    RecordingFactory,
    SentenceFactory,
    SpeakerFactory,
)

pytestmark = pytest.mark.django_db


def accepted_take(content: bytes | None = None, **changes: Any) -> Recording:
    """Create an accepted take with its file, without measuring it."""
    content = content or wav()
    take = RecordingFactory.create(
        **{"state": "accepted", "sha256": hashlib.sha256(content).hexdigest()} | changes
    )
    take.wav.save("take.wav", ContentFile(content))
    return take


def download(client: Any, **query: str) -> ZipFile:
    answer = client.get(reverse("takes_export"), query)
    assert answer.status_code == 200, answer.context["form"].errors
    assert answer["Content-Type"] == "application/zip"
    return ZipFile(io.BytesIO(b"".join(answer.streaming_content)))


@pytest.fixture
def client(reviewer):
    return signed_in(reviewer)


def test_the_ljspeech_layout_has_a_row_and_a_wav_for_every_take(client, neutral, speaker):
    texts = ["¿Qué | tal?", '"Hola", dijo; "son 25 €', "Una «cita», sola."]
    takes = [
        accepted_take(sentence=SentenceFactory(text=text), style=neutral, speaker=speaker)
        for text in texts
    ]
    zip_ = download(client, layout="ljspeech")
    rows = list(csv.reader(zip_.read("metadata.csv").decode().splitlines(), delimiter="|"))
    assert [row[0] for row in rows] == [take_name(take) for take in takes]
    assert [row[1:] for row in rows] == [
        ["¿Qué tal?", "¿Qué tal?"],
        ["«Hola», dijo; son 25 €", "«Hola», dijo; son veinticinco euros"],
        ["Una «cita», sola.", "Una «cita», sola."],
    ]
    assert all(zip_.read(f"wavs/{row[0]}.wav") == wav() for row in rows)


def test_the_audio_folder_layout_has_the_metadata_of_each_file(client, warm):
    take = accepted_take(style=warm)
    ProsodyScoreFactory(recording=take, quality=0.71)
    zip_ = download(client, layout="audiofolder")
    row = json.loads(zip_.read("metadata.jsonl"))
    assert zip_.read(row["file_name"]) == wav()
    assert (row["text"], row["style"], row["quality"]) == (take.sentence.text, "amable", 0.71)
    assert row["sha256"] == hashlib.sha256(zip_.read(row["file_name"])).hexdigest()


def test_the_exchange_layout_is_imported_with_its_audio(client, neutral, sentence):
    LabelFactory(sentence=sentence, style=neutral)
    accepted_take(sentence=sentence, style=neutral)
    zip_ = download(client, layout="exchange")
    assert {"corpus.json", "recordings/shcc-01_neutral.wav"} < set(zip_.namelist())


def test_the_exchange_layout_contains_only_the_selection(client, neutral, warm, speaker):
    sentences = SentenceFactory.create_batch(3)
    for sentence, style in zip(sentences, (neutral, warm, warm), strict=True):
        LabelFactory(sentence=sentence, style=style)
    accepted_take(sentence=sentences[0], style=neutral, speaker=speaker)
    accepted_take(sentence=sentences[1], style=warm)
    accepted_take(sentence=sentences[2], style=warm, speaker=speaker, state="pending")
    every = [sentence.sentence_id for sentence in sentences]
    for query, there in (
        ({}, every[:2]),
        ({"style": "amable"}, every[1:2]),
        ({"speaker": str(speaker.pk)}, every[:1]),
        ({"style": "amable", "every": "on"}, every[1:]),
    ):
        zip_ = download(client, layout="exchange", **query)
        items = json.loads(zip_.read("corpus.json"))
        assert [item["sentence_id"] for item in items] == every
        named = [item["recording"]["path"] for item in items if item.get("recording")]
        assert [path.split("/")[1].split("_")[0] for path in named] == there
        assert set(named) == {name for name in zip_.namelist() if name.endswith(".wav")}


@pytest.mark.parametrize("layout", ["ljspeech", "audiofolder", "exchange"])
def test_sha256sum_accepts_every_archive(layout, client, neutral, sentence, tmp_path):
    LabelFactory(sentence=sentence, style=neutral)
    accepted_take(sentence=sentence, style=neutral)
    download(client, layout=layout).extractall(tmp_path)
    command = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(": OK") == 3 + (layout == "exchange")


def test_only_the_selection_with_consent_is_exported(client, neutral, warm, speaker):
    mine = accepted_take(style=neutral, speaker=speaker)
    warm_one = accepted_take(style=warm)
    waiting = accepted_take(style=warm, state="pending")
    accepted_take(style=warm, state="rejected")
    accepted_take(speaker=SpeakerFactory(withdrawn_at=timezone.now()))
    accepted_take(speaker=SpeakerFactory(consented_at=None))
    for query, there in (
        ({}, [mine, warm_one]),
        ({"style": "amable"}, [warm_one]),
        ({"speaker": str(speaker.pk)}, [mine]),
        ({"style": "amable", "every": "on"}, [warm_one, waiting]),
    ):
        names = download(client, layout="ljspeech", **query).namelist()
        assert names[:-3] == [f"wavs/{take_name(take)}.wav" for take in there]


def test_a_missing_or_changed_file_is_left_out_and_reported(client, neutral):
    gone, changed, good = accepted_take(), accepted_take(), accepted_take()
    gone.wav.storage.delete(gone.wav.name)
    with changed.wav.storage.open(changed.wav.name, "wb") as file:
        file.write(b"other")
    zip_ = download(client, layout="audiofolder")
    left_out = zip_.read("LEFT_OUT.txt").decode()
    assert take_name(gone) in left_out
    assert take_name(changed) in left_out
    row = json.loads(zip_.read("metadata.jsonl"))
    assert row["file_name"] == f"audio/take-{good.pk:06}.wav"


def test_an_empty_selection_and_invalid_input_are_reported(client):
    assert client.get(reverse("takes_export")).status_code == 200
    assert client.get(reverse("takes_export"), {"layout": "ljspeech"}).status_code == 422
    assert client.get(reverse("takes_export"), {"layout": "exe"}).status_code == 422


def test_memory_does_not_grow_with_the_archive(neutral, sentence, speaker):
    content = bytes(300_000)
    first = accepted_take(content, sentence=sentence, style=neutral, speaker=speaker)
    same = {"wav": first.wav.name, "sha256": first.sha256, "sentence": sentence, "style": neutral}
    RecordingFactory.create_batch(150, speaker=speaker, state="accepted", **same)
    tracemalloc.start()
    sent = sum(len(piece) for piece in archive(takes_exported(), "audiofolder"))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sent > 150 * len(content)
    assert peak < 6 * 2**20
