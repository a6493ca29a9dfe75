"""Exports for training: one sample rate, no split by a name, a card; and back without a loss."""

import io
import json
import os
import subprocess
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import yaml
from django.core.management import CommandError, call_command

from corpus.audio.io import decode
from corpus.exporting import archive, rates_of, takes_exported
from corpus.models import (
    Category,
    ConsentChange,
    ProsodyScore,
    Recording,
    Sentence,
    Speaker,
    StyleLabel,
)
from corpus.services.speakers import consent_give
from corpus.services.takes import take_store
from corpus.services.verdicts import take_judge
from tests.conftest import REPOSITORY
from tests.corpus.web.conftest import signed_in, wav
from tests.corpus.web.test_exports import accepted_take, download
from tests.factories import (
    LabelFactory,
    PersonFactory,
    SentenceFactory,
    SpeakerFactory,
    StyleFactory,
)

pytestmark = pytest.mark.django_db

# What `.venv-datasets` runs: every row of an audio folder, its sound decoded (by soundfile, since
# the loader's own decoders are librosa or torchcodec: 300 MB more).
LOADER = """
import json, sys, soundfile
from datasets import Audio, load_dataset
found = load_dataset("audiofolder", data_dir=sys.argv[1])
found = found.cast_column("audio", Audio(decode=False))
rows = [row | {"split": split} for split, rows in found.items() for row in rows]
for row in rows:
    sound, row["rate"] = soundfile.read(row.pop("audio")["path"])
    row["samples"] = len(sound)
print(json.dumps(rows))
"""


def loaded(folder: Path, home: Path) -> list[dict[str, Any]]:
    """Return the rows that Hugging Face's loader makes of a folder, offline."""
    path = REPOSITORY / ".venv-datasets" / "bin" / "python"
    if not path.exists():
        pytest.skip("no environment of Hugging Face's datasets: `make datasets`")
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "HF_HOME": str(home)}
    done = subprocess.run(
        [path, "-c", LOADER, folder],
        env=env | {"HF_HUB_OFFLINE": "1", "HF_DATASETS_CACHE": str(home / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return list(json.loads(done.stdout))


def unpacked(layout: str, folder: Path, rate: int = 0) -> Path:
    content = b"".join(archive(takes_exported(), layout, rate=rate))
    ZipFile(io.BytesIO(content)).extractall(folder)
    return folder


def card_of(folder: Path) -> tuple[dict[str, Any], str]:
    _empty, head, text = (folder / "README.md").read_text("utf-8").split("---\n", 2)
    return yaml.safe_load(head), text


def test_the_loader_of_hugging_face_reads_every_row_as_it_was_stored(tmp_path: Path) -> None:
    texts = ('Dijo: "¿train, test?"', "Una línea,\ny otra; 'dev'", "NA", "2026-11-29", "null, nan")
    names = ("001", "test-01", "dev_03", "train", "valid")
    speakers = ("NA", "train", "test, valid", 'Eva "dev" Núñez', "1")
    styles = ("eval", "test", "train", "eval", "neutral")
    rates = (24_000, 24_000, 24_000, 16_000, 24_000)
    takes = [
        accepted_take(
            wav(sr=sr),
            sr=sr,
            sentence=SentenceFactory(sentence_id=name, text=text, list="0007"),
            style=StyleFactory(key=key),
            speaker=SpeakerFactory(name=speaker),
            quality=0.5 if name == "dev_03" else None,
        )
        for text, name, speaker, key, sr in zip(texts, names, speakers, styles, rates, strict=True)
    ]
    folder = unpacked("audiofolder", tmp_path / "set")
    head, _text = card_of(folder)
    [config] = head["configs"]
    [split] = config["data_files"]
    named = {path for pattern in split["path"] for path in folder.glob(pattern)}
    assert named == {folder / "metadata.jsonl", *(folder / "audio").iterdir()}
    rows = loaded(folder, tmp_path / "home")
    assert [(row["split"], row["text"], row["sentence_id"], row["speaker"]) for row in rows] == [
        ("train", *row) for row in zip(texts, names, speakers, strict=True)
    ]
    assert [(row["style"], row["quality"]) for row in rows] == [
        (take.style.key, take.quality) for take in takes
    ]
    assert {row["list"] for row in rows} == {"0007"}
    long = decode(wav()).y.size
    assert {(row["rate"], row["samples"], row["take"]) for row in rows} == {
        (24_000, long, take.take) for take in takes
    }


def test_a_set_has_one_sample_rate(reviewer: Any, tmp_path: Path) -> None:
    for rate in (16_000, 24_000, 24_000):
        accepted_take(wav(sr=rate), sr=rate)
    assert rates_of(takes_exported()) == {24_000: 2, 16_000: 1}
    for query, wanted in (({}, 24_000), ({"rate": "22050"}, 22_050)):
        for layout in ("ljspeech", "audiofolder"):
            zip_ = download(signed_in(reviewer), layout=layout, **query)
            sounds = [zip_.read(name) for name in zip_.namelist() if name.endswith(".wav")]
            assert [decode(sound).sr for sound in sounds] == [wanted] * 3
        rows = [json.loads(row) for row in zip_.read("metadata.jsonl").splitlines()]
        assert {row["sample_rate"] for row in rows} == {wanted}
    unpacked("ljspeech", tmp_path)
    assert "1 take resampled from 16000 Hz" in card_of(tmp_path)[1]


def test_the_card_has_counts_licence_and_consent(neutral: Any, tmp_path: Path) -> None:
    ana = SpeakerFactory(name="Ana | Núñez", consent_text="Sí.\nA todo.", consent_scope="cloning")
    for _take in range(2):
        accepted_take(speaker=ana, style=neutral, duration_s=30.0)
    for layout in ("ljspeech", "audiofolder", "exchange"):
        head, text = card_of(unpacked(layout, tmp_path / layout))
        assert (head["license"], head["language"]) == ("other", ["es"])
    head, text = card_of(tmp_path / "ljspeech")
    assert "| Ana / Núñez | neutral | 2 | 1.0 |" in text
    assert "scope: cloning.\n\n> Sí.\n> A todo." in text


@pytest.fixture
def installation(neutral: Any, warm: Any) -> Any:
    """Three measured takes of two people, in a list and a style of one's own; Ana labels."""
    ana = PersonFactory(username="ana", roles=["labeler", "reviewer"])
    speakers = [consent_give(person=PersonFactory(), text="Sí, a todo.") for _n in range(2)]
    for n, (style, speaker) in enumerate(
        ((neutral, speakers[0]), (warm, speakers[0]), (warm, speakers[1]))
    ):
        sentence = SentenceFactory(sentence_id=f"own-{n}", list="own_list", kind="greeting")
        LabelFactory(sentence=sentence, style=style, person=ana)
        sound = io.BytesIO(wav(f0_hz=150.0 + 30 * n))
        take = take_store(sentence=sentence, style=style, speaker=speaker, person=ana, file=sound)
        take_judge(recording=take, person=ana, state="accepted")
    SentenceFactory(sentence_id="own-9", list="own_list")
    return ana


def emptied() -> None:
    for model in (ProsodyScore, Recording, ConsentChange, Speaker, Sentence, StyleLabel, Category):
        model.objects.all().delete()


def test_an_export_gives_an_empty_installation_the_same_data(
    installation: Any, tmp_path: Path
) -> None:
    first = unpacked("exchange", tmp_path / "first")
    emptied()
    call_command("import_corpus", first / "corpus.json", person="ana")
    second = unpacked("exchange", tmp_path / "second")
    files = {path.relative_to(first) for path in first.rglob("*") if path.is_file()}
    assert files == {path.relative_to(second) for path in second.rglob("*") if path.is_file()}
    assert len(files) == 3 + 4
    for path in files:
        assert (first / path).read_bytes() == (second / path).read_bytes(), path
    assert Speaker.objects.count() == ConsentChange.objects.count() == 2
    call_command("import_corpus", first / "corpus.json", person="ana")
    assert Recording.objects.count() == 3


@pytest.mark.parametrize("damage", ["context", "state", "sound"])
def test_a_damaged_export_is_refused_whole(damage: str, installation: Any, tmp_path: Path) -> None:
    folder = unpacked("exchange", tmp_path)
    emptied()
    context = json.loads((folder / "context.json").read_text("utf-8"))
    if damage == "sound":
        (folder / "recordings" / "own-2_amable.wav").write_bytes(wav(f0_hz=99.0))
    else:
        path, take = context["takes"].popitem()
        context["takes"] |= {path: take | {"state": "x"}} if damage == "state" else {path: {}}
        (folder / "context.json").write_text(json.dumps(context), "utf-8")
    with pytest.raises(CommandError, match="nothing was imported"):
        call_command("import_corpus", folder / "corpus.json", person="ana")
    assert not Sentence.objects.exists()
    assert not Speaker.objects.exists()
    assert not Category.objects.exists()
