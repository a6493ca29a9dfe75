"""Refuses a file over the limit while it arrives, before it fills memory or disk."""

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile

TOO_LARGE = "voicelab.upload_too_large"


class QuotaUploadHandler(FileUploadHandler):
    """Skips the rest of a file once it is larger than may be, and says so.

    MAX_UPLOAD_BYTES for a take, MAX_BATCH_BYTES for a ZIP of takes (the field `zip`).

    The request's META gets `TOO_LARGE`; the form then explains why there is no file.
    """

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        zipped = self.field_name == "zip"
        most = settings.MAX_BATCH_BYTES if zipped else settings.MAX_UPLOAD_BYTES
        if start + len(raw_data) > most:
            if self.request:
                self.request.META[TOO_LARGE] = True
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:  # noqa: ARG002
        """Leave the file to the handlers that follow."""
        return
