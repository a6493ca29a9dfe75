"""HTTP responses with a stored file, with support for range requests."""

import re
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import BadRequest
from django.core.files import File
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse

_RANGE = re.compile(r"bytes=(\d*)-(\d*)$", re.ASCII)
_BLOCK = 2**16
_DIGITS = 18


def file_response(
    request: HttpRequest, file: "File", *, content_type: str, filename: str = ""
) -> Any:
    """Respond 200 with the file, 206 with the requested range, or 416 if it is unsatisfiable.

    Raises BadRequest (400) for a range with more digits than a position has.

    The caller must have checked the role. With `filename` the file is a download of that name.
    """
    size = file.size
    try:
        span = _span(request.headers.get("Range", ""), size)
    except BadRequest:
        file.close()
        raise
    if span is None:
        answer: Any = FileResponse(
            file.open("rb"),
            content_type=content_type,
            filename=filename,
            as_attachment=bool(filename),
        )
    elif span[0] >= size:
        file.close()
        answer = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    else:
        start, stop = span
        answer = StreamingHttpResponse(
            _blocks(file.open("rb"), start, stop), status=206, content_type=content_type
        )
        answer["Content-Length"] = stop - start
        answer["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    answer["Accept-Ranges"] = "bytes"
    answer["Cache-Control"] = "private, max-age=3600"
    return answer


def _span(header: str, size: int) -> tuple[int, int] | None:
    """Parse a single byte range to (start, stop); None if absent, invalid or unsupported."""
    match = _RANGE.match(header)
    if not match or match[1] == match[2] == "":
        return None
    if max(map(len, match.groups())) > _DIGITS:
        raise BadRequest("a position of the range has too many digits")
    if match[1] == "":
        return max(0, size - int(match[2])), size
    start = int(match[1])
    stop = min(size, int(match[2]) + 1) if match[2] else size
    return None if start < size and stop <= start else (start, stop)


def _blocks(file: "File", start: int, stop: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        left = stop - start
        while left > 0 and (block := file.read(min(_BLOCK, left))):
            left -= len(block)
            yield block
