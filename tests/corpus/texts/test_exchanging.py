"""Import and export of rows: all or nothing, without duplicates."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import parselmouth
import pytest
from django.core.management import CommandError, call_command
from parselmouth.praat import call

from corpus.exchange.parsing import ExchangeErrors
from corpus.exchanging import corpus_export, corpus_import
from corpus.loading import corpus_load
from corpus.models import LabelDecision, ProsodyScore, Recording, Sentence, StyleLabel
from corpus.services.labels import label_set
from corpus.services.takes import ConsentMissing
from tests.factories import AdjudicationFactory, PersonFactory, SpeakerFactory

pytestmark = pytest.mark.django_db
TEXT = "Buenos días, gracias por llamar a nuestro servicio."


@pytest.fixture(autouse=True)
def _corpus(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MEDIA_ROOT.mkdir()
    corpus_load()


@pytest.fixture
def person() -> Any:
    return PersonFactory(username="ana")


def entry(**changes: Any) -> dict[str, Any]:
    found = {"sentence_id": "shcc-01", "text": TEXT, "list": "lista_call_center"}
    return found | {"style_label": "amable"} | changes


def recording(path: str = "recordings/a.wav") -> dict[str, Any]:
    prosody = {"pitch_mean": 210.5, "energy_std": 0.12, "speech_rate": 4.2}
    return {"path": path, "duration_seconds": 3.2, "quality_score": 0.91, "prosody": prosody}


def speak(path: Path) -> None:
    """A real sentence, spoken by the espeak-ng inside Praat."""
    path.parent.mkdir(parents=True, exist_ok=True)
    synthesizer = call("Create SpeechSynthesizer", "Spanish (Spain)", "Female1")
    _grid, sound = call(synthesizer, "To Sound", TEXT, True)
    sound.save(str(path), parselmouth.SoundFileFormat.WAV)


def imported(*entries: dict[str, Any], **options: Any) -> Any:
    return corpus_import(data=json.dumps(entries), **options)


def test_export_is_the_corpus_and_importing_it_changes_nothing(person: Any) -> None:
    sentence = Sentence.objects.get(sentence_id="shcc-01")
    label_set(sentence=sentence, style=StyleLabel.objects.get(key="amable"), person=person)
    text = "".join(corpus_export())
    rows = json.loads(text)
    assert len(rows) == 127
    assert list(rows[0]) == ["sentence_id", "text", "list", "style_label", "recording"]
    assert [row["style_label"] for row in rows if row["sentence_id"] == "shcc-01"] == ["amable"]
    summary = corpus_import(data=text, person=person)
    assert (summary.sentences_new, summary.labels_new, summary.labels_same) == (0, 0, 1)
    assert "".join(corpus_export()) == text


def test_labels_and_new_sentences_are_imported_once(person: Any) -> None:
    new = entry(sentence_id="shcc-99", text="Le atendemos enseguida.")
    assert imported(entry(), new, person=person).labels_new == 2
    assert imported(entry(), new, person=person).labels_new == 0
    assert LabelDecision.objects.filter(source="import").count() == 2
    made = Sentence.objects.get(sentence_id="shcc-99")
    assert (made.category.key, made.syllables, made.position) == ("call-center", 9, 127)


def test_any_fault_stops_the_import_and_all_are_reported(person: Any) -> None:
    lines = [
        entry(),
        entry(sentence_id="shcc-02", text="Otro texto."),
        entry(sentence_id="nueva", text=Sentence.objects.get(sentence_id="shcc-03").text),
        entry(sentence_id="shcc-04", text=_text("shcc-04"), list="lista_01"),
    ]
    with pytest.raises(ExchangeErrors) as caught:
        corpus_import(data="\n".join(map(json.dumps, lines)), person=person)
    found = [(error.line, error.field) for error in caught.value.errors]
    assert found == [(2, "text"), (3, "text"), (4, "list")]
    assert not LabelDecision.objects.exists()


def test_an_adjudicated_label_is_kept_and_reported(person: Any) -> None:
    sentence = Sentence.objects.get(sentence_id="shcc-01")
    style = StyleLabel.objects.get(key="neutral")
    AdjudicationFactory(sentence=sentence, style=style, person=person, reason="acordado")
    summary = imported(entry(), person=person)
    assert (summary.labels_new, len(summary.notes)) == (0, 1)
    assert "shcc-01" in summary.notes[0]


def test_takes_are_imported_once_and_measured(person: Any, tmp_path: Path) -> None:
    speak(tmp_path / "recordings" / "a.wav")
    options = {"person": person, "base": tmp_path, "speaker": SpeakerFactory()}
    assert imported(entry(recording=recording()), **options).takes_new == 1
    assert imported(entry(recording=recording()), **options).takes_same == 1
    take = Recording.objects.get()
    assert ProsodyScore.objects.get(recording=take).pitch_mean_hz


def test_an_exported_take_is_imported_from_the_folder_of_the_file(
    person: Any, tmp_path: Path
) -> None:
    speak(tmp_path / "in" / "recordings" / "a.wav")
    speaker: Any = SpeakerFactory()
    imported(entry(recording=recording()), person=person, base=tmp_path / "in", speaker=speaker)
    Recording.objects.update(state=Recording.State.ACCEPTED)
    file = tmp_path / "corpus.json"
    call_command("export_corpus", file, audio=True)
    (row,) = (row for row in json.loads(file.read_text("utf-8")) if row["recording"])
    assert row["recording"]["path"] == "recordings/shcc-01_amable.wav"
    assert 0 <= row["recording"]["quality_score"] <= 1
    assert row["recording"]["speaker"] == speaker.name
    other = SpeakerFactory()
    out = StringIO()
    call_command("import_corpus", file, person="ana", speaker=other.name, stdout=out)
    assert "takes_new 1" in out.getvalue()


def test_missing_audio_is_reported_and_the_label_imported(person: Any, tmp_path: Path) -> None:
    summary = imported(entry(recording=recording()), person=person, base=tmp_path)
    assert (summary.labels_new, summary.takes_new, len(summary.notes)) == (1, 0, 1)


def test_a_take_without_audio_rolls_back_the_whole_import(person: Any, tmp_path: Path) -> None:
    speak(tmp_path / "a.wav")
    (tmp_path / "b.wav").write_bytes(b"no sound")
    second = entry(sentence_id="shcc-02", text=_text("shcc-02"), recording=recording("b.wav"))
    with pytest.raises(ExchangeErrors) as caught:
        imported(
            entry(recording=recording("a.wav")),
            second,
            person=person,
            base=tmp_path,
            speaker=SpeakerFactory(),
        )
    assert [error.field for error in caught.value.errors] == ["recording.path"]
    assert not LabelDecision.objects.exists()
    assert not Recording.objects.exists()
    assert not [path for path in (tmp_path / "media").rglob("*") if path.is_file()]


def test_a_link_out_of_the_folder_is_refused(person: Any, tmp_path: Path) -> None:
    speak(tmp_path / "elsewhere" / "a.wav")
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "a.wav").symlink_to(tmp_path / "elsewhere" / "a.wav")
    with pytest.raises(ExchangeErrors, match="leads out"):
        imported(entry(recording=recording("a.wav")), person=person, base=tmp_path / "base")


def test_a_speaker_without_consent_is_refused_before_any_work(person: Any) -> None:
    with pytest.raises(ConsentMissing):
        imported(entry(), person=person, speaker=SpeakerFactory(consented_at=None))
    assert not LabelDecision.objects.exists()


@pytest.mark.usefixtures("person")
def test_the_command_names_what_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    with pytest.raises(CommandError, match="no user"):
        call_command("import_corpus", file, person="nadie")
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_corpus", file, person="ana")
    file.write_text("[1]")
    with pytest.raises(CommandError, match="line 1"):
        call_command("import_corpus", file, person="ana")


def _text(sentence_id: str) -> str:
    return Sentence.objects.get(sentence_id=sentence_id).text
