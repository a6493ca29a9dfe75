"""F5's files under the model directory: checkpoint, vocabulary, vocoder, architecture, licence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from distillation.engines.base import EngineError
from distillation.hub import F5, HubError
from distillation.hub.local import Record, newest, read_records
from distillation.hub.sets import Part

FOLDER = "f5"
F5_WEIGHTS = "F5 weights"  # key in a recipe's versions: source and licence
VERSION = "1.1.22"  # of the package, installed in the teacher's environment only
ARCHITECTURE = "architecture.json"  # needed next to a checkpoint that is not F5TTS_Base
DEFAULT = "F5TTS_Base"
_BASE = {"dim": 1024, "depth": 22, "heads": 16, "ff_mult": 2, "text_dim": 512, "conv_layers": 4}
ARCHITECTURES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "F5TTS_Base": {**_BASE, "text_mask_padding": False, "pe_attn_head": 1},
        "F5TTS_v1_Base": _BASE,
    }
)
LICENCES: Mapping[str, str] = MappingProxyType(
    {
        # According to the model card since 2024-11-04 (commit 120ddcf; cc0-1.0 before). The weights
        # it was trained from are CC-BY-NC. The list in the f5-tts package still says cc0.
        "jpgallegoar/F5-Spanish": "CC-BY-NC-4.0",
        "SWivid/F5-TTS": "CC-BY-NC-4.0",
    }
)


@dataclass(frozen=True, kw_only=True)
class Files:
    """All files that F5 is loaded from; every path exists."""

    checkpoint: Path
    vocab: Path
    vocoder: Path  # folder of config.yaml and pytorch_model.bin
    architecture: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Source and licence of the weights; `sha256` is empty for files added manually."""

    source: str
    licence: str
    sha256: str


def files_of(model_dir: Path) -> Files:
    """Find F5's files.

    Raises
    ------
    EngineError
        `missing_model`: the first missing file, and where to put it. `bad_model`: a file that is
        truncated or empty, or an architecture that cannot be read.
    """
    records = _records(model_dir)
    checkpoint, vocab, config, _ = (_file(part, model_dir, records) for part in F5.parts)
    return Files(
        checkpoint=checkpoint,
        vocab=vocab,
        vocoder=config.parent,
        architecture=_architecture(model_dir / FOLDER / ARCHITECTURE),
    )


def weights_of(model_dir: Path) -> Weights:
    """Return source and licence of the checkpoint, even if it is missing.

    A checkpoint added manually is taken for the default one, F5-Spanish.
    """
    found = newest(F5.parts[0], model_dir)
    record = _records(model_dir).get(f"{FOLDER}/{found.name}") if found else None
    source = record.repo if record else F5.repo
    return Weights(
        source=source,
        licence=LICENCES.get(source, f"see huggingface.co/{source}"),
        sha256=record.sha256 if record else "",
    )


def weights_and_licence(model_dir: Path) -> str:
    """Return the source of the weights and their licence, as text."""
    found = weights_of(model_dir)
    return f"{found.source}, {found.licence}"


def weights_named(model_dir: Path) -> dict[str, str]:
    """Return the recipe's `versions` entries for the teacher's package and weights."""
    return {"f5-tts": VERSION, F5_WEIGHTS: weights_and_licence(model_dir)}


def weights_hashed(model_dir: Path) -> dict[str, str]:
    """Return the recipe's `inputs` entry for the weights; empty for files added manually."""
    found = weights_of(model_dir)
    return {f"models/{FOLDER}": found.sha256} if found.sha256 else {}


def _records(model_dir: Path) -> dict[str, Record]:
    try:
        return read_records(model_dir)
    except HubError as error:
        raise EngineError("bad_model", str(error)) from error


def _file(part: Part, model_dir: Path, records: Mapping[str, Record]) -> Path:
    path = newest(part, model_dir)
    if path is None:
        raise EngineError(
            "missing_model",
            f"{model_dir / part.target} is missing: run `manage.py models pull f5`, or put "
            f"{part.patterns[0]} of huggingface.co/{part.repo} there.",
        )
    record, size = records.get(path.relative_to(model_dir).as_posix()), path.stat().st_size
    if not size or (record and size != record.size):
        wanted = f"{record.size:,}" if record else "some"
        raise EngineError(
            "bad_model",
            f"{path} is truncated: {size:,} of {wanted} bytes; `manage.py models pull f5` "
            "fetches it again.",
        )
    return path


def _architecture(path: Path) -> Mapping[str, Any]:
    """Return the arguments of F5's transformer, from the file next to the weights if it exists."""
    if not path.is_file():
        return ARCHITECTURES[DEFAULT]
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise EngineError("bad_model", f"{path} is no JSON: {error}.") from error
    if isinstance(content, str) and content in ARCHITECTURES:
        return ARCHITECTURES[content]
    if isinstance(content, dict) and {"dim", "depth", "heads"} <= content.keys():
        return content
    raise EngineError(
        "bad_model",
        f"{path}: one of {', '.join(ARCHITECTURES)} in quotes, or an object with dim, depth and "
        "heads, as the checkpoint's authors give it.",
    )
