"""Parser of sentence lists in plain text, CSV or JSON: returns sentences or errors."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from corpus.exchange.fields import FIELDS, Known, Problem
from corpus.tables import (
    BrokenTable,
    NotText,
    decode,
    has_columns,
    is_garbled,
    mended,
    one_column,
    spreadsheet_error,
    table_of,
)
from corpus.translatable import gettext_noop

MAX_BYTES = 2**20
MAX_SENTENCES = 5_000
TEXT_KEYS = ("text", "texto", "sentence", "frase", "oración", "oracion", "transcript")
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
class Doubt:
    """A sentence that another program damaged; without a suggestion it is no sentence.

    `kind` is `garbled` (read in a wrong encoding on its way here) or `error` (a spreadsheet's
    #N/A); `found` is the sentence as it stands in the file.
    """

    line: int
    kind: Literal["garbled", "error"]
    found: str
    suggestion: str = ""


@dataclass(frozen=True)
class SentenceList:
    """Sentences of a file with their lines, the detected format and encoding, and its doubts.

    Of a doubtful sentence `rows` hold the suggestion, or nothing. In a JSON array the number of
    an entry takes the place of its line.
    """

    kind: Kind
    encoding: str
    rows: tuple[tuple[int, str], ...]
    doubts: tuple[Doubt, ...] = ()


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

    JSON is an array of strings or of objects, or JSON Lines; a table, parted by commas, semicolons,
    tabs or bars, has a column `text` (or `texto`, `frase`, …) or only one column; everything else
    is one sentence per line. Encodings: UTF-8, UTF-16, and those that older spreadsheets write.

    Raises
    ------
    ListError
        With all errors of the file.
    """
    if len(data) > MAX_BYTES:
        message = gettext_noop("the file is larger than %(most)s KB: split it")
        raise _one(0, message, most=str(MAX_BYTES // 1024))
    try:
        text, encoding = decode(data)
    except NotText as error:
        message = gettext_noop("this is not text: save the list as UTF-8 text, CSV or JSON")
        raise _one(0, message) from error
    kind, entries = _entries(text, name.lower())
    rows, doubts, faults = _checked(entries)
    if not rows and doubts:
        message = gettext_noop("“%(found)s” is no sentence: correct it where it comes from")
        faults += [Fault(one.line, message, {"found": one.found[:80]}) for one in doubts]
    if faults:
        raise ListError(sorted(faults, key=lambda fault: fault.line))
    if not rows:
        raise _one(0, gettext_noop("the file holds no sentence"))
    return SentenceList(kind, encoding, tuple(rows), tuple(doubts))


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


def _entries(text: str, name: str) -> tuple[Kind, Iterable[tuple[int, Any]]]:
    """Return the format, and what stands on each line in place of a sentence."""
    table_named = name.endswith((".csv", ".tsv"))
    brackets = text.lstrip()[:1] in ("[", "{") and not name.endswith(".txt")
    if name.endswith((".json", ".jsonl")) or (brackets and not table_named):
        return "json", _of_json(text)
    try:
        table = table_of(text, TEXT_KEYS)
    except BrokenTable as error:
        raise _broken(error) from error
    if table:
        (_line, header), *rows = table
        names = [cell.strip().casefold() for cell in header]
        column = next(names.index(key) for key in TEXT_KEYS if key in names)
        return "csv", [(line, row[column]) for line, row in rows]
    if has_columns(text) if table_named else has_columns(text, "\t"):
        raise _one(1, gettext_noop("name the column of the sentences “text” in the first line"))
    if table_named:
        return "csv", [(line, row[0]) for line, row in one_column(text)]
    lines = re.split(r"\r\n|\r|\n", text)
    return "text", [(line, found) for line, found in enumerate(lines, 1) if found.strip()]


def _broken(error: BrokenTable) -> ListError:
    if error.wanted:
        message = gettext_noop(
            "%(cells)s cells where the first line has %(wanted)s: put a sentence that holds the "
            "delimiter between quotes"
        )
        return _one(error.line, message, cells=str(error.cells), wanted=str(error.wanted))
    message = gettext_noop("the quotes of this line are not closed, or are closed too early")
    return _one(error.line, message)


def _of_json(text: str) -> Iterator[tuple[int, Any]]:
    start = len(text) - len(text.lstrip())
    if text.startswith("[", start):
        items = _json(text)
        if isinstance(items, list):
            yield from ((number, _text_of(item)) for number, item in enumerate(items, 1))
        return
    for line, one in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        if one.strip():
            yield line, _text_of(_json(one, line))


def _json(text: str, line: int = 1) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as fault:
        message = gettext_noop("no JSON from here on: %(why)s")
        raise _one(line + fault.lineno - 1, message, why=fault.msg) from fault
    except (RecursionError, ValueError) as fault:
        raise _one(0, gettext_noop("this JSON is nested too deeply")) from fault


def _text_of(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    keys = {str(key).casefold(): value for key, value in item.items()}
    return next((keys[name] for name in TEXT_KEYS if name in keys), None)


def _checked(
    entries: Iterable[tuple[int, Any]],
) -> tuple[list[tuple[int, str]], list[Doubt], list[Fault]]:
    rows: list[tuple[int, str]] = []
    doubts: list[Doubt] = []
    faults: list[Fault] = []
    nobody = Known(frozenset(), None)
    for number, (line, found) in enumerate(entries, 1):
        if number > MAX_SENTENCES:
            message = gettext_noop("more than %(most)s sentences: split the file")
            return rows, doubts, [Fault(line, message, {"most": str(MAX_SENTENCES)})]
        doubt = _doubt(line, found) if isinstance(found, str) else None
        if doubt:
            doubts.append(doubt)
            if not doubt.suggestion:
                continue
        text = doubt.suggestion if doubt else found
        try:
            one_line = " ".join(text.split()) if isinstance(text, str) else text
            rows.append((line, FIELDS["text"].check(one_line, nobody)))
        except Problem as problem:
            faults.append(Fault(line, problem.message, problem.params))
    return rows, doubts, faults


def _doubt(line: int, text: str) -> Doubt | None:
    if spreadsheet_error(text):
        return Doubt(line, "error", " ".join(text.split()))
    better = mended(text)
    if is_garbled(better):
        return Doubt(line, "garbled", " ".join(text.split()))
    if better != text:
        return Doubt(line, "garbled", " ".join(text.split()), " ".join(better.split()))
    return None
