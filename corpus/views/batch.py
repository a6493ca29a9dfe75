"""Batch upload of takes: preview a folder or a ZIP, store it, show a result for every file."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from corpus.audio.types import AudioError
from corpus.models import Recording, Sentence, Speaker, StyleLabel
from corpus.services.speakers import speaker_of
from corpus.services.takes import (
    ConsentMissing,
    batch_file,
    batch_keep,
    batch_open,
    batch_plan,
    take_store,
)
from corpus.take_archives import MAX_FILES, BatchError, Found, Item, archive_files
from corpus.uploads import TOO_LARGE
from corpus.wording import refusal
from voicelab.roles import SPEAKER, posted_from, role_required

_WORDS = {
    "empty": _("The file is empty. Record or choose it again."),
    "too_large": _("Larger than %(largest)s. Send one sentence, or FLAC or MP3."),
    "name": _(
        "The name does not say what it is. Name it after its sentence and style, like "
        "shcc-01_amable.wav."
    ),
    "sentence": _("The corpus has no sentence of this id. Look it up in the list of sentences."),
    "style": _("There is no style of this name. The name must end with its key, like _amable."),
    "kind": _("Not a sound file by its name. WAV, FLAC, OGG, MP3, WebM and M4A are taken."),
    "twice": _(
        "Another file of the batch has the same sentence and style. Number further takes: "
        "shcc-01_amable_2.wav."
    ),
    "outside": _("The name leads out of the folder or holds signs no file name may. Rename it."),
    "link": _("A link, not a file. Put the sound itself into the archive."),
    "archive": _("An archive inside. Unpack it and send its files."),
    "locked": _("Protected by a password. Make the archive again without one."),
    "bomb": _("It unpacks to far more than sound can. It was not opened."),
    "packing": _("Packed in a way that is not supported. Make an ordinary ZIP (deflate)."),
    "litter": _("Left out: no take, and no mistake."),
    "damaged": _("Damaged: it cannot be unpacked whole. Make the archive again and send it."),
    "not_zip": _("This is not a complete ZIP. Make the archive again and send it."),
    "empty_zip": _("The ZIP holds no file."),
    "empty_folder": _("The folder holds no file."),
    "too_many": _("More than %(most)s files. Send several smaller batches."),
    "no_zip": _("Choose a ZIP first."),
    "zip_too_large": _("The ZIP is larger than %(archive)s. Send several smaller ones."),
}

AT_ONCE_S = 20.0  # time limit for storing files in one request without JavaScript


@dataclass
class Row:
    """A row of the table of files; `state` is one of `_STATES`."""

    index: int
    item: Item
    sentence: Sentence | None = None
    style: StyleLabel | None = None
    state: str = "ready"
    words: str = ""
    take: Recording | None = None


@require_GET
@role_required(SPEAKER)
def take_batch(request: HttpRequest) -> HttpResponse:
    return _with_consent(request, lambda _speaker: _page(request, {}))


@posted_from("take_batch")
@role_required(SPEAKER)
def take_batch_send(request: HttpRequest) -> HttpResponse:
    """Receive a ZIP, keep it, and redirect to its preview; no take is stored yet."""

    def receive(_speaker: Speaker) -> HttpResponse:
        file = request.FILES.get("zip")
        if not isinstance(file, UploadedFile):
            code = "zip_too_large" if TOO_LARGE in request.META else "no_zip"
            return _page(request, {"problem": batch_words(code)}, status=422)
        try:
            token = batch_keep(person=request.user, file=file)
        except BatchError as error:
            return _page(request, {"problem": batch_words(error.code)}, status=422)
        return redirect("take_batch_zip", token)

    return _with_consent(request, receive)


@require_http_methods(["GET", "POST"])
@role_required(SPEAKER)
def take_batch_zip(request: HttpRequest, token: UUID) -> HttpResponse:
    """Show a ZIP's contents; on POST store one file (`entry`), or as many as time allows."""

    def answer(speaker: Speaker) -> HttpResponse:
        try:
            with batch_open(person=request.user, token=token) as archive:
                return _zip_answer(request, speaker, archive, token)
        except FileNotFoundError as error:
            raise Http404 from error

    return _with_consent(request, answer)


@require_POST
@role_required(SPEAKER)
def take_batch_names(request: HttpRequest) -> HttpResponse:
    """Preview a folder: return the table for the names and sizes in JSON `[[name, size], …]`."""
    try:
        files = [Found(str(name), int(size)) for name, size in json.loads(request.body)]
    except (ValueError, TypeError, OverflowError, RecursionError):
        return HttpResponse(status=400)
    if not 0 < len(files) <= MAX_FILES:
        problem = batch_words("too_many" if files else "empty_folder")
        return _page(request, {"problem": problem}, status=422)
    return _page(request, {"rows": _rows(files)})


@require_POST
@role_required(SPEAKER)
def take_batch_file(request: HttpRequest) -> HttpResponse:
    """Store one file of a folder by its name; respond with its row."""

    def store(speaker: Speaker) -> HttpResponse:
        file = request.FILES.get("file")
        name = request.POST.get("name", "")
        size = (file.size or 0) if isinstance(file, UploadedFile) else 0
        [row] = _rows([Found(name, size, "too_large" if TOO_LARGE in request.META else "")])
        row.index = _number(request, "index")
        if row.state == "ready" and isinstance(file, UploadedFile):
            _store(row, speaker, request.user, file)
        return render(request, "corpus/_batch_row.html", {"row": row})

    return _with_consent(request, store)


def _zip_answer(request: HttpRequest, speaker: Speaker, archive: Any, token: UUID) -> HttpResponse:
    rows = _rows(archive_files(archive))
    if "entry" in request.POST:
        index = _number(request, "entry")
        if index >= len(rows):
            raise Http404
        row = rows[index]
        _store_entry(row, speaker, request.user, archive)
        return render(request, "corpus/_batch_row.html", {"row": row})
    start = _number(request, "from") if request.method == "POST" else None
    going_on = None if start is None else _store_some(rows, start, speaker, request, archive)
    return _page(request, {"rows": rows, "token": token, "going_on": going_on})


def _number(request: HttpRequest, key: str) -> int:
    """Parse a row number from the form; 0 if absent, Http404 if invalid."""
    found = request.POST.get(key) or "0"
    if not re.fullmatch(r"[0-9]{1,6}", found):
        raise Http404
    return int(found)


def _store_some(
    rows: list[Row], start: int, speaker: Speaker, request: HttpRequest, archive: Any
) -> int | None:
    """Store from `start` on until time is up; return where to continue, None at the end."""
    until = time.monotonic() + AT_ONCE_S
    for row in rows[start:]:
        if time.monotonic() > until:
            return row.index
        _store_entry(row, speaker, request.user, archive)
    done = sum(row.state == "stored" for row in rows)
    messages.success(request, ngettext("%s take stored.", "%s takes stored.", done) % done)
    return None


def _store_entry(row: Row, speaker: Speaker, person: Any, archive: Any) -> None:
    if row.state != "ready":
        return
    try:
        with batch_file(archive, row.index) as file:
            _store(row, speaker, person, file)
    except BatchError as error:
        row.state, row.words = "fault", batch_words(error.code)


def _store(row: Row, speaker: Speaker, person: Any, file: Any) -> None:
    if row.sentence is None or row.style is None:
        return
    new_id = uuid4()
    try:
        row.take = take_store(
            sentence=row.sentence, style=row.style, speaker=speaker, person=person, file=file,
            uuid=new_id,
        )  # fmt: skip
    except AudioError as error:
        row.state, row.words = "fault", refusal(error)
    except ConsentMissing as error:
        row.state, row.words = "fault", str(error)
    else:
        row.state = "stored" if row.take.uuid == new_id else "same"


def _rows(files: list[Found]) -> list[Row]:
    items = batch_plan(files)
    wanted = {item.sentence_id for item in items if item.sentence_id}
    sentences = {
        sentence.sentence_id: sentence
        for start in range(0, len(wanted), 500)
        for sentence in Sentence.objects.filter(sentence_id__in=sorted(wanted)[start : start + 500])
    }
    styles = {style.key: style for style in StyleLabel.objects.all()}
    return [
        Row(n, item, sentences.get(item.sentence_id), styles.get(item.style), *_state(item))
        for n, item in enumerate(items)
    ]


def _state(item: Item) -> tuple[str, str]:
    if not item.fault:
        return "ready", ""
    return ("litter" if item.fault == "litter" else "fault"), batch_words(item.fault)


def _page(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    rows: list[Row] = context.get("rows", [])
    context |= {
        "counts": {state: sum(row.state == state for row in rows) for state in _STATES},
        "styles": StyleLabel.objects.all(),
        "max_files": MAX_FILES,
        "max_bytes": settings.MAX_UPLOAD_BYTES,
        "max_batch_bytes": settings.MAX_BATCH_BYTES,
    }
    part = request.headers.get("X-Requested-With") == "fetch"
    name = "corpus/_batch_table.html" if part else "corpus/take_batch.html"
    return render(request, name, context, status=status)


_STATES = ("ready", "stored", "same", "fault", "litter")


def _with_consent(request: HttpRequest, view: Callable[[Speaker], HttpResponse]) -> HttpResponse:
    """Call `view` with the user's speaker row, or redirect to the consent page."""
    speaker = speaker_of(request.user)
    if speaker and speaker.consented_at and not speaker.withdrawn_at:
        return view(speaker)
    messages.info(request, gettext("Takes are stored once you have agreed to be recorded."))
    return redirect(f"{reverse('consent')}?{urlencode({'next': reverse('take_batch')})}")


def batch_words(code: str) -> str:
    """Return the message for an error code: what is wrong and what to do."""
    return str(_WORDS[code]) % {
        "largest": filesizeformat(settings.MAX_UPLOAD_BYTES),
        "archive": filesizeformat(settings.MAX_BATCH_BYTES),
        "most": MAX_FILES,
    }
