"""Counts the phonemes and syllables of stored sentences again, when the reader has changed."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from corpus.models import ProsodyScore, Sentence
from corpus.sentence_text import sentence_sounds

_RATES = ("speech_rate", "articulation_rate")
_BATCH = 500


def recount_sounds(*, sentence_model: Any = Sentence, score_model: Any = ProsodyScore) -> int:
    """Store what the reader makes of every sentence today; return how many had other sounds.

    Rates of takes are syllables a second, so those of a recounted sentence change in proportion;
    their quality stays what it was judged to be. A sentence that now reads as more phonemes than
    a row holds stays as it was. A migration passes its historical models.
    """
    changed = []
    most = sentence_model._meta.get_field("phonemes").max_length
    with transaction.atomic():
        for sentence in sentence_model.objects.all().iterator(_BATCH):
            sounds = sentence_sounds(sentence.text)
            same = all(getattr(sentence, name) == value for name, value in sounds.items())
            if same or len(sounds["phonemes"]) > most:
                continue
            if sentence.syllables and sounds["syllables"] != sentence.syllables:
                _rescale(score_model, sentence.pk, sounds["syllables"] / sentence.syllables)
            for name, value in sounds.items():
                setattr(sentence, name, value)
            changed.append(sentence)
        sentence_model.objects.bulk_update(changed, ["phonemes", "syllables"], batch_size=_BATCH)
    return len(changed)


def _rescale(score_model: Any, sentence: int, factor: float) -> None:
    for score in score_model.objects.filter(recording__sentence_id=sentence):
        if score.speech_rate is not None:
            score.speech_rate *= factor
        for name in _RATES:
            if score.measures.get(name) is not None:
                score.measures[name] *= factor
        score.save(update_fields=["speech_rate", "measures"])
