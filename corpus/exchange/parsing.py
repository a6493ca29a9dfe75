"""Parser of the exchange format that reports every error with line and field."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from corpus.exchange.fields import FIELDS, PROSODY_FIELDS, RECORDING_FIELDS, Field, Known, Problem
from corpus.exchange.items import ExchangeItem, ExchangeProsody, ExchangeRecording
from corpus.exchange.located import Located, Reader
from corpus.translatable import gettext_noop


@dataclass(frozen=True)
class ExchangeError:
    """One error of a file.

    Attributes
    ----------
    line : int
        Line of the file, from 1.
    field : str
        Name as in the file, `recording.path` for nested ones; empty for the file itself.
    message : str
        English, translatable; `message % params` says what is wrong and what is expected.
    params : dict of str to str
        Parameters of the message.
    """

    line: int
    field: str
    message: str
    params: dict[str, str]

    def __str__(self) -> str:
        where = f"line {self.line}" + (f", {self.field}" if self.field else "")
        return f"{where}: {self.message % self.params}"


class ExchangeErrors(ValueError):
    """All errors of a file, ordered by line."""

    def __init__(self, errors: Iterable[ExchangeError]) -> None:
        self.errors = tuple(sorted(errors, key=lambda error: error.line))
        super().__init__("\n".join(map(str, self.errors)))


def parse(
    data: str | bytes, *, styles: Collection[str], lists: Collection[str] | None = None
) -> list[ExchangeItem]:
    """Parse an exchange file: a JSON array of objects, or JSON Lines.

    Parameters
    ----------
    data : str or bytes
        The file; bytes are UTF-8, a byte-order mark is accepted.
    styles : collection of str
        Keys of the existing styles.
    lists : collection of str, optional
        Existing lists; None accepts any.

    Returns
    -------
    list of ExchangeItem
        In the order of the file. `style_label` and `recording` may be null or absent.

    Raises
    ------
    ExchangeErrors
        With all errors of the file.
    """
    reader = Reader(_decoded(data))
    check = _Checker(reader, Known(frozenset(styles), None if lists is None else frozenset(lists)))
    items = [check.item(found) for found in reader.objects()]
    syntax = (ExchangeError(p.line, "", p.message, p.params) for p in reader.problems)
    if errors := [*check.errors, *syntax]:
        raise ExchangeErrors(errors)
    return [item for item in items if item]


def _decoded(data: str | bytes) -> str:
    if isinstance(data, str):
        return data.removeprefix("\ufeff")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        message = gettext_noop("byte %(byte)s is not UTF-8: save the file as UTF-8")
        params = {"byte": f"0x{fault.object[fault.start]:02x}"}
        raise ExchangeErrors([ExchangeError(line, "", message, params)]) from fault


class _Checker:
    """Converts located objects to items and collects all errors."""

    def __init__(self, reader: Reader, known: Known) -> None:
        self.errors: list[ExchangeError] = []
        self._line = reader.line
        self._known = known
        self._seen: dict[tuple[str, str], int] = {}

    def item(self, found: Located) -> ExchangeItem | None:
        before = len(self.errors)
        values = self._values(found, FIELDS, "")
        for name in ("sentence_id", "text"):
            if name in values:
                self._once(found.value[name], name, values[name])
        recording = found.get("recording")
        take = self._recording(recording) if recording and recording.is_object else None
        if recording and take and values.get("style_label", "") is None:
            message = gettext_noop("a recording needs the style it was said in")
            self._add(recording, "style_label", message, {})
        if len(self.errors) > before:
            return None
        return ExchangeItem(
            sentence_id=values["sentence_id"],
            text=values["text"],
            list=values["list"],
            style_label=values.get("style_label"),
            recording=take,
            line=self._line(found.position),
        )

    def _recording(self, found: Located) -> ExchangeRecording | None:
        before = len(self.errors)
        values = self._values(found, RECORDING_FIELDS, "recording.")
        prosody = found.get("prosody")
        measures = None
        if prosody and prosody.is_object:
            measures = self._values(prosody, PROSODY_FIELDS, "recording.prosody.")
        if len(self.errors) > before:
            return None
        values["prosody"] = ExchangeProsody(**measures) if measures else None
        return ExchangeRecording(**values)

    def _values(self, found: Located, fields: dict[str, Field], prefix: str) -> dict[str, Any]:
        """Validate one object's keys; return the valid ones that are present."""
        values: dict[str, Any] = {}
        for name, spec in fields.items():
            got = found.get(name)
            if got is None:
                if spec.required:
                    self._add(found, prefix + name, gettext_noop("this key is missing"), {})
                continue
            try:
                values[name] = spec.check(got.value, self._known)
            except Problem as problem:
                self._add(got, prefix + name, problem.message, problem.params)
        self._keys(found, fields, prefix)
        return values

    def _keys(self, found: Located, fields: dict[str, Field], prefix: str) -> None:
        for name, got in found.unknown(fields):
            message = gettext_noop("unknown key; the keys are %(wanted)s")
            self._add(got, prefix + name, message, {"wanted": ", ".join(fields)})
        for name, got in found.repeated:
            self._add(got, prefix + name, gettext_noop("this key stands twice"), {})

    def _once(self, got: Located, name: str, value: str) -> None:
        first = self._seen.setdefault((name, value), got.position)
        if first != got.position:
            message = gettext_noop("already on line %(first)s of this file")
            self._add(got, name, message, {"first": str(self._line(first))})

    def _add(self, at: Located, name: str, message: str, params: dict[str, str]) -> None:
        self.errors.append(ExchangeError(self._line(at.position), name, message, params))
