"""Fetches model files: resumes interrupted downloads, verifies hashes, moves atomically."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from corpus.files import sha256_of
from distillation.hub.listing import RemoteFile, unreachable
from distillation.hub.local import Record, git_blob_of, read_records, write_records
from distillation.hub.sets import HubError

PARTIAL = ".pull"  # folder of partial downloads


def pull(files: Iterable[RemoteFile], model_dir: Path, *, endpoint: str | None = None) -> list[str]:
    """Fetch files into the model directory.

    An existing file with the hub's hash is kept. The next call resumes an interrupted download.
    A file is moved to its final path only after its hash is verified, so that a reader never
    sees a partial file.

    Parameters
    ----------
    files : iterable of RemoteFile
        From `remote_files`.
    model_dir : path
        Created if missing.
    endpoint : str, optional
        As for `remote_files`.

    Returns
    -------
    list of str
        Paths under `model_dir` that were fetched by this call.

    Raises
    ------
    HubError
        `no_network`, `damaged` (wrong hash after the download), `not_written`, `busy`.
    """
    fetched = []
    with alone(model_dir):
        for file in files:
            target = model_dir / file.target
            if not (target.is_file() and _matches(target, file)):
                _fetch(file, target, model_dir / PARTIAL, endpoint)
                fetched.append(file.target)
            _note(file, model_dir)
        if (model_dir / PARTIAL).is_dir() and not any((model_dir / PARTIAL).iterdir()):
            (model_dir / PARTIAL).rmdir()
    return fetched


@contextmanager
def alone(model_dir: Path) -> Iterator[None]:
    """Allow only one pull at a time: two would write to the same partial file."""
    try:
        model_dir.mkdir(parents=True, exist_ok=True)
        with _opened(model_dir) as folder:
            try:
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise HubError(
                    "busy", f"Another `models pull` writes into {model_dir}; wait until it ends."
                ) from error
            yield
    except OSError as error:
        raise HubError(
            "not_written",
            f"{model_dir} cannot be written ({error}). Let this user write there, or name another "
            "folder with --model-dir (MODEL_DIR for the programs that read it).",
        ) from error


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    handle = os.open(folder, os.O_RDONLY)
    try:
        yield handle
    finally:
        os.close(handle)


def _fetch(file: RemoteFile, target: Path, partial: Path, endpoint: str | None) -> None:
    partial.mkdir(parents=True, exist_ok=True)
    part = partial / f"{file.sha256 or file.blob or file.target.replace('/', '-')}.part"
    _download(file, part, endpoint)
    if not _matches(part, file):
        part.unlink()
        raise HubError(
            "damaged",
            f"{file.target}: the download from {file.repo} does not have the hash the hub "
            "names and was deleted. Pull again; if this repeats, a proxy or mirror is changing "
            "files.",
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    part.chmod(0o644)
    part.replace(target)


def _download(file: RemoteFile, part: Path, endpoint: str | None) -> None:
    from httpx2 import HTTPError
    from huggingface_hub import get_hf_file_metadata, hf_hub_url
    from huggingface_hub.file_download import http_get

    if part.exists() and part.stat().st_size > file.size:
        part.unlink()
    url = hf_hub_url(file.repo, file.path, revision=file.revision, endpoint=endpoint)
    try:
        with part.open("ab") as sink:
            http_get(
                get_hf_file_metadata(url, token=False, endpoint=endpoint).location,
                sink,
                resume_size=sink.tell(),
                expected_size=file.size or None,
                displayed_filename=file.target,
            )
    except (HTTPError, ConnectionError) as error:
        raise unreachable(endpoint, error) from error
    except OSError as error:
        raise HubError(
            "not_written",
            f"{file.target}: {error}. The partial download is kept in {part.parent}; pull again.",
        ) from error


def _matches(path: Path, file: RemoteFile) -> bool:
    if path.stat().st_size != file.size:
        return False
    if file.sha256:
        return sha256_of(path) == file.sha256
    return not file.blob or git_blob_of(path) == file.blob


def _note(file: RemoteFile, model_dir: Path) -> None:
    """Record the file's hash, so that `check` can verify it without the hub."""
    records = read_records(model_dir)
    sha256 = file.sha256 or sha256_of(model_dir / file.target)
    record = Record(repo=file.repo, revision=file.revision, size=file.size, sha256=sha256)
    if records.get(file.target) != record:
        write_records(model_dir, {**records, file.target: record})
