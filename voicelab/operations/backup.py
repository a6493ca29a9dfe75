"""Backup of an installation into one archive, and its restoration into an empty one.

The archive has, in this order, `voices/NAME` (deployed packs), checkpoints of searches among
`media/NAME`, `rows/APP.MODEL.jsonl.gz` (a row a line, values in the order of the manifest's
columns), the rest of the media. Rows are JSON, so an archive made on SQLite is restored into
PostgreSQL and the other way.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.apps import apps as installed
from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from corpus.files import folder_lock, sha256_of, write_bytes
from corpus.storage import media
from distillation.manifest import ENV_NAME
from distillation.manifest import NAME as VOICES_MANIFEST
from distillation.models import ACTIVE, RunState, StyleRun
from distillation.services.voices_dir import voices_dir, voices_published
from voicelab.operations.archive import (
    ArchiveError,
    ArchiveWriter,
    archive_check,
    archive_members,
    archive_written,
)
from voicelab.operations.audit import Act, act_record, system_user
from voicelab.operations.backup_rows import (
    Change,
    Models,
    Row,
    models_of,
    rows_delete,
    rows_restore,
    rows_write,
    tables_filled,
)

VOICES, MEDIA = "voices/", "media/"
# Of the moment: sessions, attempts to sign in, and which worker does what.
NOT_KEPT = (
    "sessions.session",
    "axes.",
    "distillation.heartbeat",
    "distillation.workerbeat",
    "distillation.candidateclaim",
)
# What `manage.py prepare` fills; a restored installation has these rows from its archive.
PREPARED = (
    "contenttypes.contenttype",
    "auth.permission",
    "auth.group",
    "corpus.category",
    "corpus.sentence",
    "corpus.stylelabel",
)
SETTINGS = (  # none of them a secret
    "ALLOWED_HOSTS", "BLIND_SHARE", "CSRF_TRUSTED_ORIGINS", "DEFAULT_FROM_EMAIL", "HTTPS",
    "KOKORO_PRECISION", "MAX_BATCH_BYTES", "MAX_UPLOAD_BYTES", "MEDIA_ROOT", "MODEL_DIR",
    "REQUEUE_SECONDS", "SLICE_HARD_SECONDS", "SLICE_SECONDS", "SLICE_SOFT_SECONDS", "STUDENT",
    "TEACHER", "TIME_ZONE", "TRUSTED_PROXIES", "VOICES_DIR", "WORKERS",
)  # fmt: skip
ANOTHER_DATABASE = "move the file of SQLite away, or create another database of PostgreSQL"


class Listener:
    """Is told how far the work is; this one ignores it."""

    def stage(self, name: str, total: int) -> None:
        """Begin a stage of `total` bytes or rows, 0 if that is not known."""

    def progress(self, done: int) -> None:
        """Count bytes or rows done since the last call."""


def installation_backup(path: Path, listener: Listener) -> dict[str, Any]:
    """Write database, media and deployed voices to an archive; return its manifest.

    The site may run meanwhile: the rows are those of one moment, and files are never written
    twice under a name, so the media, copied afterwards, has all that these rows name.

    Raises
    ------
    ArchiveError
        The file is there already, the database is not at the state of the program, or the
        checkpoint of a search is not there.
    OSError
        The disk is full, or may not be written to; nothing is left.

    The audit log of the installation, not of the archive, has who made it, and its SHA-256.
    """
    migrations = _migrations_check()
    media.check()
    with archive_written(path) as archive:
        with _snapshot():
            made = timezone.now()
            copied = _replaced_files_write(archive)
            models = {
                label: model
                for label, model in models_of(installed).items()
                if not label.startswith(NOT_KEPT)
            }
            listener.stage("rows", sum(one._base_manager.count() for one in models.values()))
            rows = rows_write(archive, models, path.parent, listener.progress)
        listener.stage("files", 0)
        names = (name for name in _media() if name not in copied)
        manifest = archive.finish(
            made=made.isoformat(),
            database=connection.vendor,
            migrations=migrations,
            settings=_settings(),
            files=len(copied) + sum(_media_write(archive, name, listener) for name in names),
            models=rows,
        )
    _record(Act.BACKED_UP, path, archive.sha256, manifest)
    return manifest


def installation_restore(path: Path, listener: Listener) -> dict[str, Any]:
    """Fill an empty installation from an archive; return its manifest.

    Everything is checked before the first byte is written. Files come first and the rows last, in
    one transaction: interrupted, the same command does it again.

    Raises
    ------
    ArchiveError
        The archive is damaged or of a version that cannot be read, the installation holds
        something else, or the database refuses a row.
    OSError
        The disk is full, or may not be written to.
    """
    size = path.stat().st_size
    listener.stage("check", size)
    manifest = archive_check(path, listener.progress)
    executor = MigrationExecutor(connection)
    targets = _targets(manifest, executor)
    _emptiness_check()
    media.check()
    models = _migrate_to(targets, executor)
    listener.stage("files", size)
    _voices_restore(path, listener)
    _media_restore(path, listener)
    columns = {label: one["columns"] for label, one in manifest["models"].items()}
    listener.stage("rows", sum(one["rows"] for one in manifest["models"].values()))
    place = manifest["settings"]["VOICES_DIR"]
    with transaction.atomic():
        rows_delete(models[label] for label in _made_anew(models))
        rows_restore(path, columns, models, _change_of_rows(place), listener.progress)
    call_command("migrate", verbosity=0)
    _record(Act.RESTORED, path, sha256_of(path), manifest, made=manifest["made"])
    return manifest


def _record(act: Act, path: Path, digest: str, manifest: dict[str, Any], **told: str) -> None:
    """Record in the audit log which archive was made or restored, and by whom."""
    rows = sum(model["rows"] for model in manifest["models"].values())
    counts = {"rows": rows, "files": manifest["files"]}
    act_record(act, person=system_user(), about=path.name, sha256=digest, **counts, **told)


def settings_changed(manifest: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return the settings that were otherwise where the archive was made: there, and here."""
    there, here = manifest["settings"], _settings()
    return {name: (there[name], one) for name, one in here.items() if there.get(name, one) != one}


def _settings() -> dict[str, Any]:
    plain = {name: getattr(settings, name) for name in SETTINGS}
    return {name: str(one) if isinstance(one, Path) else one for name, one in plain.items()}


def _migrations_check() -> dict[str, str]:
    """Return the last migration of every app; raise ArchiveError if one was not applied."""
    executor = MigrationExecutor(connection)
    leaves = executor.loader.graph.leaf_nodes()
    if executor.migration_plan(leaves):
        raise ArchiveError(
            "The database is of an older version than the program. Back it up with the version "
            "that it belongs to, or run manage.py prepare first."
        )
    return dict(leaves)


def _targets(manifest: dict[str, Any], executor: MigrationExecutor) -> list[tuple[str, str]] | None:
    """Return the migrations that an older archive is at, None if it is at this program's."""
    there: dict[str, str] = manifest["migrations"]
    for node in there.items():
        if node not in executor.loader.graph.nodes:
            raise ArchiveError(
                f"The archive's tables are those of {node[0]} {node[1]}, which this version of "
                "Voice Lab does not know. Install the version that made the archive, restore it "
                "there, then upgrade."
            )
    return None if dict(executor.loader.graph.leaf_nodes()) == there else list(there.items())


def _made_anew(models: Models) -> set[str]:
    """Return what may have rows in an empty installation."""
    return {label for label in models if label in PREPARED or label.startswith(NOT_KEPT)}


def _emptiness_check() -> None:
    """Raise ArchiveError if the database holds more than `manage.py prepare` writes."""
    models = models_of(installed)
    if filled := tables_filled(models[label] for label in models.keys() - _made_anew(models)):
        raise ArchiveError(
            f"This database holds data already, in {', '.join(sorted(filled))}. Restore into an "
            f"empty one: {ANOTHER_DATABASE}."
        )


def _migrate_to(targets: list[tuple[str, str]] | None, executor: MigrationExecutor) -> Models:
    """Create the tables that the archive's rows belong to; return their models."""
    if targets is None:
        call_command("migrate", verbosity=0)
        return models_of(installed)
    if executor.loader.applied_migrations:
        raise ArchiveError(
            "The archive is of an older version, and the tables here are already those of this "
            f"one. Restore into a database without tables ({ANOTHER_DATABASE}), and run "
            "manage.py prepare afterwards, not before."
        )
    executor.migrate(targets)
    return models_of(executor.loader.project_state(targets).apps)


@contextmanager
def _snapshot() -> Iterator[None]:
    """See the rows of one moment; who writes meanwhile does not wait."""
    connection.ensure_connection()  # which sets the mode of SQLite's transactions
    mode = getattr(connection, "transaction_mode", None)
    try:
        connection.transaction_mode = None  # type: ignore[attr-defined]  # it only reads
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    finally:
        connection.transaction_mode = mode  # type: ignore[attr-defined]


def _change_of_rows(voices_before: str) -> Change:
    """Return what changes a row: no worker of there is at work here, packs lie in VOICES_DIR."""
    here = str(settings.VOICES_DIR)

    def change(label: str, row: Row) -> None:
        if label == "distillation.stylerun":
            row |= {"lease": "", "queued_at": None}
        elif label == "distillation.deployment" and row["place"] == voices_before:
            row["place"] = here

    return change


def _replaced_files_write(archive: ArchiveWriter) -> set[str]:
    """Copy what a running site replaces: deployed voices, and the checkpoints of searches.

    Deployments wait meanwhile, so that rows and packs agree. Returns the names in the media.
    """
    with folder_lock(voices_dir()):
        searches = StyleRun.objects.exclude(checkpoint="").exclude(state=RunState.FINISHED)
        rows = list(searches.values_list("state", "checkpoint", "preview"))
        for path in _voice_files():
            archive.add_bytes(VOICES + path.name, path.read_bytes())
    copied = {name for _, *names in rows for name in filter(None, names)}
    copied = {name for name in sorted(copied) if _media_write(archive, name, Listener())}
    for state, checkpoint, _ in rows:
        if state in ACTIVE and checkpoint not in copied:
            raise ArchiveError(
                f"The checkpoint {checkpoint} was replaced before it was copied, or is lost. Try "
                "again; if it is this file again, cancel its run or retry it first."
            )
    return copied


def _voice_files() -> list[Path]:
    """Return the files of VOICES_DIR, packs before the files that name them."""
    last = (VOICES_MANIFEST, ENV_NAME)
    found = [path for path in Path(settings.VOICES_DIR).iterdir() if path.is_file()]
    shown = [path for path in found if not path.name.startswith(".")]
    return sorted(shown, key=lambda path: (path.name in last, path.name))


def _media(folder: str = "") -> Iterator[str]:
    """Yield the names of all files in the media but those that are being written."""
    folders, files = default_storage.listdir(folder)
    prefix = f"{folder}/" if folder else ""
    yield from (prefix + name for name in files if not name.startswith("."))
    for name in folders:
        if name and not name.startswith("."):
            yield from _media(prefix + name)


def _media_write(archive: ArchiveWriter, name: str, listener: Listener) -> bool:
    """Add a file of the media to the archive; return False if it was deleted meanwhile."""
    try:
        file = default_storage.open(name)
    except FileNotFoundError:
        return False
    with file:
        archive.add(MEDIA + name, file, file.size)
        listener.progress(file.size)
    return True


def _voices_restore(path: Path, listener: Listener) -> None:
    place = Path(settings.VOICES_DIR)
    with folder_lock(place), voices_published() as folder:
        for name, content in archive_members(path, VOICES):
            data = content.read()
            if name == ENV_NAME:  # names a pack by its path
                there = str(place.resolve()).replace("\\", r"\\")
                text = re.sub(r"(?m)^(KOKORO_VOICE_PATH=).*/", rf"\g<1>{there}/", data.decode())
                data = text.encode()
            target = folder / Path(name).name
            if not target.exists():
                write_bytes(target, data)
            elif target.read_bytes() != data:
                raise ArchiveError(f"{target} is another file. Restore into an empty VOICES_DIR.")
            listener.progress(len(data))


def _media_restore(path: Path, listener: Listener) -> None:
    for name, content in archive_members(path, MEDIA):
        if default_storage.exists(name):
            _same_check(name, content)
        else:
            default_storage.save(name, File(content))
        listener.progress(content.tell())


def _same_check(name: str, content: IO[bytes]) -> None:
    """Raise ArchiveError unless the media has this file already, from an interrupted restore."""
    with default_storage.open(name) as there:
        same = True
        while same and (data := content.read(2**20)):
            same = there.read(len(data)) == data
        if not same or there.read(1):
            raise ArchiveError(f"{name} is another file here. Restore where the media is empty.")
