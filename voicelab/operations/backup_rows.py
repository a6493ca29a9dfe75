"""Rows of the database as lines of JSON in an archive, and back into another database."""

import base64
import gzip
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from django.core.management.color import no_style
from django.db import Error as AnyDatabaseError
from django.db import connection
from django.db.models import Field, JSONField, Model

from voicelab.operations.archive import ArchiveError, ArchiveWriter, Progress, archive_members

ROWS, ENDING = "rows/", ".jsonl.gz"
ROWS_AT_ONCE = 2000
Models = dict[str, type[Model]]  # by label, `app.model`
Row = dict[str, Any]  # by column
Change = Callable[[str, Row], object]  # changes a row of the model with this label


def models_of(apps: Any) -> Models:
    """Return the models with a table of their own, those of many-to-many relations too."""
    return {
        model._meta.label_lower: model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and not model._meta.swapped
    }


def tables_filled(models: Iterable[type[Model]]) -> list[str]:
    """Return the tables of these models that exist and have rows."""
    there = set(connection.introspection.table_names())
    tables = [model._meta.db_table for model in models if model._meta.db_table in there]
    with connection.cursor() as cursor:
        return [table for table in tables if _has_rows(cursor, table)]


def _has_rows(cursor: Any, table: str) -> bool:
    cursor.execute(f"SELECT 1 FROM {_quoted(table)} LIMIT 1")  # noqa: S608 (a model's table)
    return cursor.fetchone() is not None


def rows_write(
    archive: ArchiveWriter, models: Models, folder: Path, progress: Progress
) -> dict[str, Any]:
    """Add a member for each model; return number of rows and columns of each.

    `folder` is where the lines of a model wait on disk until their size is known.
    """
    written = {}
    for label, model in models.items():
        fields = model._meta.concrete_fields
        columns = [field.attname for field in fields if not field.generated]
        with TemporaryFile(dir=folder) as file:
            with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=5) as packed:
                count = _rows_pack(model, columns, packed, progress)
            size = file.tell()
            file.seek(0)
            archive.add(f"{ROWS}{label}{ENDING}", file, size)
        written[label] = {"rows": count, "columns": columns}
    return written


def _rows_pack(
    model: type[Model], columns: list[str], file: gzip.GzipFile, progress: Progress
) -> int:
    rows = model._base_manager.order_by("pk").values_list(*columns)
    count = 0
    for count, row in enumerate(rows.iterator(chunk_size=ROWS_AT_ONCE), 1):
        file.write(json.dumps(row, ensure_ascii=False, default=_plain).encode() + b"\n")
        if count % ROWS_AT_ONCE == 0:
            progress(ROWS_AT_ONCE)
    progress(count % ROWS_AT_ONCE)
    return count


def _plain(value: Any) -> str:
    """Return what the field's `to_python` reads: ISO 8601 with microseconds, base64 of bytes."""
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def rows_restore(
    path: Path, columns: dict[str, list[str]], models: Models, change: Change, progress: Progress
) -> None:
    """Insert the rows of an archive as they are, each after `change`; no signals, no defaults.

    Raises
    ------
    ArchiveError
        The database refuses a row: too long a text for PostgreSQL, or one that refers to nothing.
    """
    with connection.cursor() as cursor:
        for name, content in archive_members(path, ROWS):
            label = name.removesuffix(ENDING)
            _rows_insert(cursor, label, models[label], columns[label], content, change, progress)
        for statement in connection.ops.sequence_reset_sql(no_style(), list(models.values())):
            cursor.execute(statement)
    with _refusal_told("references"):
        connection.check_constraints()


def rows_delete(models: Iterable[type[Model]]) -> None:
    with connection.cursor() as cursor:
        for model in models:
            cursor.execute(f"DELETE FROM {_quoted(model._meta.db_table)}")  # noqa: S608


def _rows_insert(
    cursor: Any,
    label: str,
    model: type[Model],
    columns: list[str],
    content: IO[bytes],
    change: Change,
    progress: Progress,
) -> None:
    by_column = {field.attname: field for field in model._meta.concrete_fields}
    fields = [by_column[column] for column in columns]
    statement = _insert_statement(model, fields)
    done = 0
    with gzip.open(content) as lines:
        while chunk := list(islice(lines, ROWS_AT_ONCE)):
            rows = [dict(zip(columns, json.loads(line), strict=True)) for line in chunk]
            for row in rows:
                change(label, row)
            with _refusal_told(f"{label}, rows {done + 1} to {done + len(rows)}"):
                cursor.executemany(statement, [_values(fields, row) for row in rows])
            done += len(rows)
            progress(len(rows))


def _insert_statement(model: type[Model], fields: list[Field]) -> str:
    names = ", ".join(_quoted(str(field.column)) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    return f"INSERT INTO {_quoted(model._meta.db_table)} ({names}) VALUES ({marks})"  # noqa: S608


def _values(fields: list[Field], row: Row) -> list[Any]:
    return [_value(field, row[field.attname]) for field in fields]


def _value(field: Field, value: Any) -> Any:
    if isinstance(field, JSONField) and not field.null:
        return field.get_db_prep_value(value, connection)  # of None, JSON's null
    return field.get_db_prep_save(field.to_python(value), connection)


@contextmanager
def _refusal_told(where: str) -> Iterator[None]:
    try:
        yield
    except (AnyDatabaseError, ValueError, OverflowError) as error:
        raise ArchiveError(f"The database refuses what was backed up: {where}: {error}") from error


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
