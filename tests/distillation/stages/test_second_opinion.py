"""The second speaker measure of a voice: no result without a cohort, a flag where it loses."""

import numpy as np
import pytest

from distillation.stages.second_opinion import second_opinion, second_vectors
from tests import signals
from tests.distillation.voices import LONG, SHORT, say, student


@pytest.fixture(scope="module")
def cohort() -> list[np.ndarray]:
    names = student().stock_voices()[:6]
    return [second_vectors([say(text, name) for text in (SHORT, LONG)]) for name in names]


def test_the_same_voice_is_more_similar_than_another(cohort: list[np.ndarray]) -> None:
    target, other = student().stock_voices()[:2]
    clips = [say(LONG, target)]
    found = second_opinion(cohort, clips, [say(SHORT, other)], [say(SHORT, target)], gained=True)
    assert found
    assert found["evolved"]["mean"] > found["start"]["mean"]
    assert not found["flagged"]


def test_a_voice_that_gains_in_one_encoder_and_loses_in_the_other_is_flagged(
    cohort: list[np.ndarray],
) -> None:
    target, other = student().stock_voices()[:2]
    clips = [say(LONG, target)]
    voices = [say(SHORT, target)], [say(SHORT, other)]
    found = second_opinion(cohort, clips, *voices, gained=True)
    assert found
    assert found["flagged"] == found["is_reliable"]  # a measure that errs too often flags nothing
    assert not found["one_sentence_decides"]  # there is one
    unchanged = second_opinion(cohort, clips, *voices, gained=False)
    assert unchanged
    assert not unchanged["flagged"]


def test_without_enough_voices_or_speech_there_is_no_result(cohort: list[np.ndarray]) -> None:
    clips = [say(LONG)]
    assert second_opinion(cohort[:3], clips, clips, clips, gained=True) is None
    assert second_opinion(cohort, clips, clips, [signals.silence(2.0)], gained=True) is None
