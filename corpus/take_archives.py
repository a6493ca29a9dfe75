"""Batches of takes in folders or untrusted ZIPs: match file names to sentence and style, unpack.

Names are those of the exchange format, `shcc-01_amable.wav`, optionally with a number (`_2`).
Archives are untrusted: the size of the directory is checked before it is read, and no file is
unpacked beyond its limit.
"""

from __future__ import annotations

import re
import stat
import struct
import unicodedata
import zlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from io import SEEK_END
from pathlib import PurePosixPath
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

MAX_FILES = 5_000
MAX_DIRECTORY_BYTES = 2 * 2**20
MAX_RATIO = 100  # audio compresses to a third at best, digital silence no further than this
SMALL = 2**20  # files below this size may have any ratio
SOUNDS = frozenset({"wav", "flac", "ogg", "oga", "opus", "mp3", "webm", "m4a", "mp4"})
ARCHIVES = frozenset({"zip", "7z", "rar", "tar", "gz", "tgz", "bz2", "xz"})
LITTER = frozenset({
    "thumbs.db", "desktop.ini", "corpus.json", "context.json", "readme.md", "left_out.txt",
    "sha256sums", "metadata.csv", "metadata.jsonl",
})  # fmt: skip
# Raised by `zipfile` for truncated or crafted archives.
_DAMAGED = (
    BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, OSError, ValueError,
)  # fmt: skip
_SHOWN = 120
_BLOCK = 2**16
_END, _END_64 = b"PK\x05\x06", b"PK\x06\x07"
_END_SIZE, _LOCATOR_SIZE = 22, 20


class BatchError(Exception):
    """A rejected archive, or a rejected file in it; `code` is stable."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Known:
    """Existing sentence ids and style keys."""

    sentences: Collection[str]
    styles: Collection[str]


@dataclass(frozen=True)
class Found:
    """One file of a folder or archive, as described by its name and header."""

    name: str
    size: int
    fault: str = ""


@dataclass(frozen=True)
class Item:
    """One file of a batch: its sentence and style, or why it was rejected.

    Attributes
    ----------
    name : str
        For display: control characters replaced, at most 120 characters.
    sentence_id, style : str
        Existing keys; empty if the name does not contain them.
    fault : str
        Empty, or a code: `empty`, `too_large`, `name`, `sentence`, `style`, `kind`, `twice`,
        `outside`, `link`, `archive`, `locked`, `bomb`, `packing`; `litter` is ignored silently.
    """

    name: str
    sentence_id: str = ""
    style: str = ""
    fault: str = ""


def plan(files: Iterable[Found], known: Known, *, max_bytes: int) -> list[Item]:
    """Match each file to a sentence and style, or to an error code; the order is kept."""
    styles = {key.casefold(): key for key in known.styles}
    sentences = {key.casefold(): key for key in known.sentences}
    seen: set[tuple[str, str, str]] = set()
    items = []
    for file in files:
        item = _item(file, sentences, styles, max_bytes)
        key = (item.sentence_id, item.style, _number(file.name))
        if not item.fault and key in seen:
            item = Item(item.name, item.sentence_id, item.style, "twice")
        elif not item.fault:
            seen.add(key)
        items.append(item)
    return items


def _item(file: Found, sentences: dict[str, str], styles: dict[str, str], max_bytes: int) -> Item:
    shown, fault = clean(file.name), file.fault or _fault_of_path(file.name)
    path = PurePosixPath(file.name)
    kind = path.suffix.lower().removeprefix(".")
    if not fault and kind in ARCHIVES:
        fault = "archive"
    if not fault and kind not in SOUNDS:
        fault = "kind"
    if fault:
        return Item(shown, fault=fault)
    sentence_id, style, fault = _meaning(path.stem, sentences, styles)
    if not fault:
        fault = "empty" if not file.size else "too_large" if file.size > max_bytes else ""
    return Item(shown, sentence_id, style, fault)


def _fault_of_path(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or any(sign in name for sign in "\\:\0"):
        return "outside"
    return "litter" if _is_litter(path) else ""


def _is_litter(path: PurePosixPath) -> bool:
    """Return whether a file was added by an operating system or by our own exports."""
    hidden = path.name.startswith(".") and path.name not in (".", "..")
    return hidden or "__MACOSX" in path.parts or path.name.lower() in LITTER


def _meaning(stem: str, sentences: dict[str, str], styles: dict[str, str]) -> tuple[str, str, str]:
    """Parse `sentence_style` or `sentence_style_2` to (sentence id, style, error code)."""
    stem = re.sub(r"_\d{1,4}$", "", unicodedata.normalize("NFC", stem).casefold().strip())
    for key in sorted(styles, key=len, reverse=True):
        if stem.endswith(f"_{key}"):
            sentence = sentences.get(stem[: -len(key) - 1], "")
            return sentence, styles[key], "" if sentence else "sentence"
    head, _, tail = stem.rpartition("_")
    if not (head and tail):
        return "", "", "name"
    return sentences.get(head, ""), "", "style" if head in sentences else "name"


def _number(name: str) -> str:
    found = re.search(r"_(\d{1,4})$", PurePosixPath(name).stem)
    return found[1] if found else ""


def clean(name: str) -> str:
    """Return a name for display: control characters replaced, at most `_SHOWN` characters."""
    letters = (x if unicodedata.category(x)[0] != "C" else "�" for x in name[: 4 * _SHOWN])
    shown = "".join(letters)
    return shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 1]}…"


def archive_files(file: BinaryIO) -> list[Found]:
    """List the files of a ZIP, each with the error found in its header.

    Raises
    ------
    BatchError
        `not_zip`, `damaged`, `too_many`, `empty_zip`: the archive as a whole is rejected.
    """
    with _opened(file) as zip_:
        found = [_found(info) for info in zip_.infolist() if not info.is_dir()]
    if not found:
        raise BatchError("empty_zip")
    return found


def archive_extract(file: BinaryIO, index: int, into: BinaryIO, *, max_bytes: int) -> None:
    """Unpack file `index` of `archive_files` and check its CRC.

    Raises
    ------
    BatchError
        `too_large` once more than `max_bytes` are unpacked, whatever the header says;
        `damaged`, or the error found in its header.
    """
    with _opened(file) as zip_:
        infos = [info for info in zip_.infolist() if not info.is_dir()]
        if not 0 <= index < len(infos):
            raise BatchError("damaged")
        if fault := _found(infos[index]).fault:
            raise BatchError(fault)
        try:
            _unpack(zip_, infos[index], into, max_bytes)
        except _DAMAGED as error:
            raise BatchError("damaged") from error


def _unpack(zip_: ZipFile, info: ZipInfo, into: BinaryIO, max_bytes: int) -> None:
    written = 0
    with zip_.open(info) as packed:
        while block := packed.read(_BLOCK):
            written += len(block)
            if written > max_bytes:
                raise BatchError("too_large")
            into.write(block)


def _found(info: ZipInfo) -> Found:
    name = info.orig_filename  # `filename` ends at the first NUL
    return Found(name, info.file_size, _fault_of_header(info))


def _fault_of_header(info: ZipInfo) -> str:
    if "\0" in info.orig_filename:
        return "outside"
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "link"
    if info.flag_bits & 0x1:
        return "locked"
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        return "packing"
    if info.file_size > SMALL and info.file_size > MAX_RATIO * max(info.compress_size, 1):
        return "bomb"
    return ""


def _opened(file: BinaryIO) -> ZipFile:
    _check_directory(file)
    try:
        return ZipFile(file)
    except _DAMAGED as error:
        raise BatchError("damaged") from error


def _check_directory(file: BinaryIO) -> None:
    """Reject an oversized directory before `zipfile` reads it into memory."""
    size = file.seek(0, SEEK_END)
    reach = min(size, 2**16 + _END_SIZE + _LOCATOR_SIZE)
    file.seek(size - reach)
    tail = file.read(reach)
    at = len(tail) - _END_SIZE
    if at < 0 or tail[at : at + 4] != _END or tail[-2:] != b"\0\0":
        at = tail.rfind(_END)
    if at < 0 or at + _END_SIZE > len(tail):
        raise BatchError("not_zip")
    count, directory = struct.unpack("<HI", tail[at + 10 : at + 16])
    is_64 = tail[max(0, at - _LOCATOR_SIZE) : at].startswith(_END_64)
    if is_64 or count > MAX_FILES or directory > MAX_DIRECTORY_BYTES:
        raise BatchError("too_many")
