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
F5_WEIGHTS = "F5 weights"  # in a recipe's versions: whose, and their licence
VERSION = "1.1.22"  # of the package, which only the teacher's environment has
ARCHITECTURE = "architecture.json"  # next to a checkpoint that is not F5TTS_Base
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
        # The model card says so since 2024-11-04 (commit 120ddcf, before it cc0-1.0), and the
        # weights it was trained from are CC-BY-NC; the list in the f5-tts package still says cc0.
        "jpgallegoar/F5-Spanish": "CC-BY-NC-4.0",
        "SWivid/F5-TTS": "CC-BY-NC-4.0",
    }
)


@dataclass(frozen=True, kw_only=True)
class Files:
    """Everything F5 is loaded from; every path is a file that is there."""

    checkpoint: Path
    vocab: Path
    vocoder: Path  # folder of config.yaml and pytorch_model.bin
    architecture: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Whose weights they are, under which licence; `sha256` is empty for files put by hand."""

    source: str
    licence: str
    sha256: str


def files_of(model_dir: Path) -> Files:
    """Find F5's files.

    Raises
    ------
    EngineError
        `missing_model`: the first file that is not there, and where to put it. `bad_model`: one
        that is truncated or empty, or an architecture that cannot be read.
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
    """Return source and licence of the checkpoint, also where it is not there (yet).

    A checkpoint put by hand counts as the default one, F5-Spanish.
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
    """Return whose weights they are, and their licence."""
    found = weights_of(model_dir)
    return f"{found.source}, {found.licence}"


def weights_named(model_dir: Path) -> dict[str, str]:
    """Return what a recipe records among its versions of the teacher's package and weights."""
    return {"f5-tts": VERSION, F5_WEIGHTS: weights_and_licence(model_dir)}


def weights_hashed(model_dir: Path) -> dict[str, str]:
    """Return what a recipe records among its inputs; nothing for files put by hand."""
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
    """Return the arguments of F5's transformer: by name, or from the file next to the weights."""
    if not path.is_file():
        return ARCHITECTURES[DEFAULT]
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise EngineError("bad_model", f"{path} is no JSON: {error}.") from error
    if isinstance(said, str) and said in ARCHITECTURES:
        return ARCHITECTURES[said]
    if isinstance(said, dict) and {"dim", "depth", "heads"} <= said.keys():
        return said
    raise EngineError(
        "bad_model",
        f"{path}: one of {', '.join(ARCHITECTURES)} in quotes, or an object with dim, depth and "
        "heads, as the checkpoint's authors give it.",
    )
