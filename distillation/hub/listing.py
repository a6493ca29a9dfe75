"""Lists the hub's files of a model, with sizes and hashes, before anything is fetched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import TYPE_CHECKING

from distillation.hub.sets import HubError, ModelSet, Part, natural

if TYPE_CHECKING:
    from huggingface_hub.hf_api import ModelInfo, RepoSibling


@dataclass(frozen=True, kw_only=True)
class RemoteFile:
    """A file on the hub and its local path; `sha256` for large files, `blob` (git's) for all."""

    repo: str
    revision: str
    path: str
    target: str
    size: int
    sha256: str
    blob: str


def remote_files(
    model: ModelSet, *, voices: Sequence[str] | None = (), endpoint: str | None = None
) -> list[RemoteFile]:
    """Return the hub's files of a model.

    Parameters
    ----------
    model : ModelSet
        One of `SETS`.
    voices : sequence of str or None
        Names of packs; None for all packs.
    endpoint : str, optional
        Of the hub; by default HF_ENDPOINT, or huggingface.co.

    Raises
    ------
    HubError
        `no_network`, `no_repository`, `not_there`, `unknown_voice`; each says what to do.
    """
    infos = {repo: _info(repo, endpoint) for repo in {part.repo for part in model.parts}}
    found = [_file(infos[part.repo], _chosen(part, infos[part.repo]), part) for part in model.parts]
    if not model.voices:
        return found
    info = infos[model.repo]
    there = {_stem(one.rfilename): one for one in _siblings(info, f"{model.voices}/*.pt")}
    part = Part(repo=model.repo, patterns=(f"{model.voices}/*.pt",), folder=model.voices)
    return found + [_file(info, there[name], part) for name in _named(voices, there)]


def _named(voices: Sequence[str] | None, there: Iterable[str]) -> list[str]:
    known = sorted(there)
    if voices is None:
        return known
    if unknown := [name for name in voices if name not in known]:
        raise HubError(
            "unknown_voice",
            f"The hub has no voice {', '.join(unknown)}; it has {', '.join(known)}.",
        )
    return list(dict.fromkeys(voices))


def _info(repo: str, endpoint: str | None) -> ModelInfo:
    from httpx2 import HTTPError
    from huggingface_hub import HfApi
    from huggingface_hub.errors import OfflineModeIsEnabled, RepositoryNotFoundError

    api = HfApi(endpoint=endpoint)
    try:
        return api.model_info(repo, files_metadata=True, timeout=20.0)
    except RepositoryNotFoundError as error:
        raise HubError(
            "no_repository", f"{api.endpoint} has no repository {repo}, or it is not public."
        ) from error
    except (HTTPError, OfflineModeIsEnabled, OSError, ValueError) as error:  # or not JSON
        raise unreachable(api.endpoint, error) from error


def unreachable(endpoint: str | None, error: Exception) -> HubError:
    """Return the error for a hub that does not answer, with possible remedies."""
    from huggingface_hub import constants

    return HubError(
        "no_network",
        f"The hub at {endpoint or constants.ENDPOINT} cannot be reached "
        f"({type(error).__name__}: {str(error)[:120]}). "
        "Set HF_ENDPOINT to a mirror, or fetch the files on another machine and put them by hand "
        "where `manage.py models check` says.",
    )


def _siblings(info: ModelInfo, pattern: str) -> list[RepoSibling]:
    return [one for one in info.siblings or () if fnmatch(one.rfilename, pattern)]


def _chosen(part: Part, info: ModelInfo) -> RepoSibling:
    for pattern in part.patterns:
        if found := _siblings(info, pattern):
            return max(found, key=lambda one: natural(one.rfilename))
    raise HubError(
        "not_there", f"The repository {part.repo} holds no {' or '.join(part.patterns)}."
    )


def _file(info: ModelInfo, one: RepoSibling, part: Part) -> RemoteFile:
    name = one.rfilename.rpartition("/")[2]
    return RemoteFile(
        repo=part.repo,
        revision=info.sha or "main",
        path=one.rfilename,
        target=f"{part.folder}/{name}" if part.folder else name,
        size=one.size or 0,
        sha256=one.lfs.sha256 if one.lfs else "",
        blob=one.blob_id or "",
    )


def _stem(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".pt")
