"""The real speaker encoder on real speech: what the score must and must not depend on."""

import numpy as np
import pytest

from corpus.audio.io import resample
from corpus.audio.types import Audio, AudioError
from distillation.scoring import Score, Scorer, self_similarity, similarity, speaker_encoder
from distillation.scoring.encoder import N_FFT, N_MELS, SR, _speech_of
from distillation.scoring.features import FLOORS, feature_similarity, features
from tests.distillation.voices import LONG, OTHER, SHORT, say
from tests.signals import noise


def louder(audio: Audio, factor: float) -> Audio:
    return Audio(audio.y * np.float32(factor), audio.sr)


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer(say(LONG))


def test_identical_audio_has_the_highest_score(scorer: Scorer) -> None:
    measures = scorer.measure_text(say(LONG))
    assert measures.target == pytest.approx(1.0, abs=1e-6)
    score = scorer.score([measures, measures])
    assert score.self_ == pytest.approx(1.0, abs=1e-6)
    assert score.feature == pytest.approx(1.0, abs=1e-9)
    assert score.total == pytest.approx(100.0, abs=1e-3)


@pytest.mark.parametrize("factor", [0.1, 0.6])
def test_the_score_is_independent_of_level(scorer: Scorer, factor: float) -> None:
    plain = scorer.score([scorer.measure_text(say(SHORT)), scorer.measure_text(say(OTHER))])
    soft = scorer.score(
        [
            scorer.measure_text(louder(say(SHORT), factor)),
            scorer.measure_text(louder(say(OTHER), factor)),
        ]
    )
    assert soft.target == pytest.approx(plain.target, abs=0.01)
    assert soft.feature == pytest.approx(plain.feature, abs=0.01)
    assert soft.total == pytest.approx(plain.total, abs=0.5)


def test_the_same_voice_is_more_similar_than_another(scorer: Scorer) -> None:
    same = scorer.score([scorer.measure_text(say(SHORT)), scorer.measure_text(say(OTHER))])
    other = scorer.score(
        [scorer.measure_text(say(SHORT, "pm_gil")), scorer.measure_text(say(OTHER, "pm_gil"))]
    )
    assert same.target > other.target + 0.05
    assert same.feature > other.feature
    assert same.total > other.total


def test_two_voices_have_lower_self_similarity(scorer: Scorer) -> None:
    steady = scorer.score([scorer.measure_text(say(SHORT)), scorer.measure_text(say(OTHER))])
    torn = scorer.score(
        [scorer.measure_text(say(SHORT)), scorer.measure_text(say(OTHER, "pm_gil"))]
    )
    assert torn.self_ < steady.self_ - 0.05


def test_a_silent_candidate_is_not_an_error(scorer: Scorer) -> None:
    silence = Audio(np.zeros(24_000, np.float32), 24_000)
    measures = scorer.measure_text(silence)
    assert measures.target == 0.0
    score = scorer.score([measures, scorer.measure_text(say(OTHER))], compared="first")
    assert (score.self_, score.feature) == (0.0, 0.0)
    assert score.total == pytest.approx(1.0)
    half = scorer.score([scorer.measure_text(say(SHORT)), scorer.measure_text(silence)])
    assert half.self_ == 0.0
    assert half.total < 3.0


def test_every_text_or_the_first_alone_is_compared_with_the_target(scorer: Scorer) -> None:
    one, two = scorer.measure_text(say(SHORT)), scorer.measure_text(say(OTHER))
    every = scorer.score([one, two])
    published = scorer.score([one, two], compared="first")
    assert every.target == pytest.approx((one.target + two.target) / 2)
    assert published.target == every.first == published.first == one.target
    assert every.self_ == published.self_


def test_score_all_averages_over_texts(scorer: Scorer) -> None:
    one, two = scorer.measure_text(say(SHORT)).target, scorer.measure_text(say(OTHER)).target
    assert scorer.score_all([say(SHORT), say(OTHER)]).target == pytest.approx((one + two) / 2)


def test_a_silent_target_is_an_error() -> None:
    with pytest.raises(AudioError, match="silent"):
        Scorer(Audio(np.zeros(24_000, np.float32), 24_000))


def test_several_clips_of_a_target_are_averaged() -> None:
    clips = [say(LONG), say(SHORT), say(LONG, "pm_gil")]
    embeddings = [speaker_encoder().embed(clip) for clip in clips]
    found = Scorer(*clips).measure_text(say(OTHER))
    mean = np.mean(embeddings, axis=0)
    wanted = found.embedding @ mean / np.linalg.norm(mean)
    assert found.target == pytest.approx(float(wanted), abs=1e-6)
    # the mean of the cosines is the same but for the length of the mean, which is under 1
    cosines = [similarity(found.embedding, one) for one in embeddings]
    assert np.mean(cosines) == pytest.approx(found.target * np.linalg.norm(mean), abs=1e-5)
    assert np.mean(cosines) < found.target
    assert Scorer(clips[0], clips[0]).measure_text(say(OTHER)).target == pytest.approx(
        Scorer(clips[0]).measure_text(say(OTHER)).target, abs=1e-6
    )


def test_the_target_is_embedded_and_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[float] = []

    def counted(audio: Audio) -> dict[str, float]:
        measured.append(audio.duration_s)
        return features(audio)

    monkeypatch.setattr("distillation.scoring.scorer.features", counted)
    clips = [say(LONG), say(LONG, "pm_gil")]
    scorer = Scorer(*clips)
    for voice in ("", "pf_luz", "pm_teo"):
        measures = [scorer.measure_text(say(text, voice)) for text in (SHORT, OTHER)]
        scorer.score(measures)
    of_candidates = [say(SHORT, voice).duration_s for voice in ("", "pf_luz", "pm_teo")]
    assert measured == [*(clip.duration_s for clip in clips), *of_candidates]


@pytest.mark.parametrize("part", ["target", "self", "feature"])
def test_weights_determine_the_influence_of_each_part(part: str) -> None:
    weights = {name: 1.0 if name == part else 1e-9 for name in ("target", "self", "feature")}
    scorer = Scorer(say(LONG), weights=weights)
    score = scorer.score(
        [scorer.measure_text(say(SHORT, "pm_gil")), scorer.measure_text(say(OTHER, "pm_gil"))]
    )
    assert score.total == pytest.approx(100 * score.to_json()[part], abs=1e-3)


def test_noise_is_not_speech() -> None:
    with pytest.raises(AudioError) as caught:
        speaker_encoder().embed(noise(2.0))
    assert caught.value.code == "no_speech"


def test_embeddings_are_unit_vectors_without_negative_entries() -> None:
    embedding = speaker_encoder().embed(say())
    assert embedding.shape == (256,)
    assert np.linalg.norm(embedding) == pytest.approx(1.0, abs=1e-5)
    assert embedding.min() >= 0.0


def test_self_similarity_is_the_mean_over_all_pairs() -> None:
    a, b, c = np.eye(3, 256, dtype=np.float32)
    mixed = ((a + b) / np.sqrt(2)).astype(np.float32)
    assert self_similarity([a, a, c]) == pytest.approx(1 / 3)
    assert similarity(a, mixed) == pytest.approx(np.sqrt(0.5))
    with pytest.raises(ValueError, match="two texts"):
        self_similarity([a])


def test_score_survives_json() -> None:
    score = Score(total=90.0, target=0.9, first=0.91, self_=0.95, feature=0.7)
    named = {"total": 90.0, "target": 0.9, "first": 0.91, "feature": 0.7, "self": 0.95}
    assert score.to_json() == named
    assert Score.from_json(score.to_json()) == score


def test_feature_similarity_is_bounded_near_zero_and_symmetric() -> None:
    found, zero = features(say()), dict.fromkeys(features(say()), 0.0)
    huge = dict.fromkeys(zero, 1000000000.0)
    for other in (zero, huge):
        assert 0.0 <= feature_similarity(found, other) < 0.6
        assert feature_similarity(found, other) == pytest.approx(feature_similarity(other, found))
    nudged = {name: value + 1e-6 for name, value in zero.items()}
    assert feature_similarity(nudged, zero) == pytest.approx(1.0, abs=1e-3)


def test_every_feature_has_a_floor_and_is_finite() -> None:
    found = features(say())
    assert all(np.isfinite(value) for value in found.values())
    assert {name.rsplit("_", 1)[0].rstrip("0123456789") for name in found} == set(FLOORS)


def test_mel_equals_librosa() -> None:
    import librosa

    from distillation.scoring.mel import mel_filters, mel_spectrogram

    reference = librosa.filters.mel(sr=SR, n_fft=N_FFT, n_mels=N_MELS).T
    assert np.abs(mel_filters(SR, N_FFT, N_MELS) - reference).max() < 1e-8
    y = resample(say(), SR).y
    ours = mel_spectrogram(y, sr=SR, n_fft=N_FFT, hop=160, n_mels=N_MELS)
    theirs = librosa.feature.melspectrogram(
        y=y, sr=SR, n_fft=N_FFT, hop_length=160, n_mels=N_MELS
    ).T
    assert np.abs(ours - theirs).max() < 1e-5 * np.abs(theirs).max()


def test_embedding_equals_resemblyzers_own() -> None:
    encoder = speaker_encoder()
    theirs = encoder._encoder.embed_utterance(_speech_of(say(LONG)))
    assert encoder.embed(say(LONG)) @ theirs == pytest.approx(1.0, abs=1e-6)


def test_mfcc_equal_librosas() -> None:
    import librosa

    from distillation.scoring.features import N_FFT as LONG_FFT
    from distillation.scoring.features import _mfcc
    from distillation.scoring.mel import mel_filters, power_spectrogram

    y = resample(say(), SR).y
    power = power_spectrogram(y, n_fft=LONG_FFT, hop=256)
    decibels = 10.0 * np.log10(np.maximum(power @ mel_filters(SR, LONG_FFT, 40), 1e-10))
    theirs = librosa.feature.mfcc(S=decibels.T, n_mfcc=13).T[:, 1:]
    assert np.abs(_mfcc(power) - theirs).max() < 1e-6
