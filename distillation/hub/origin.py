"""Determines where Kokoro's weights came from, by their hash and the records of a pull."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from corpus.files import sha256_of
from corpus.translatable import gettext_noop as _
from distillation.hub.kokoro_files import WEIGHTS
from distillation.hub.local import read_records
from distillation.hub.sets import KOKORO, HubError

KOKORO_WEIGHTS = "Kokoro weights"  # key in a recipe's versions; the value is in English
OFFICIAL_SHA256 = "496dba118d1a58f5f3db2efc88dbdc216e0483fc89fe6e47ee1f2c53f18ad1e4"
DEQUANTISED_SHA256 = "a10ad078aa539b920a480d45f7cdf208233619bd34eee86e28432d52e45e4af8"

Kind = Literal["official", "dequantised", "other", "missing"]
WORDS: dict[Kind, str] = {
    "official": _("official float32"),
    "dequantised": _("dequantised from the int8 export"),
    "other": _("of unknown origin, put there by hand"),
    "missing": _("not there"),
}


@dataclass(frozen=True, kw_only=True)
class WeightsOrigin:
    """The kind of the weights; `sha256` is empty if there are none."""

    kind: Kind
    sha256: str

    @property
    def words(self) -> str:
        """Their display name, an English msgid."""
        return WORDS[self.kind]


def weights_origin(model_dir: str | Path) -> WeightsOrigin:
    """Return where the weights in the model directory came from.

    Hashes are cached by size and modification time: 327 MB take about 0.3 s.
    """
    path = Path(model_dir) / WEIGHTS
    try:
        stat = path.stat()
    except OSError:
        return WeightsOrigin(kind="missing", sha256="")
    sha256 = _hash(path, stat.st_size, stat.st_mtime_ns)
    return WeightsOrigin(kind=_kind(sha256, path.parent), sha256=sha256)


def weights_recorded(model_dir: Path) -> dict[str, str]:
    """Return the entry about Kokoro's weights in a recipe's versions: kind and hash."""
    origin = weights_origin(model_dir)
    return {KOKORO_WEIGHTS: f"{origin.words}, {origin.sha256}"} if origin.sha256 else {}


def _kind(sha256: str, model_dir: Path) -> Kind:
    if sha256 == OFFICIAL_SHA256:
        return "official"
    if sha256 == DEQUANTISED_SHA256:
        return "dequantised"
    try:
        record = read_records(model_dir).get(WEIGHTS)
    except HubError:
        record = None
    if record is None or record.sha256 != sha256:
        return "other"
    if record.source == "packages":
        return "dequantised"  # converted with other library versions
    return "official" if record.repo == KOKORO.repo else "other"


@lru_cache(maxsize=4)
def _hash(path: Path, size: int, changed_ns: int) -> str:  # noqa: ARG001
    return sha256_of(path)
