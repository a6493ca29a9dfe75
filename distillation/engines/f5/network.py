"""Loads F5's networks from local files and checks them; the package downloads nothing."""

from __future__ import annotations

import contextlib
import io
import pickle
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from corpus.audio.types import Audio, Samples
from distillation.engines.base import EngineError
from distillation.engines.f5.files import ARCHITECTURE, Files

CFG_STRENGTH = 2.0  # both are F5's defaults
SWAY_COEFFICIENT = -1.0
_VOCODER = "vocos.feature_extractors.MelSpectrogramFeatures"  # others download weights
_MEL = {"sample_rate": 24_000, "n_fft": 1024, "hop_length": 256, "n_mels": 100}
_FAULTS = (
    RuntimeError, ValueError, KeyError, TypeError, AttributeError, AssertionError, EOFError,
    OSError, pickle.UnpicklingError, ImportError,
)  # fmt: skip


class Network:
    """F5's transformer and vocoder on one device."""

    def __init__(self, model: Any, vocoder: Any, device: str) -> None:
        self._model, self._vocoder, self.device = model, vocoder, device

    def speak(
        self, text: str, prompt: Audio, prompt_text: str, *, answer_s: float, steps: int, seed: int
    ) -> Samples:
        """Return `text` in the voice of the prompt, `answer_s` long.

        Only one text per call: the package would speak several in threads that share one random
        generator, in an unpredictable order.
        """
        import torch
        from f5_tts.infer.utils_infer import infer_batch_process

        devices = [self.device] if self.device.startswith("cuda") else []
        with torch.random.fork_rng(devices=devices), warnings.catch_warnings(), _quiet():
            warnings.simplefilter("ignore")
            torch.manual_seed(seed)
            wave, _, _ = next(
                infer_batch_process(
                    (torch.from_numpy(prompt.y)[None], prompt.sr),
                    prompt_text,
                    [text],
                    self._model,
                    self._vocoder,
                    progress=None,
                    nfe_step=steps,
                    cfg_strength=CFG_STRENGTH,
                    sway_sampling_coef=SWAY_COEFFICIENT,
                    fix_duration=prompt.duration_s + answer_s,
                    device=self.device,
                )
            )
        return np.ascontiguousarray(wave, dtype=np.float32).copy()


def load(files: Files, device: str = "") -> Network:
    """Load both networks.

    Raises
    ------
    EngineError
        `no_teacher`: the package is not installed here; `bad_option`: no such device; `bad_model`,
        with the file: it is damaged or has another architecture.
    """
    try:
        with warnings.catch_warnings(), _quiet():
            warnings.simplefilter("ignore")
            from f5_tts.infer import utils_infer
            from f5_tts.model import DiT
    except ImportError as error:
        raise EngineError(
            "no_teacher",
            f"F5-TTS is not in this environment ({error}). `make teacher` builds one for it "
            "(.venv-teacher): run the command there, or start its speech service and give its "
            "address (--tts-url).",
        ) from error
    device = _device(device or utils_infer.device)
    _vocoder_check(files.vocoder / "config.yaml")
    with _wrapped(files.checkpoint, files), _quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = utils_infer.load_model(
            DiT,
            dict(files.architecture),
            str(files.checkpoint),
            vocab_file=str(files.vocab),
            device=device,
        )
    with _wrapped(files.vocoder / "pytorch_model.bin", files), _quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        vocoder = utils_infer.load_vocoder(
            is_local=True, local_path=str(files.vocoder), device=device
        )
    return Network(model.eval(), vocoder, device)


def _device(name: str) -> str:
    import torch

    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0][:160]
        raise EngineError("bad_option", f"device: {name!r} cannot be used ({reason}).") from error
    return name


def _vocoder_check(path: Path) -> None:
    """Reject a vocoder of another type than F5's: some download weights, all produce noise."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        found, head = content["feature_extractor"], content["head"]
        mel: Mapping[str, Any] = found["init_args"]
        fits = found["class_path"] == _VOCODER and head["class_path"].startswith("vocos.heads.")
        fits = fits and content["backbone"]["class_path"].startswith("vocos.models.")
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise _fault(path, f"it is no configuration of Vocos ({type(error).__name__})") from error
    wrong = [name for name, value in _MEL.items() if mel.get(name) != value]
    if not fits or wrong:
        raise _fault(path, f"it is not of vocos-mel-24khz ({', '.join(wrong) or 'other classes'})")


@contextlib.contextmanager
def _wrapped(path: Path, files: Files) -> Iterator[None]:
    """Wrap the package's errors in EngineError, naming the file and the cause."""
    from safetensors import SafetensorError

    try:
        yield
    except (*_FAULTS, SafetensorError) as error:
        message = " ".join(str(error).split())
        if "size mismatch" in message or "state_dict" in message:
            raise EngineError(
                "bad_model",
                f"{path} is of another architecture or vocabulary ({message[-200:]}). The "
                f"checkpoint, {files.vocab} and {ARCHITECTURE} next to it belong together.",
            ) from error
        raise _fault(path, f"it is damaged ({type(error).__name__}: {message[:160]})") from error


def _fault(path: Path, what: str) -> EngineError:
    return EngineError(
        "bad_model",
        f"{path} cannot be used: {what}. `manage.py models check f5` says what it should be, "
        "`manage.py models pull f5` fetches it again.",
    )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Suppress what the package prints."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield
