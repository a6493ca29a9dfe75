"""Fills the database of the environment for the studio: sentences, a speaker with consent."""

import json

import django

django.setup()

from corpus.models import Sentence, StyleLabel  # noqa: E402
from corpus.services.labels import label_set  # noqa: E402
from corpus.services.speakers import consent_give  # noqa: E402
from voicelab.demo.corpus import passwords_kept, people_make  # noqa: E402
from voicelab.roles import LABELER, SPEAKER  # noqa: E402

people = people_make()
styles = [StyleLabel.objects.get(key=key) for key in ("neutral", "amable")]
for n, sentence in enumerate(Sentence.objects.all()[:16]):
    label_set(sentence=sentence, style=styles[n % 2], person=people[LABELER])
consent_give(person=people[SPEAKER], text="Yes.")
print(json.dumps(passwords_kept()))
