"""Finds damage in SQLite's write-ahead log, whose changes SQLite would drop without a word."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

HEADER, FRAME_HEADER = 32, 24  # bytes
MAGIC = 0x377F0682  # the last bit: whether checksums read words as big-endian


class _Frame(NamedTuple):
    is_commit: bool
    checksum: tuple[int, int]  # as stored
    salts: bytes
    summed: bytes  # what the checksum is over


def lost_changes(path: Path) -> int:
    """Return how many stored transactions of a write-ahead log SQLite would not read.

    Every frame's checksum goes on from the one before it, and SQLite ends at the first that is
    wrong. That is right for the end of a log, where a write was cut off. If transactions follow
    whose checksum fits what is stored of the frame before, the log was damaged in between.

    Parameters
    ----------
    path : Path
        `DATABASE-wal`; it need not be there. A log is read whole, 25 MB in a second or two.

    References
    ----------
    SQLite, Database File Format, 4.1-4.2 (WAL file format, checksum algorithm).
    """
    data = path.read_bytes() if path.exists() else b""
    if len(data) < HEADER + FRAME_HEADER:
        return 0
    magic, _, page = struct.unpack(">3I", data[:12])
    if magic & ~1 != MAGIC or not 512 <= page <= 65_536:
        return 1 if any(data[:HEADER]) else 0  # how many is unknown
    order, salts = ">" if magic & 1 else "<", data[16:24]
    stored = struct.unpack(">2I", data[24:32])
    first = _Frame(False, stored, salts, data[:24])
    frames = [frame for frame in _frames(data, page) if frame.salts == salts]
    whole = _sum(order, first.summed, (0, 0)) == stored
    lost = 0
    for before, frame in pairwise([first, *frames]):
        fits = _sum(order, frame.summed, before.checksum) == frame.checksum
        lost += fits and not whole and frame.is_commit
        whole = whole and fits
    return lost


def _frames(data: bytes, page: int) -> Iterator[_Frame]:
    size = FRAME_HEADER + page
    for start in range(HEADER, len(data) - size + 1, size):
        head = data[start : start + FRAME_HEADER]
        _, pages_after_commit = struct.unpack(">2I", head[:8])
        yield _Frame(
            pages_after_commit > 0,
            struct.unpack(">2I", head[16:24]),
            head[8:16],
            head[:8] + data[start + FRAME_HEADER : start + size],
        )


def _sum(order: str, data: bytes, before: tuple[int, int]) -> tuple[int, int]:
    one, two = before
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        one = (one + even + two) & 0xFFFFFFFF
        two = (two + odd + one) & 0xFFFFFFFF
    return one, two
