"""Loading the corpus into rows: once, repeatable without change, edits kept unless requested."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from corpus.loading import CorpusChanged, corpus_load
from corpus.models import Category, Sentence, StyleLabel
from tests.factories import RecordingFactory

pytestmark = pytest.mark.django_db


def test_loading_fills_every_row_and_loading_again_changes_nothing() -> None:
    first = corpus_load()
    assert first.made == {"Category": 8, "StyleLabel": 4, "Sentence": 127}
    greeting = Sentence.objects.get(sentence_id="shcc-01")
    assert (greeting.syllables, greeting.phonemes.split()[:5]) == (15, ["b", "u", "e", "n", "o"])
    assert not Sentence.objects.filter(phonemes="").exists()
    before = list(Sentence.objects.values())
    again = corpus_load(update=True)
    assert again.same == first.made
    assert list(Sentence.objects.values()) == before


def test_an_admins_edits_are_kept_unless_an_update_is_requested() -> None:
    corpus_load()
    StyleLabel.objects.filter(key="amable").update(guide="otra")
    corpus_load()
    assert StyleLabel.objects.get(key="amable").guide == "otra"
    assert corpus_load(update=True).changed["StyleLabel"] == 1
    assert StyleLabel.objects.get(key="amable").guide != "otra"


def test_a_recorded_sentence_keeps_its_text() -> None:
    corpus_load()
    sentence = Sentence.objects.get(sentence_id="shcc-02")
    sentence.text = "Otro texto."
    sentence.save()
    RecordingFactory(sentence=sentence)
    with pytest.raises(CorpusChanged, match="shcc-02"):
        corpus_load(update=True)


def test_the_report_prints_every_list_and_plots(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("load_corpus")
    call_command("phoneme_report", plot=tmp_path / "phonemes.svg")
    printed = capsys.readouterr().out
    assert all(f"lista_{n:02d}" in printed for n in range(1, 6))
    assert "Guirao" in printed
    assert (tmp_path / "phonemes.svg").read_text("utf-8").count("<g id=") > 20
    with pytest.raises(CommandError, match="not supported"):
        call_command("phoneme_report", plot=tmp_path / "phonemes.xyz")


def test_the_report_fails_where_a_phoneme_is_missing_or_nothing_is_loaded() -> None:
    with pytest.raises(CommandError, match="load_corpus"):
        call_command("phoneme_report")
    category = Category.objects.create(key="lists", name="l", reason="r")
    Sentence.objects.create(sentence_id="a", text="Hola.", category=category, list="lista_01")
    with pytest.raises(CommandError, match="no sentence has") as caught:
        call_command("phoneme_report")
    assert caught.value.returncode == 1
