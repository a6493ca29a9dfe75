"""Text and tables as other programs write them: encoding, dialect, and what they damaged."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

DELIMITERS = ",;\t|"
# What `decode` returns, and its name for people.
ENCODINGS = {"utf-8": "UTF-8", "utf-16": "UTF-16", "cp1252": "Windows-1252",
             "mac_roman": "Mac Roman", "cp850": "MS-DOS 850"}  # fmt: skip
_STATED = re.compile(rf'"?sep=([{DELIMITERS}])"?[{DELIMITERS}]*(?:\r\n|\r|\n)', re.IGNORECASE)
_SPANISH = re.compile(r"(?<=[a-zA-Z])[áéíóúüñÁÉÍÓÚÜÑ]|[áéíóúüñÁÉÍÓÚÜÑ](?=[a-zA-Z])|(?<!\w)[¿¡]\w")
_LOST = re.compile(r"\ufffd|Ã|Â(?=\W)|├|┬|√(?=\w)")
_ERROR = re.compile(
    r"#(?:N/[AD]|[¡¿]?(?:REF|VALUE|VALOR|NAME|NOMBRE|DIV/0|NUM|NULL|NULO|SPILL|DESBORDAMIENTO|CALC"
    r"|FIELD|CAMPO|ERROR|BUSY|CONNECT|BLOCKED|UNKNOWN)[!?])|\bErr:5\d\d\b|^#{3,}$"
)


class NotText(ValueError):
    """The bytes are no text in any known encoding."""


class BrokenTable(ValueError):
    """A quote is not closed on this line (`wanted` is 0), or a row has other cells than wanted."""

    def __init__(self, line: int, cells: int = 0, wanted: int = 0) -> None:
        super().__init__(f"line {line}: {cells} cells, {wanted} wanted")
        self.line, self.cells, self.wanted = line, cells, wanted


@dataclass(frozen=True)
class Dialect:
    """How the cells of a row are delimited (one cell if empty), and whether quotes enclose them."""

    delimiter: str
    quotes: bool = True


@dataclass(frozen=True)
class _Reading:
    """A text read in one dialect: rows with the line each begins on, and where it is broken."""

    dialect: Dialect
    rows: list[tuple[int, list[str]]]
    broken: int = 0

    @property
    def width(self) -> int:
        return len(self.rows[0][1]) if self.rows else 0

    @property
    def fit(self) -> tuple[bool, float, int, bool]:
        """Return what to choose between dialects by; the best is the greatest."""
        regular = sum(len(row) == self.width for _line, row in self.rows)
        share = regular / max(1, len(self.rows))
        return not self.broken, share, self.width, self.dialect.quotes


def decode(data: bytes) -> tuple[str, str]:
    """Return the text without its byte order mark, and its encoding (a key of `ENCODINGS`).

    Bytes that are neither UTF-8 nor UTF-16 are read in whichever of the older encodings of
    spreadsheets (Windows, Mac, MS-DOS) gives the most Spanish letters in words.

    Raises
    ------
    NotText
        If no encoding gives a text.
    """
    codec = _unicode_codec(data)
    encoding = codec[:6] if codec.startswith("utf-16") else "utf-8"
    try:
        text = data.decode(codec)
    except UnicodeDecodeError as error:
        if encoding == "utf-16":
            raise NotText from error
        encoding, text = _decode_legacy(data)
    if "\0" in text:
        raise NotText
    return text.removeprefix("\ufeff"), encoding


def _unicode_codec(data: bytes) -> str:
    """Return the codec by the byte order mark, or by where zero bytes stand."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    even, odd = data[::2].count(0), data[1::2].count(0)
    if len(data) % 2 or max(even, odd) * 4 < len(data) or min(even, odd) * 8 > max(even, odd):
        return "utf-8"
    return "utf-16-be" if even > odd else "utf-16-le"


def _decode_legacy(data: bytes) -> tuple[str, str]:
    found: list[tuple[int, int, str, str]] = []
    for encoding in ("cp1252", "mac_roman", "cp850"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        spanish = len(_SPANISH.findall(text))
        foreign = sum(not letter.isascii() for letter in text) - spanish
        found.append((spanish - foreign, -len(found), encoding, text))
    return max(found)[2:]  # one is found: every byte is a letter of Mac Roman


def table_of(text: str, names: Collection[str]) -> list[tuple[int, list[str]]] | None:
    """Return the rows of a table whose header holds one of `names`; None if there is none.

    Every dialect that finds a name in the first row is tried on the whole text, and the one in
    which the most rows are as long as the header is taken. A header of one cell makes a table of
    one column, whose rows are never split. Rows without content are left out.

    Raises
    ------
    BrokenTable
        If a row is longer or shorter than the header, or a quote is never closed.
    """
    body, before, delimiters = _body(text)
    found = []
    for dialect in _dialects(delimiters):
        header = _read(body, dialect, only_header=True)
        cells = header.rows[0][1] if header.rows else []
        has_name = any(cell.strip().casefold() in names for cell in cells)
        if has_name and (header.width > 1) == bool(dialect.delimiter):
            found.append(_read(body, dialect, before))
    if not found:
        return None
    best = max(found, key=lambda reading: reading.fit)
    if best.broken:
        raise BrokenTable(best.broken)
    return [(line, _fitted(line, row, best.width)) for line, row in best.rows]


def one_column(text: str) -> list[tuple[int, list[str]]]:
    """Return the rows of a text as one cell each; its quotes enclose cells if they all close."""
    body, before, _delimiters = _body(text)
    quoted = _read(body, Dialect(""), before)
    return _read(body, Dialect("", quotes=False), before).rows if quoted.broken else quoted.rows


def has_columns(text: str, delimiters: str = DELIMITERS) -> bool:
    """Return whether the rows of a text without a header are split as those of a table are.

    All have the same number of cells, and the delimiter is not used as in prose: followed by a
    space, or between digits.
    """
    for sign in delimiters:
        read = _read(text, Dialect(sign))
        prose = re.search(rf"{re.escape(sign)}(?: |$)|(?<=\d){re.escape(sign)}(?=\d)", text, re.M)
        regular = not read.broken and {len(row) for _line, row in read.rows} == {read.width}
        if regular and read.width > 1 and (sign == "\t" or (len(read.rows) > 1 and not prose)):
            return True
    return False


def _body(text: str) -> tuple[str, int, str]:
    """Return a text without a first line `sep=;`, the lines before it, and the delimiters."""
    stated = _STATED.match(text)
    return (text[stated.end() :], 1, stated[1]) if stated else (text, 0, DELIMITERS)


def _dialects(delimiters: str) -> list[Dialect]:
    """Return the dialects to try; without quotes: tabs as Google Sheets writes them, and lines."""
    plain = [Dialect("\t", quotes=False)] if "\t" in delimiters else []
    quoted = [Dialect(sign) for sign in ("", *delimiters)]
    return [*quoted, *plain, Dialect("", quotes=False)]


def _read(text: str, dialect: Dialect, before: int = 0, *, only_header: bool = False) -> _Reading:
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if dialect.quotes else csv.QUOTE_NONE
    delimiter = dialect.delimiter or "\x1f"  # the unit separator is in no sentence
    source = io.StringIO(text, newline="")
    reader = csv.reader(source, delimiter=delimiter, quoting=quoting, strict=True)
    rows: list[tuple[int, list[str]]] = []
    line = 1 + before
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append((line, row))
                if only_header:
                    break
            line = reader.line_num + 1 + before
    except csv.Error:
        return _Reading(dialect, rows, reader.line_num + before)
    return _Reading(dialect, rows)


def _fitted(line: int, row: list[str], width: int) -> list[str]:
    """Return a row cut to the header's width if what is cut is empty."""
    if len(row) < width or any(cell.strip() for cell in row[width:]):
        raise BrokenTable(line, len(row), width)
    return row[:width]


def mended(text: str) -> str:
    """Return a text whose UTF-8 was read in an older encoding as it was: dÃ­as is días."""
    for _time in range(3):  # now and then it happened more than once
        again = text
        for encoding, pattern in _MISREAD.items():
            again = pattern.sub(partial(_reread, encoding), again)
        if again == text:
            break
        text = again
    return text


def is_garbled(text: str) -> bool:
    """Return whether letters of a text are lost, so that `mended` cannot tell them."""
    return bool(_LOST.search(text))


def spreadsheet_error(text: str) -> str:
    """Return the error of a formula in a text, as spreadsheets show it; empty if there is none."""
    found = _ERROR.search(text.strip())
    return found[0] if found else ""


def _letter(byte: int, encoding: str) -> str:
    try:
        return bytes([byte]).decode(encoding)
    except UnicodeDecodeError:
        return chr(byte)  # what browsers and Windows make of the bytes that cp1252 leaves out


def _misread(encoding: str) -> re.Pattern[str]:
    """Return the pattern of letters that UTF-8 becomes in an older encoding.

    The lead bytes are those of Latin letters and signs (C2, C3), combining accents (CC),
    punctuation (E2) and the byte order mark (EF): other leads are letters of words in capitals
    (`CAFÉ»`).
    """
    letters = [re.escape(_letter(byte, encoding)) for byte in range(256)]
    after = "[" + "".join(letters[0x80:0xC0]) + "]"
    low = "[" + "".join(letters[0x80:0x83]) + "]"
    lead = "[" + letters[0xC2] + letters[0xC3] + letters[0xCC] + "]"
    mark = "".join(letters[byte] for byte in b"\xef\xbb\xbf")
    return re.compile(f"{lead}{after}|{letters[0xE2]}{low}{after}|{mark}")


_MISREAD = {encoding: _misread(encoding) for encoding in ("cp1252", "mac_roman", "cp850")}


def _reread(encoding: str, match: re.Match[str]) -> str:
    table = {_letter(byte, encoding): byte for byte in range(0x80, 0x100)}
    try:
        return bytes(table[letter] for letter in match[0]).decode()
    except UnicodeDecodeError:
        return match[0]


def formula_safe(value: Any) -> Any:
    """Return a value whose text no spreadsheet takes for a formula."""
    is_formula = isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{value}" if is_formula else value
