"""Stand-ins for what cannot be had here: a Kokoro checkpoint with random weights."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from distillation.engines.kokoro import CONFIG, REPO, VOICES, WEIGHTS

PARTS = ("bert", "bert_encoder", "predictor", "text_encoder", "decoder")
_SIGNS = (
    ';:,.!?—…"()“” \u0303ʣʥʦʨᵝꭧAIOQSTWYᵊabcdefhijklmnopqrstuvwxyz'
    "ɑɐɒæβɔɕçɖðʤəɚɛɜɟɡɥɨɪʝɯɰŋɳɲɴøɸθœɹɾɻʁɽʂʃʈʧʊʋʌɣɤχʎʒʔˈˌːʰʲ↓→↗↘ᵻ"
)


def config(*, small: bool) -> dict[str, Any]:
    """Kokoro v1.0's architecture; small: fewer layers where the package takes any number."""
    return {
        "istftnet": {
            "upsample_kernel_sizes": [20, 12],
            "upsample_rates": [10, 6],
            "gen_istft_hop_size": 5,
            "gen_istft_n_fft": 20,
            "resblock_dilation_sizes": [[1, 3, 5]] * (1 if small else 3),
            "resblock_kernel_sizes": [3] if small else [3, 7, 11],
            "upsample_initial_channel": 512,
        },
        "dim_in": 64,
        "dropout": 0.2,
        "hidden_dim": 512,
        "max_conv_dim": 512,
        "max_dur": 50,
        "multispeaker": True,
        "n_layer": 1 if small else 3,
        "n_mels": 80,
        "n_token": 178,
        "style_dim": 128,
        "text_encoder_kernel_size": 5,
        "plbert": {
            "hidden_size": 64 if small else 768,
            "num_attention_heads": 2 if small else 12,
            "intermediate_size": 64 if small else 2048,
            "max_position_embeddings": 512,
            "num_hidden_layers": 1 if small else 12,
            "dropout": 0.1,
        },
        "vocab": {sign: number for number, sign in enumerate(_SIGNS, start=1)},
    }


def kokoro_dir(folder: Path, *, small: bool = True) -> Path:
    """Write a model directory that plain `KModel` loads and that speaks noise of the right length.

    About 235 MB, 327 MB in full size; three packs: two of 510 rows, one of 511.
    """
    import torch
    from kokoro.model import KModel

    (folder / VOICES).mkdir(parents=True)
    (folder / CONFIG).write_text(json.dumps(config(small=small)), encoding="utf-8")
    empty = folder / "empty.pth"
    torch.save({}, empty)
    with torch.random.fork_rng(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own, on building the package's model
        torch.manual_seed(0)
        model = KModel(repo_id=REPO, config=str(folder / CONFIG), model=str(empty))
    empty.unlink()
    durations = model.predictor.duration_proj.linear_layer
    with torch.no_grad():
        durations.weight *= 0.3
        durations.bias.fill_(-2.7)  # about three 25 ms frames a phoneme
    torch.save({name: getattr(model, name).state_dict() for name in PARTS}, folder / WEIGHTS)
    rng = np.random.default_rng(0)
    for name, rows in (("ef_dora", 510), ("em_alex", 510), ("af_old", 511)):
        pack = _pack(rng, rows)
        torch.save(torch.from_numpy(pack), folder / VOICES / f"{name}.pt")
    return folder


def _pack(rng: np.random.Generator, rows: int) -> np.ndarray[Any, Any]:
    """A mean, and one mode along the rows, at the published packs' spread."""
    scale = np.repeat([0.015, 0.055], 128)
    mean, mode = 0.14 * rng.standard_normal(256), scale * rng.standard_normal(256)
    length = np.linspace(-1.7, 1.7, rows)
    return (mean + np.outer(length, mode)).astype(np.float32)[:, None, :]
