"""A JSON reader that records the position of objects and keys, and recovers from errors."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from typing import Any

from corpus.translatable import gettext_noop

_SPACE = re.compile(r"[ \t\n\r]*")
_NEXT_OBJECT = re.compile(r"\n[ \t\r]*(?=\{)")
_MAX_DEPTH = 3
_MOST_PROBLEMS = 1000
_WANTED = {",": gettext_noop("“,” is wanted"), ":": gettext_noop("“:” is wanted")}
_NO_KEY = gettext_noop("a key is wanted")
_COMMA = gettext_noop("a comma before ]")
REASONS = (
    *_WANTED.values(),
    _NO_KEY,
    _COMMA,
    # messages of the json module
    gettext_noop("Expecting value"),
    gettext_noop("Expecting ',' delimiter"),
    gettext_noop("Expecting ':' delimiter"),
    gettext_noop("Expecting property name enclosed in double quotes"),
    gettext_noop("Extra data"),
    gettext_noop("Invalid control character at"),
    gettext_noop("Unterminated string starting at"),
)


@dataclass
class Located:
    """A JSON value and the character position of its start, or of its key's start.

    `value` is a dict of Located for an object, otherwise the value parsed by `json`.
    """

    position: int
    value: Any
    repeated: list[tuple[str, Located]] = field(default_factory=list)

    @property
    def is_object(self) -> bool:
        return isinstance(self.value, dict)

    def get(self, key: str) -> Located | None:
        found: Located | None = self.value.get(key)
        return found

    def unknown(self, known: Container[str]) -> list[tuple[str, Located]]:
        return [(key, found) for key, found in self.value.items() if key not in known]


@dataclass(frozen=True)
class SyntaxProblem:
    """A syntax error of the file, with its line."""

    line: int
    message: str
    params: dict[str, str]


class _NotJSON(Exception):
    def __init__(self, position: int, message: str, **params: str) -> None:
        self.position, self.message, self.params = position, message, params


class Reader:
    """Reads the objects of a JSON array or of JSON Lines, with error recovery.

    After a syntax error it continues at the next line that begins with `{`, so one pass reports
    the errors of all objects. `problems` is complete once `objects` is exhausted.
    """

    def __init__(self, text: str) -> None:
        self.problems: list[SyntaxProblem] = []
        self._text = text
        self._decoder = json.JSONDecoder()
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def line(self, position: int) -> int:
        """Return the line number, from 1, of a character position."""
        return bisect_right(self._starts, position)

    def objects(self) -> Iterator[Located]:
        """Yield each well-formed object."""
        i = self._skip(0)
        array = self._text.startswith("[", i)
        i = self._skip(i + array)
        if i >= len(self._text):
            self._problem(i, gettext_noop("the file ends before any object: it is empty"), {})
            return
        closed = not array
        while i < len(self._text):
            if array and self._text[i] == "]":
                closed = True
                self._nothing_after(self._skip(i + 1))
                break
            try:
                found, i = self._value(i, 0)
                if found.is_object:
                    yield found
                else:
                    message = gettext_noop("an object { … } is wanted here")
                    self._problem(found.position, message, {})
                i = self._separated(i, array)
            except _NotJSON as fault:
                self._problem(fault.position, fault.message, fault.params)
                i = self._recover(fault.position)
        if not closed and not self.problems:
            self._problem(i, gettext_noop("the file ends before its closing ]"), {})

    def _value(self, i: int, depth: int) -> tuple[Located, int]:
        if self._text.startswith("{", i) and depth < _MAX_DEPTH:
            return self._object(i, depth)
        try:
            value, end = self._decoder.raw_decode(self._text, i)
        except json.JSONDecodeError as fault:
            message = gettext_noop("not JSON: %(reason)s")
            raise _NotJSON(fault.pos, message, reason=fault.msg) from None
        except RecursionError:
            raise _NotJSON(i, gettext_noop("nested too deeply")) from None
        except ValueError:
            raise _NotJSON(i, gettext_noop("a number with too many digits")) from None
        return Located(i, {} if isinstance(value, dict) else value), end

    def _object(self, start: int, depth: int) -> tuple[Located, int]:
        found = Located(start, {})
        i = self._skip(start + 1)
        while not self._text.startswith("}", i):
            if found.value or found.repeated:
                i = self._skip(self._expect(",", i))
            if not self._text.startswith('"', i):
                raise _NotJSON(i, gettext_noop("not JSON: %(reason)s"), reason=_NO_KEY)
            key, after = self._value(i, depth + 1)
            value, end = self._value(self._skip(self._expect(":", self._skip(after))), depth + 1)
            entry = Located(key.position, value.value, value.repeated)
            if key.value in found.value:
                found.repeated.append((key.value, entry))
            else:
                found.value[key.value] = entry
            i = self._skip(end)
        return found, i + 1

    def _expect(self, sign: str, i: int) -> int:
        if not self._text.startswith(sign, i):
            raise _NotJSON(i, gettext_noop("not JSON: %(reason)s"), reason=_WANTED[sign])
        return i + 1

    def _separated(self, i: int, array: bool) -> int:
        i = self._skip(i)
        if not array or i >= len(self._text) or self._text[i] == "]":
            return i
        i = self._skip(self._expect(",", i))
        if self._text.startswith("]", i):
            raise _NotJSON(i, gettext_noop("not JSON: %(reason)s"), reason=_COMMA)
        return i

    def _nothing_after(self, i: int) -> None:
        if i < len(self._text):
            self._problem(i, gettext_noop("something follows the closing ]"), {})

    def _recover(self, i: int) -> int:
        match = _NEXT_OBJECT.search(self._text, i)
        if len(self.problems) >= _MOST_PROBLEMS:
            self._problem(i, gettext_noop("too many faults: the rest was not read"), {})
            return len(self._text)
        return match.end() if match else len(self._text)

    def _skip(self, i: int) -> int:
        match = _SPACE.match(self._text, i)
        return match.end() if match else i

    def _problem(self, position: int, message: str, params: dict[str, str]) -> None:
        self.problems.append(SyntaxProblem(self.line(position), message, params))
