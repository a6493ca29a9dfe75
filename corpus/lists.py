"""Parser of sentence lists in plain text, CSV or JSON: returns sentences or errors."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal

from corpus.exchange.fields import FIELDS, Known, Problem
from corpus.translatable import gettext_noop

MAX_BYTES = 2**20
MAX_SENTENCES = 5_000
TEXT_KEYS = ("text", "texto", "sentence", "frase", "oración", "oracion", "transcript")
_DELIMITERS = ",;\t"
_MARKS = {"\u0303", "\u0308"}  # marks of ñ and ü, which are letters of their own

Kind = Literal["text", "csv", "json"]
Twin = Literal["", "file", "corpus", "like_file", "like_corpus"]


@dataclass(frozen=True)
class Fault:
    """An error on a line (from 1; 0 is the file as a whole); the text is `message % params`."""

    line: int
    message: str
    params: Mapping[str, str]


class ListError(ValueError):
    """All errors of a file of sentences."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(f"{f.line}: {f.message % f.params}" for f in self.faults))


@dataclass(frozen=True)
class SentenceList:
    """Sentences of a file with their line numbers, and the detected format and encoding."""

    kind: Kind
    encoding: str
    rows: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Row:
    """One sentence: its line, its text, and whether it is a duplicate.

    `twin` is `file` or `corpus` if another sentence there differs only in spaces, case and
    punctuation, `like_file` or `like_corpus` if it differs also in accents; `other` is the line or
    the id of that sentence.
    """

    line: int
    text: str
    twin: Twin = ""
    other: str = ""


def read(data: bytes, *, name: str = "") -> SentenceList:
    """Parse a file of sentences; the format is detected from its content and its name.

    JSON is an array of strings or of objects, CSV has a column `text` (or `texto`, `frase`, …) or
    only one column, everything else is one sentence per line. Encodings: UTF-8, UTF-16 with a byte
    order mark, and Windows-1252, which older spreadsheets write.

    Raises
    ------
    ListError
        With all errors of the file.
    """
    if len(data) > MAX_BYTES:
        message = gettext_noop("the file is larger than %(most)s KB: split it")
        raise _one(0, message, most=str(MAX_BYTES // 1024))
    text, encoding = _decoded(data)
    kind = _kind(text, name.lower())
    lines = {"json": _of_json, "csv": _of_csv, "text": _of_text}[kind](text)
    rows, faults = _checked(lines)
    if faults:
        raise ListError(faults)
    if not rows:
        raise _one(0, gettext_noop("the file holds no sentence"))
    return SentenceList(kind, encoding, tuple(rows))


def marked(rows: Iterable[tuple[int, str]], there: Mapping[str, str]) -> list[Row]:
    """Mark duplicates within the file and of the corpus (`there`: text → id)."""
    same = {same_key(text): name for text, name in there.items()}
    like = {like_key(text): name for text, name in there.items()}
    seen: dict[str, str] = {}
    seen_like: dict[str, str] = {}
    found = []
    for line, text in rows:
        key, key_like = same_key(text), like_key(text)
        twin: Twin = ""
        other = ""
        for name, table, wanted in (
            ("corpus", same, key), ("file", seen, key),
            ("like_corpus", like, key_like), ("like_file", seen_like, key_like),
        ):  # fmt: skip
            if wanted in table:
                twin, other = name, table[wanted]  # type: ignore[assignment]
                break
        found.append(Row(line, text, twin, other))
        seen.setdefault(key, str(line))
        seen_like.setdefault(key_like, str(line))
    return found


def ids(prefix: str, taken: Iterable[str], n: int) -> list[str]:
    """Return `n` new ids `prefix-01`, `prefix-02`, …, following the highest number taken."""
    pattern = re.compile(rf"{re.escape(prefix)}-(\d{{1,9}})")
    numbers = [int(found[1]) for name in taken if (found := pattern.fullmatch(name))]
    first = max(numbers, default=0) + 1
    return [f"{prefix}-{number:02}" for number in range(first, first + n)]


def same_key(text: str) -> str:
    """Normalize spaces, case, punctuation and Unicode form."""
    words = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.findall(r"\w+", words))


def like_key(text: str) -> str:
    """Normalize like `same_key` and remove accents; ñ and ü are letters of their own and stay."""
    letters = []
    for letter in same_key(text):
        first, *marks = list(unicodedata.normalize("NFD", letter))
        kept = first + "".join(mark for mark in marks if mark in _MARKS)
        letters.append(unicodedata.normalize("NFC", kept))
    return "".join(letters)


def _one(line: int, message: str, **params: str) -> ListError:
    return ListError([Fault(line, message, params)])


def _decoded(data: bytes) -> tuple[str, str]:
    has_mark = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ["utf-16"] if has_mark else ["utf-8-sig", "cp1252"]:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text.replace("\r\n", "\n").replace("\r", "\n"), encoding
    raise _one(0, gettext_noop("this is not text: save the list as UTF-8 text, CSV or JSON"))


def _kind(text: str, name: str) -> Kind:
    if name.endswith(".txt"):
        return "text"
    if text.lstrip()[:1] in ("[", "{") or name.endswith((".json", ".jsonl")):
        return "json"
    first = text.lstrip("\n").partition("\n")[0]
    header = {cell.strip().strip('"').casefold() for cell in re.split(f"[{_DELIMITERS}]", first)}
    return "csv" if name.endswith((".csv", ".tsv")) or header & set(TEXT_KEYS) else "text"


def _of_text(text: str) -> Iterator[tuple[int, Any]]:
    for line, sentence in enumerate(text.split("\n"), 1):
        if sentence.strip():
            yield line, sentence


def _of_json(text: str) -> Iterator[tuple[int, Any]]:
    try:
        items = json.loads(text)
    except json.JSONDecodeError as fault:
        raise _one(
            fault.lineno, gettext_noop("no JSON from here on: %(why)s"), why=fault.msg
        ) from (fault)
    except (RecursionError, ValueError) as fault:
        raise _one(0, gettext_noop("this JSON is nested too deeply")) from fault
    if not isinstance(items, list):
        raise _one(1, gettext_noop('an array of sentences is wanted: ["…", "…"]'))
    for number, item in enumerate(items, 1):
        yield number, _text_of(item)


def _text_of(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    keys = {str(key).casefold(): value for key, value in item.items()}
    return next((keys[name] for name in TEXT_KEYS if name in keys), None)


def _of_csv(text: str) -> Iterator[tuple[int, Any]]:
    first = text.lstrip("\n").partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    column: int | None = None
    try:
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if column is None:
                column, is_header = _column(row)
                if is_header:
                    continue
            yield reader.line_num, row[column] if column < len(row) else ""
    except csv.Error as fault:
        message = gettext_noop("the CSV cannot be read from here on: %(why)s")
        raise _one(reader.line_num, message, why=str(fault)) from fault


def _column(row: list[str]) -> tuple[int, bool]:
    """Return the column of the sentences, and whether this row is a header."""
    names = [cell.strip().casefold() for cell in row]
    for wanted in TEXT_KEYS:
        if wanted in names:
            return names.index(wanted), True
    if len(row) == 1:
        return 0, False
    raise _one(1, gettext_noop("name the column of the sentences “text” in the first line"))


def _checked(lines: Iterable[tuple[int, Any]]) -> tuple[list[tuple[int, str]], list[Fault]]:
    rows: list[tuple[int, str]] = []
    faults: list[Fault] = []
    nobody = Known(frozenset(), None)
    for number, (line, found) in zip(count(1), lines, strict=False):
        if number > MAX_SENTENCES:
            message = gettext_noop("more than %(most)s sentences: split the file")
            return rows, [Fault(line, message, {"most": str(MAX_SENTENCES)})]
        text = " ".join(found.split()) if isinstance(found, str) else found
        try:
            rows.append((line, FIELDS["text"].check(text, nobody)))
        except Problem as problem:
            faults.append(Fault(line, problem.message, problem.params))
    return rows, faults
