"""Kokoro's options: device, precision and threads, checked, and its network with them."""

from __future__ import annotations

from pathlib import Path

from distillation.engines.base import EngineError
from distillation.engines.kokoro import INFO
from distillation.engines.kokoro.files import CONFIG, WEIGHTS
from distillation.engines.kokoro.network import Network
from distillation.engines.kokoro.weights import load


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
