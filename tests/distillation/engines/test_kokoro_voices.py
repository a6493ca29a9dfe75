"""The stock voices on the real weights: pitch, rate, level, one consistent speaker each."""

from itertools import combinations

import numpy as np
import pytest

from corpus.audio import pitch
from corpus.audio.loudness import integrated_lufs
from corpus.audio.types import Audio
from corpus.audio.units import to_st
from corpus.phonetics import syllables
from distillation.engines.kokoro.student import KokoroStudent
from distillation.scoring import self_similarity, similarity, speaker_encoder
from distillation.scoring.encoder import Embedding
from distillation.voicepack import VoicePack

pytestmark = pytest.mark.weights

TEXTS = (  # rising in length
    "Buenos días, le atiende Marina.",
    "Su pedido llega el lunes por la mañana.",
    "Para continuar necesito su número de cliente.",
    "Lamento mucho las molestias que le hemos causado esta semana.",
)
MEDIAN_HZ = {"ef_dora": 173.8, "em_alex": 125.1, "em_santa": 123.3}  # measured over all four
SEMITONES_APART = 1.0

Spoken = dict[str, list[Audio]]


@pytest.fixture(scope="module")
def speech_of(real_kokoro: KokoroStudent) -> Spoken:
    """Every sentence by every voice."""
    return {
        voice: [real_kokoro.synthesize(text, real_kokoro.stock_voice(voice)) for text in TEXTS]
        for voice in MEDIAN_HZ
    }


@pytest.fixture(scope="module")
def embeddings(speech_of: Spoken) -> dict[str, list[Embedding]]:
    encoder = speaker_encoder()
    return {
        voice: [encoder.embed(audio) for audio in audios] for voice, audios in speech_of.items()
    }


@pytest.mark.parametrize("voice", MEDIAN_HZ)
def test_each_voice_has_its_pitch(speech_of: Spoken, voice: str) -> None:
    voiced_hz = np.concatenate([pitch.track(audio).voiced_hz for audio in speech_of[voice]])
    apart = to_st(float(np.median(voiced_hz)), MEDIAN_HZ[voice])
    assert abs(apart) < SEMITONES_APART


@pytest.mark.parametrize("voice", MEDIAN_HZ)
def test_each_voice_speaks_at_a_human_rate(speech_of: Spoken, voice: str) -> None:
    """Measured: 4.8 to 5.7 syllables a second, silence at the edges counted; longer is quicker."""
    seconds = [audio.duration_s for audio in speech_of[voice]]
    assert seconds == sorted(seconds)
    for text, duration_s in zip(TEXTS, seconds, strict=True):
        assert 4.2 < syllables(text) / duration_s < 6.6


@pytest.mark.parametrize("voice", MEDIAN_HZ)
def test_each_voice_is_clear_and_not_clipped(speech_of: Spoken, voice: str) -> None:
    for audio in speech_of[voice]:
        assert audio.sr == 24_000
        assert np.isfinite(audio.y).all()
        assert 0.2 < np.abs(audio.y).max() < 0.9
        assert -32 < integrated_lufs(audio) < -20
        assert 0.4 < pitch.track(audio).voiced_ratio < 0.8  # noise has almost none, a hum all


def test_each_voice_is_consistent_and_distinct_from_the_others(
    embeddings: dict[str, list[Embedding]],
) -> None:
    """Measured: 0.87 to 0.90 with itself over the sentences, 0.55 to 0.71 with another."""
    own = {voice: self_similarity(found) for voice, found in embeddings.items()}
    assert min(own.values()) >= 0.8
    for one, other in combinations(embeddings, 2):
        pairs = [similarity(a, b) for a in embeddings[one] for b in embeddings[other]]
        assert np.mean(pairs) < min(own[one], own[other]) - 0.1


def test_a_sentence_is_bit_identical_whatever_was_synthesized_between(
    real_kokoro: KokoroStudent, speech_of: Spoken
) -> None:
    for voice, audios in speech_of.items():
        again = real_kokoro.synthesize(TEXTS[0], real_kokoro.stock_voice(voice))
        assert np.array_equal(again.y, audios[0].y)


def test_each_length_has_its_row_of_the_pack(real_kokoro: KokoroStudent, speech_of: Spoken) -> None:
    """One pack, two speakers: the row of the first sentence is another voice's."""
    dora, alex = (real_kokoro.stock_voice(name) for name in ("ef_dora", "em_alex"))
    data = dora.data.copy()
    row = real_kokoro.phoneme_count(TEXTS[0]) - 1
    data[row] = alex.data[row]
    for number, voice in ((0, "em_alex"), (1, "ef_dora")):
        found = real_kokoro.synthesize(TEXTS[number], VoicePack(data, "kokoro"))
        assert np.array_equal(found.y, speech_of[voice][number].y)
