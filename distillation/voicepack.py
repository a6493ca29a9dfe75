"""VoicePack, the tensor that steers a student: safe loading, atomic saving, interpolation."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import pickle
import struct
import zipfile
import zlib
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import numpy as safetensors

from corpus.audio.types import Samples
from corpus.files import sha256, write_bytes

logger = logging.getLogger(__name__)

ROWS = (510, 511)  # Kokoro v1.0 and v0.19
WIDTH = 256
TIMBRE = slice(0, 128)
PROSODY = slice(128, 256)
PITCH_RANGES = (0.5, 2.0)
LIMIT = 100.0  # published packs stay within ±1.8; values far beyond indicate damage
MAX_FILE = 8 * 2**20
PLAIN_ENGINE = "kokoro"  # engine of a pack file that names none
RECORD = "voicelab.json"
_DAMAGE = (  # raised by zip, JSON and pickle on damaged bytes
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, RuntimeError, ValueError, LookupError,
    TypeError, AttributeError, AssertionError, OverflowError, EOFError, OSError, struct.error,
)  # fmt: skip


class PackError(ValueError):
    """A voice pack cannot be used; `code` is stable, the message says what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, eq=False)
class VoicePack:
    """A voice of one engine.

    Attributes
    ----------
    data : ndarray, shape (510 or 511, 1, 256), float32
        One style embedding for every phoneme count; timbre in columns 0-127,
        prosody in 128-255. Read-only, finite, within ±100.
    engine : str
        The student it was made for.
    pitch_range : float
        Factor on the intervals of F0 from its median, 0.5-2. It is how the voice is spoken: no part
        of the values, nor of the file.

    Raises
    ------
    PackError
        `shape`, `dtype`, `not_finite` or `out_of_range`.
    """

    data: Samples
    engine: str
    pitch_range: float = 1.0

    def __post_init__(self) -> None:
        _check(self.data)
        low, high = PITCH_RANGES
        if not low <= self.pitch_range <= high:
            raise PackError("out_of_range", f"a pitch range of {low:g} to {high:g} times wanted")
        data = np.array(self.data, order="C")
        data.setflags(write=False)
        object.__setattr__(self, "data", data)

    def row(self, phonemes: int) -> Samples:
        """Return the (256,) style embedding for a text with this number of phonemes."""
        return self.data[min(max(phonemes - 1, 0), len(self.data) - 1), 0]

    def at_pitch_range(self, factor: float) -> VoicePack:
        """Return the voice, spoken with this pitch range."""
        return self if factor == self.pitch_range else replace(self, pitch_range=factor)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of engine, shape, values and pitch range (`save` returns the file's hash)."""
        wide = "" if self.pitch_range == 1 else f"pitch range {self.pitch_range!r} "
        head = f"{self.engine} {self.data.shape} {wide}".encode()
        return hashlib.sha256(head + self.data.astype("<f4").tobytes()).hexdigest()


def load(path: str | Path, *, engine: str | None = None) -> VoicePack:
    """Load a pack from an untrusted source.

    Parameters
    ----------
    path : path
        A zip-format `torch.save` file of one float32 tensor.
    engine : str, optional
        Reject a pack made for another student. A file that names no engine is for Kokoro.

    Raises
    ------
    PackError
        `missing`, `unreadable`, `too_large`, `not_a_pack`, `unsafe`, `wrong_engine` or a code
        of VoicePack; the message names the file.
    """
    path = Path(path)
    blob = _read(path)
    try:
        made_for = _engine_of(blob)
        if engine is not None and made_for != engine:
            raise PackError(
                "wrong_engine",
                f"it was made for the engine {made_for!r} and cannot steer {engine!r}; "
                f"choose a pack of {engine!r}",
            )
        return VoicePack(_tensor(blob), made_for)
    except PackError as error:
        if error.code == "unsafe":
            logger.warning("refused pack %s: %s", path, error.__cause__)
        raise PackError(error.code, f"{path}: {error}.") from error


def save(pack: VoicePack, path: str | Path) -> str:
    """Write the pack atomically; equal packs give equal bytes. Return the file's SHA-256.

    The file is a bare tensor for `torch.load(path, weights_only=True)`, as Kokoro expects; the
    engine's name is stored as an additional member of the zip file.
    """
    import torch

    buffer = io.BytesIO()
    torch.save(torch.from_numpy(pack.data.copy()), buffer)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(zipfile.ZipInfo(f"archive/{RECORD}"), json.dumps({"engine": pack.engine}))
    blob = buffer.getvalue()
    write_bytes(Path(path), blob)
    return sha256(blob)


def save_safetensors(pack: VoicePack, path: str | Path) -> str:
    """Write the pack's values as safetensors, which need no unpickling; return the SHA-256.

    One tensor, `voice`, shape (510 or 511, 1, 256); the metadata name its engine.
    """
    blob = safetensors.save({"voice": pack.data}, metadata={"engine": pack.engine})
    write_bytes(Path(path), blob)
    return sha256(blob)


def interpolate(a: VoicePack, b: VoicePack, t: float) -> VoicePack:
    """Return `(1 - t)·a + t·b`; `t` outside 0…1 extrapolates.

    Raises
    ------
    PackError
        `wrong_engine` or `shape` if the two are incompatible.
    """
    if a.engine != b.engine:
        raise PackError("wrong_engine", f"packs of {a.engine!r} and {b.engine!r} do not mix")
    if a.data.shape != b.data.shape:
        raise PackError("shape", f"packs of {len(a.data)} and {len(b.data)} rows do not mix")
    weight = np.float32(t)
    return VoicePack((np.float32(1) - weight) * a.data + weight * b.data, a.engine)


def _check(data: NDArray[np.generic]) -> None:
    if data.dtype != np.float32:
        raise PackError("dtype", f"float32 values wanted, not {data.dtype}")
    if data.ndim != 3 or data.shape[0] not in ROWS or data.shape[1:] != (1, WIDTH):
        raise PackError("shape", f"shape (510 or 511, 1, 256) wanted, not {tuple(data.shape)}")
    if not np.isfinite(data).all():
        raise PackError("not_finite", "it holds NaN or infinite values")
    if (peak := float(np.abs(data).max())) > LIMIT:
        raise PackError("out_of_range", f"values within ±{LIMIT:.0f} wanted, not {peak:.3g}")


def _read(path: Path) -> bytes:
    if path.exists() and not path.is_file():  # opening a named pipe would wait for a writer
        raise PackError("unreadable", f"{path}: not a regular file.")
    try:
        with path.open("rb") as file:
            blob = file.read(MAX_FILE + 1)
    except FileNotFoundError as error:
        raise PackError("missing", f"{path}: there is no such voice pack.") from error
    except OSError as error:
        raise PackError("unreadable", f"{path}: cannot be read ({error.strerror}).") from error
    if len(blob) > MAX_FILE:
        raise PackError("too_large", f"{path}: larger than {MAX_FILE // 2**20} MB, not a pack.")
    return blob


def _engine_of(blob: bytes) -> str:
    """Return the engine named in the file, without unpickling anything."""
    try:
        with zipfile.ZipFile(io.BytesIO(blob)) as archive:
            infos = archive.infolist()
            if sum(info.file_size for info in infos) > MAX_FILE:
                raise PackError("too_large", f"it unpacks to more than {MAX_FILE // 2**20} MB")
            named = [info for info in infos if Path(info.filename).name == RECORD]
            if not named:
                return PLAIN_ENGINE
            record = json.loads(archive.read(named[0]))
    except _DAMAGE as error:
        if isinstance(error, PackError):
            raise
        raise PackError("not_a_pack", "not a pack written by torch.save") from error
    if not isinstance(record, dict) or not isinstance(record.get("engine"), str):
        raise PackError("not_a_pack", f"its record {RECORD} names no engine")
    return record["engine"]


def _tensor(blob: bytes) -> Samples:
    """Unpickle one tensor, without allowing code execution."""
    import torch

    try:
        value = torch.load(io.BytesIO(blob), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise PackError("unsafe", "its pickle does more than hold a tensor; refused") from error
    except _DAMAGE as error:
        raise PackError("not_a_pack", "damaged, or not a pack written by torch.save") from error
    try:
        return _values(value)
    except _DAMAGE as error:  # a kind of tensor that nobody expected
        if isinstance(error, PackError):
            raise
        raise PackError("not_a_pack", f"not a plain tensor ({type(error).__name__})") from error


def _values(value: Any) -> Samples:
    """Return the values of an ordinary tensor of a pack's shape."""
    import torch

    if type(value) not in (torch.Tensor, torch.nn.Parameter) or value.is_quantized:
        raise PackError("not_a_pack", f"one tensor wanted, not {type(value).__name__}")
    if value.layout != torch.strided or value.device.type != "cpu" or value.is_nested:
        kind = f"a {value.layout} tensor on {value.device}"
        raise PackError("not_a_pack", f"one tensor with its values wanted, not {kind}")
    if value.dtype != torch.float32:
        raise PackError("dtype", f"float32 values wanted, not {value.dtype}")
    if value.ndim != 3 or value.shape[0] not in ROWS or tuple(value.shape[1:]) != (1, WIDTH):
        raise PackError("shape", f"shape (510 or 511, 1, 256) wanted, not {tuple(value.shape)}")
    return value.detach().resolve_neg().contiguous().numpy()
