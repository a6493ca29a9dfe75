"""Celery's filesystem broker with atomically written messages."""

import uuid
from pathlib import Path
from time import monotonic_ns
from typing import Any

from kombu.transport import filesystem
from kombu.utils.encoding import str_to_bytes
from kombu.utils.json import dumps

from corpus.files import write_bytes


class Channel(filesystem.Channel):
    """Write each message atomically.

    kombu writes it directly under its final name, and a worker that reads it half-written dies.
    """

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]  # noqa: ARG002
        name = f"{monotonic_ns():020}_{uuid.uuid4()}.{queue}.msg"  # messages are read in name order
        write_bytes(Path(self.data_folder_out) / name, str_to_bytes(dumps(payload)))


class Transport(filesystem.Transport):
    """kombu's `filesystem` transport with this channel."""

    Channel = Channel
