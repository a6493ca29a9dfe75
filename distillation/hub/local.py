"""Checks which files of a model in the model directory are ok, missing or damaged, offline."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Literal

from corpus.files import sha256_of, write_json
from distillation.hub.sets import HubError, ModelSet, Part, natural

RECORDS = "models.json"  # written by `pull`: where each file came from, and its hash
_BLOCK = 2**20

State = Literal["ok", "unverified", "missing", "damaged"]


@dataclass(frozen=True, kw_only=True)
class Record:
    """Where a file came from, and its expected size and hash.

    `repo` is a repository on the hub, or the package if `source` is `packages`.
    """

    repo: str
    revision: str
    size: int
    sha256: str
    source: str = "hub"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One file of a model: its full path, its state, and what to do about it."""

    path: Path
    state: State
    note: str


def check(model: ModelSet, model_dir: Path, *, voices: Sequence[str] = ()) -> list[Finding]:
    """Check every file of a model.

    Parameters
    ----------
    model : ModelSet
        One of `SETS`.
    model_dir : path
        May be missing.
    voices : sequence of str
        Required packs; if empty, at least one pack is required.

    Returns
    -------
    list of Finding
        `ok`: it has the hub's hash. `unverified`: it was put there by hand, its hash is unknown.
    """
    records = read_records(model_dir)
    found = [_part_finding(part, model_dir, records) for part in model.parts]
    return found + list(_voice_findings(model, model_dir, records, voices))


def _part_finding(part: Part, model_dir: Path, records: Mapping[str, Record]) -> Finding:
    if there := newest(part, model_dir):
        return _finding(there, model_dir, records)
    return _missing(model_dir / part.target, part.repo, part.patterns[0])


def newest(part: Part, model_dir: Path) -> Path | None:
    """Return the file that is used for this part, or None if there is none."""
    for pattern in part.patterns:
        there = (model_dir / part.folder).glob(pattern.rpartition("/")[2])
        if found := sorted(there, key=lambda path: natural(path.name)):
            return found[-1]
    return None


def in_the_way(part: Part, name: str, model_dir: Path) -> Path | None:
    """Return the file that takes precedence over one of this name, or None."""
    folder = model_dir / part.folder
    names = {name, *(path.name for path in folder.glob("*"))}
    for pattern in part.patterns:
        if found := [one for one in names if fnmatch(one, pattern.rpartition("/")[2])]:
            first = max(found, key=natural)
            return None if first == name else folder / first
    return None


def _voice_findings(
    model: ModelSet, model_dir: Path, records: Mapping[str, Record], voices: Sequence[str]
) -> Iterator[Finding]:
    if not model.voices:
        return
    folder = model_dir / model.voices
    recorded = {Path(name).stem for name in records if name.startswith(f"{model.voices}/")}
    places = (folder, model_dir)  # packs next to the weights count too
    there = {path.stem for place in places for path in place.glob("*.pt")}
    wanted = sorted({*voices, *recorded, *there})
    for name in wanted:
        paths = [place / f"{name}.pt" for place in places]
        if found := [path for path in paths if path.is_file()]:
            yield _finding(found[0], model_dir, records)
        else:
            yield _missing(paths[0], model.repo, f"{model.voices}/{name}.pt")
    if not wanted:
        yield Finding(
            path=folder,
            state="missing",
            note=f"no voice there; put at least one .pt from the folder {model.voices} of "
            f"huggingface.co/{model.repo} into it, or `models pull {model.name}`",
        )


def _missing(path: Path, repo: str, name: str) -> Finding:
    return Finding(path=path, state="missing", note=f"put {name} of huggingface.co/{repo} there")


def _finding(path: Path, model_dir: Path, records: Mapping[str, Record]) -> Finding:
    record = records.get(path.relative_to(model_dir).as_posix())
    size = path.stat().st_size
    if record is None:
        return Finding(path=path, state="unverified", note="present, not fetched by `models pull`")
    if size != record.size:
        cut = "truncated" if size < record.size else "too long"
        note = f"{cut}: {size:,} of {record.size:,} bytes; `models pull` fetches it again"
        return Finding(path=path, state="damaged", note=note)
    if sha256_of(path) != record.sha256:
        note = f"not the file of {record.repo} (hash differs); `models pull` fetches it again"
        return Finding(path=path, state="damaged", note=note)
    return Finding(path=path, state="ok", note=f"{record.repo} {record.revision[:8]}")


def read_records(model_dir: Path) -> dict[str, Record]:
    """Return the records written by `pull`, by path under the model directory.

    Raises
    ------
    HubError
        `bad_records`: the records cannot be read.
    """
    path = model_dir / RECORDS
    if not path.is_file():
        return {}
    try:
        noted = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): Record(**record) for name, record in noted.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise HubError(
            "bad_records", f"{path} is damaged; delete it and run `models pull` again."
        ) from error


def write_records(model_dir: Path, records: Mapping[str, Record]) -> None:
    """Write the records atomically."""
    data = {name: asdict(record) for name, record in sorted(records.items())}
    write_json(model_dir / RECORDS, data)


def git_blob_of(path: Path) -> str:
    """Return git's blob id of a file, which the hub lists for files that are not in LFS."""
    head = f"blob {path.stat().st_size}\0".encode()
    digest = hashlib.sha1(head, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
