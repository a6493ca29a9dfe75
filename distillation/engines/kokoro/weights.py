"""Loads Kokoro's network, checking checkpoint and options: device, precision, threads."""

from __future__ import annotations

import io
import json
import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distillation.engines.base import EngineError
from distillation.engines.kokoro import INFO
from distillation.engines.kokoro.files import CONFIG, REPO, WEIGHTS
from distillation.engines.kokoro.network import Network

if TYPE_CHECKING:
    from kokoro.model import KModel

PARTS = ("bert", "bert_encoder", "predictor", "text_encoder", "decoder")
_MAY_MISS = (".norm.weight", ".norm.bias", "position_ids", "token_type_ids")
_UNUSED = "pooler."
_FAULTS = (
    RuntimeError, ValueError, KeyError, TypeError, AssertionError, AttributeError, EOFError,
    OSError, pickle.UnpicklingError,
)  # fmt: skip


def load(config: Path, weights: Path) -> KModel:
    """Build Kokoro's network and load its weights.

    `KModel` alone accepts any checkpoint and silently leaves weights that do not match random.
    Here every weight the network needs must be present with the right shape, except the affine
    parameters of the style's instance norms (1 and 0, an artefact of an ONNX exporter) and
    buffers, which may be missing.

    Raises
    ------
    EngineError
        `bad_model`: names the damaged file, or the weights of another architecture.
    """
    from loguru import logger

    logger.disable("kokoro")  # it warns about truncation, which `pieces` avoids
    try:
        model = _empty(json.loads(config.read_text(encoding="utf-8")))
    except _FAULTS as error:
        raise _fault(config, error) from error
    states = _states(weights, config)
    for name in PARTS:
        part = getattr(model, name)
        state = {key.removeprefix("module."): value for key, value in states[name].items()}
        _fit_check(name, part.state_dict(), state, weights, config)
        part.load_state_dict(state, strict=False)
    return model.eval()


def _empty(config: dict[str, Any]) -> KModel:
    import torch
    from kokoro.model import KModel

    nothing = io.BytesIO()
    torch.save({}, nothing)
    nothing.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's, about how the package builds its modules
        return KModel(repo_id=REPO, config=config, model=nothing)


def _states(weights: Path, config: Path) -> Mapping[str, Mapping[str, Any]]:
    import torch

    try:
        states = torch.load(weights, map_location="cpu", weights_only=True)
    except _FAULTS as error:
        raise _fault(weights, error) from error
    there = set(states) if isinstance(states, dict) else set()
    if missing := [name for name in PARTS if name not in there]:
        raise EngineError(
            "bad_model",
            f"{weights} is not a checkpoint of Kokoro: it has no {', '.join(missing)}. "
            f"{config} and it belong together: fetch both again (`manage.py models pull`).",
        )
    found: Mapping[str, Mapping[str, Any]] = states
    return found


def _fit_check(
    part: str, wanted: Mapping[str, Any], found: Mapping[str, Any], weights: Path, config: Path
) -> None:
    missing = [
        key for key in wanted
        if key not in found and not key.endswith(_MAY_MISS) and not key.startswith(_UNUSED)
    ]  # fmt: skip
    other = [key for key in wanted if key in found and found[key].shape != wanted[key].shape]
    if not missing and not other:
        return
    first = (
        f"{part}.{missing[0]} is missing"
        if missing
        else f"{part}.{other[0]} is {tuple(found[other[0]].shape)} and should be "
        f"{tuple(wanted[other[0]].shape)}"
    )
    raise EngineError(
        "bad_model",
        f"{weights} is of another architecture than {config}: {first} ({len(missing)} missing, "
        f"{len(other)} of another shape in {part}). The two belong together: fetch both again.",
    )


def _fault(path: Path, error: Exception) -> EngineError:
    return EngineError(
        "bad_model",
        f"{path} is damaged or no file of Kokoro ({type(error).__name__}: {str(error)[:160]}); "
        "`manage.py models check` says what it should be: fetch both again, config and weights.",
    )


def network_of(model_dir: Path, device: str, precision: str) -> Network:
    model = load(model_dir / CONFIG, model_dir / WEIGHTS).to(device)
    return Network(model, bf16=_bf16(precision, device))


def _bf16(precision: str, device: str) -> bool:
    import torch

    if precision not in INFO.precisions:
        raise EngineError(
            "bad_option", f"precision: {', '.join(INFO.precisions)}, not {precision!r}."
        )
    if precision == "fp32":
        return False
    able = (
        torch.cuda.is_bf16_supported()
        if device == "cuda"
        else bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    )
    if precision == "bf16" and not able:
        raise EngineError("bad_option", "precision: this processor has no bfloat16; use fp32.")
    return able


def device_of(device: str | None) -> str:
    import torch

    there = torch.cuda.is_available()
    if device in (None, "", "auto"):
        return "cuda" if there else "cpu"
    if device == "cuda" and not there:
        raise EngineError("bad_option", "device: torch sees no GPU here; use cpu.")
    if device not in ("cpu", "cuda"):
        raise EngineError("bad_option", f"device: cpu or cuda, not {device!r}.")
    return device


def set_threads(threads: int | str | None) -> None:
    import torch

    if threads is None or threads == "":
        return
    try:
        number = int(threads)
    except ValueError as error:
        raise EngineError("bad_option", f"threads: a number, not {threads!r}.") from error
    if number < 1:
        raise EngineError("bad_option", f"threads: at least 1, not {number}.")
    torch.set_num_threads(number)


def torch_threads() -> int:
    """Return the threads that torch uses for one operation."""
    import torch

    return torch.get_num_threads()
