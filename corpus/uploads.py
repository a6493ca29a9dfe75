"""Upload handler that rejects oversized files during the upload, before memory or disk fill up."""

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile

TOO_LARGE = "voicelab.upload_too_large"


class QuotaUploadHandler(FileUploadHandler):
    """Skips the rest of a file once it exceeds the limit.

    The limit is MAX_UPLOAD_BYTES for a take, MAX_BATCH_BYTES for a ZIP of takes (the field `zip`).

    Sets `TOO_LARGE` in the request's META, so that the form can explain the missing file.
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
