"""The folder of deployed voices on this machine; with a bucket (STORAGE_URL), a copy of its."""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from corpus.files import folder_lock
from distillation import manifest
from distillation.services.errors import RunError
from distillation.shared_voices import SharedVoices

logger = logging.getLogger(__name__)

DRAFT = ".draft"


def voices_dir() -> Path:
    """Return the folder for reading, as the bucket has it if that can be reached."""
    if settings.STORAGE_URL:
        _shared(settings.STORAGE_URL, settings.VOICES_DIR).refresh()
    return Path(settings.VOICES_DIR)


@contextmanager
def voices_of_command(place: Path) -> Iterator[Path]:
    """Yield the folder that a command deploys to; with a bucket VOICES_DIR is published, too.

    Raises what `voices_published` does.
    """
    if not is_published(place):
        yield place
        return
    with folder_lock(place), voices_published() as folder:
        yield folder


def is_published(place: Path) -> bool:
    """Whether this is the folder whose voices are those of a bucket."""
    return bool(settings.STORAGE_URL) and place.resolve() == Path(settings.VOICES_DIR).resolve()


@contextmanager
def voices_published() -> Iterator[Path]:
    """Yield the folder to change voices in, which are then published; the caller holds its lock.

    With a bucket that is a copy, so that this machine never has voices that are not published.

    Raises
    ------
    RunError
        `conflict`: another machine deployed at the same moment; nothing was changed.
    """
    place = Path(settings.VOICES_DIR)
    if not settings.STORAGE_URL:
        yield place
        return
    draft = place / DRAFT
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    try:
        voices = SharedVoices(settings.STORAGE_URL, draft)
        if not voices.pull_locked():
            _copy_of_before(place, draft)
        yield draft
        voices.publish()
    except FileExistsError as error:
        message = _("Another machine deployed voices at the same moment. Deploy again.")
        raise RunError("conflict", message) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    try:
        SharedVoices(settings.STORAGE_URL, place).pull_locked()
    except OSError as error:  # they are published; whoever reads the folder next tries again
        logger.warning("shared voices not copied: %s", error)


def _copy_of_before(place: Path, draft: Path) -> None:
    """Copy the voices that were deployed on this machine before there was a bucket."""
    found = manifest.read(place)
    names = [name for voice in found.voices.values() for name in voice.files] if found else []
    for name in (*names, manifest.NAME, manifest.ENV_NAME):
        if (place / name).is_file():
            shutil.copy2(place / name, draft / name)


@lru_cache(maxsize=2)
def _shared(url: str, folder: Path) -> SharedVoices:
    return SharedVoices(url, folder)
