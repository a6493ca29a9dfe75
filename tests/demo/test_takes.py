"""The demo's takes: one synthetic speaker at a time, without duplicates."""

from pathlib import Path

import pytest
from django.core.management import call_command

from corpus.models import Recording, Sentence, StyleLabel
from corpus.services.labels import label_set
from voicelab.demo import corpus
from voicelab.demo.corpus import people_make
from voicelab.demo.speakers import speaker_of
from voicelab.roles import LABELER, REVIEWER, SPEAKER

pytestmark = pytest.mark.django_db


class Nora:
    """Another speaker, synthesized by the praat engine: only its identity matters here."""

    name, engine = "Nora (sintética)", "kokoro"

    def speak(self, text, style, *, seed):
        return speaker_of("praat", Path()).speak(text, style, seed=seed)

    def speak_all(self, lines, *, seed):
        return (self.speak(*line, seed=seed) for line in lines)


@pytest.fixture
def people(monkeypatch, tmp_path):
    monkeypatch.setattr("voicelab.demo.corpus.PATH", tmp_path / "passwords.json")
    call_command("load_corpus", verbosity=0)
    found = people_make()
    label_set(
        sentence="shcc-01", style=StyleLabel.objects.get(key="neutral"), person=found[LABELER],
        source="suggestion",
    )  # fmt: skip
    monkeypatch.setattr(
        corpus,
        "takes_wanted",
        lambda: [
            (Sentence.objects.get(sentence_id="shcc-01"), StyleLabel.objects.get(key="neutral"))
        ],
    )
    return found


def record(voice, people):
    speaker = corpus.speaker_make(voice=voice, user=people[SPEAKER])
    set_aside = corpus.other_takes_reject(speaker=speaker, reviewer=people[REVIEWER])
    made = corpus.takes_make(
        voice=voice, speaker=speaker, person=people[SPEAKER], reviewer=people[REVIEWER],
        on_take=lambda *_: None,
    )  # fmt: skip
    return made, set_aside


def usable():
    return [take.speaker.name for take in Recording.objects.usable()]


def test_another_speaker_rejects_the_first_ones_takes_and_restores_them(people, media):
    alba = speaker_of("praat", Path())
    assert record(alba, people) == (1, 0)
    assert record(alba, people) == (0, 0)
    assert usable() == [alba.name]
    assert record(Nora(), people) == (1, 1)
    assert usable() == [Nora.name]
    assert record(alba, people) == (0, 1)
    assert usable() == [alba.name]
    assert Recording.objects.count() == 2
