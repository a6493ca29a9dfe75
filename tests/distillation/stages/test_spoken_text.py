"""A text that another worker spoke arrives to the bit."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from corpus.audio.types import Audio
from distillation.scoring import TextResult
from distillation.scoring.encoder import Embedding
from distillation.stages.spoken_text import SpokenText

FLOATS = st.floats(-1.0, 1.0, width=32)


@given(
    samples=arrays(np.float32, st.integers(1, 50), elements=FLOATS),
    embedding=st.none() | arrays(np.float32, 256, elements=FLOATS),
    target=st.floats(0.0, 1.0),
    rating=st.floats(1.0, 5.0),
)
def test_json_keeps_every_bit(
    samples: Embedding, embedding: Embedding | None, target: float, rating: float
) -> None:
    sent = SpokenText.of(TextResult(Audio(samples, 24_000), embedding, target), rating)
    found = SpokenText.from_json(json.loads(json.dumps(sent.to_json())))
    assert found == sent
    assert (found.result.target, found.rating, found.result.audio.sr) == (target, rating, 24_000)
    assert found.result.audio.y.tobytes() == samples.tobytes()
    if embedding is None:
        assert found.result.embedding is None
    else:
        assert found.result.embedding is not None
        assert found.result.embedding.tobytes() == embedding.tobytes()


def test_what_is_sent_cannot_be_changed() -> None:
    sent = SpokenText.of(TextResult(Audio(np.zeros(3, np.float32), 16_000), None, 0.0), 1.0)
    sent.result.audio.y[0] = 1.0
    assert sent.result.audio.y.tolist() == [0.0, 0.0, 0.0]
    with pytest.raises(AttributeError):
        sent.rating = 2.0  # type: ignore[misc]
