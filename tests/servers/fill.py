"""Fills the database of the environment with the demo's people, labels and takes."""

import json

import django

django.setup()

from voicelab.demo.corpus import passwords_kept, people_make  # noqa: E402
from voicelab.demo.story import corpus_fill  # noqa: E402

corpus_fill(people_make(), "praat")
print(json.dumps(passwords_kept()))
