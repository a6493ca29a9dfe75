"""Opinion scores over sentences, and a target clip cut at its pauses."""

import pytest

from distillation.stages.naturalness import Opinion, cut
from tests.signals import join, silence, speech


def test_the_interval_is_that_of_students_t() -> None:
    opinion = Opinion.of([3.0, 3.4, 3.2])
    assert opinion.mean == pytest.approx(3.2)
    half = 4.302653 * 0.2 / 3**0.5  # t of 2 degrees of freedom, 97.5 %
    assert opinion.low == pytest.approx(3.2 - half)
    assert opinion.high == pytest.approx(3.2 + half)


def test_the_interval_stays_on_the_scale() -> None:
    opinion = Opinion.of([1.1, 4.9])
    assert (opinion.low, opinion.high) == (1.0, 5.0)


def test_one_sentence_has_no_interval() -> None:
    assert Opinion.of([4.0]) == Opinion(mean=4.0, low=None, high=None, sentences=(4.0,))


def test_a_target_clip_is_cut_at_its_pauses() -> None:
    sentence, short = speech(20), speech(5)
    pause = silence(0.5, sr=sentence.sr)
    first, second = cut(join(sentence, pause, sentence, pause, short))
    assert 3.0 <= first.duration_s <= sentence.duration_s
    assert sentence.duration_s + pause.duration_s < second.duration_s <= 7.5  # with the short one
    assert cut(short) == [short]
