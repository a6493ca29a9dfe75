"""Deployed voices in a bucket: published by the worker that deploys, copied to every machine."""

from __future__ import annotations

import errno
import json
import logging
import time
from pathlib import Path

from corpus.bucket import Bucket, address_of
from corpus.files import folder_lock, sha256, sha256_of, write_bytes
from distillation import manifest
from distillation.manifest import Manifest, ManifestError

logger = logging.getLogger(__name__)

INDEX = "index.json"  # {"engine": "praat", "manifest": that of the voices, null if there are none}
PACKS = "packs"  # a file for each pack, named by its SHA-256
EVERY_S, AWAY_S = 5.0, 30.0  # between looks at the bucket, and after one that failed


class SharedVoices:
    """The deployed voices of a bucket, and a folder that has a copy of them.

    Parameters
    ----------
    url : str
        STORAGE_URL.
    folder : Path
        Holds manifest.json, the packs and tts.env, as the speech service reads them.

    Attributes
    ----------
    warnings : tuple of str
        Why the folder may be older than the bucket; empty if it is not.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self._bucket = Bucket(address_of(url), "voices/")
        self._folder = folder
        self._etag = ""  # of the index that the folder is a copy of
        self._next = 0.0
        self.warnings: tuple[str, ...] = ()

    def refresh(self) -> None:
        """Copy what changed, at most every five seconds; the folder stays if that fails."""
        if time.monotonic() < self._next:
            return
        try:
            with folder_lock(self._folder):
                self.pull_locked()
            self.warnings = ()
        except (OSError, ManifestError) as error:
            if not self.warnings:
                logger.warning("shared voices not read: %s", error)
            self.warnings = (f"Shared voices: {error}; the last copy of them is in use.",)
        self._next = time.monotonic() + (AWAY_S if self.warnings else EVERY_S)

    def pull_locked(self) -> bool:
        """Make the folder a copy of the bucket's voices; the caller holds its lock.

        Packs are written first, then the manifest, so a service that reads in between keeps the
        voices it has.

        Returns
        -------
        bool
            Whether voices were ever published; if not, the folder stays as it is.

        Raises
        ------
        OSError, ManifestError
            The bucket or the folder cannot be read or written; the manifest is still the old one.
        """
        try:
            etag = self._bucket.stat(INDEX).etag
        except FileNotFoundError:
            return False
        if etag != self._etag:
            self._copy(*self._index())
            self._etag = etag
        return True

    def publish(self) -> None:
        """Publish the folder's voices, unless others were published since it was a copy.

        Raises
        ------
        FileExistsError
            Another machine published voices meanwhile; the bucket has those.
        OSError, ManifestError
            The bucket or the folder cannot be read or written; the bucket has the former voices.
        """
        after = manifest.read(self._folder)
        wanted = _hashes(after)
        there = set(self._bucket.list(PACKS)[1])
        for name, digest in wanted.items():
            if digest not in there:
                self._bucket.put(f"{PACKS}/{digest}", (self._folder / name).read_bytes())
        engine = manifest.deployed_engine(self._folder)
        index = {"engine": engine, "manifest": manifest.data_of(after) if after else None}
        content = json.dumps(index, ensure_ascii=False, sort_keys=True).encode()
        self._bucket.put(INDEX, content, replaces=self._etag)
        for digest in there.difference(wanted.values()):
            self._bucket.delete(f"{PACKS}/{digest}")

    def _index(self) -> tuple[Manifest | None, str]:
        try:
            index = json.loads(self._bucket.get(INDEX))
            found = manifest.parse(index["manifest"]) if index["manifest"] else None
            return found, str(index["engine"])
        except (ValueError, LookupError, TypeError) as error:
            raise ManifestError(f"{INDEX} in the bucket: {error}; deploy a voice again.") from error

    def _copy(self, after: Manifest | None, engine: str) -> None:
        try:
            before = _hashes(manifest.read(self._folder))
        except ManifestError:  # it is replaced
            before = {}
        wanted = _hashes(after)
        for name, digest in wanted.items():
            path = self._folder / name
            if not path.is_file() or sha256_of(path) != digest:
                write_bytes(path, self._pack(digest))
        if after:
            manifest.write(self._folder, after)
        else:
            (self._folder / manifest.NAME).unlink(missing_ok=True)
        manifest.write_env(self._folder, self._folder, after, engine)
        for name in set(before) - set(wanted):
            (self._folder / name).unlink(missing_ok=True)

    def _pack(self, digest: str) -> bytes:
        content = self._bucket.get(f"{PACKS}/{digest}")
        if sha256(content) != digest:
            raise OSError(errno.EIO, "the pack is damaged", f"{PACKS}/{digest}")
        return content


def _hashes(voices: Manifest | None) -> dict[str, str]:
    """Return the SHA-256 of every file of the voices, by name."""
    found: dict[str, str] = {}
    for voice in voices.voices.values() if voices else ():
        found |= voice.hashes
    return found
