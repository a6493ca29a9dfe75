"""Celery's broker of files, with messages that appear whole or not at all."""

import uuid
from pathlib import Path
from time import monotonic_ns
from typing import Any

from kombu.transport import filesystem
from kombu.utils.encoding import str_to_bytes
from kombu.utils.json import dumps

from corpus.files import write_bytes


class Channel(filesystem.Channel):
    """kombu writes a message under its final name: who reads meanwhile ends the worker."""

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]  # noqa: ARG002
        name = f"{monotonic_ns():020}_{uuid.uuid4()}.{queue}.msg"  # read in the order of names
        write_bytes(Path(self.data_folder_out) / name, str_to_bytes(dumps(payload)))


class Transport(filesystem.Transport):
    """The transport `filesystem` with that channel."""

    Channel = Channel
