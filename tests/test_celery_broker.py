"""Messages over files: complete and in order, never read half written."""

from pathlib import Path

from kombu import Connection

from voicelab.celery import app
from voicelab.patches.celery_broker import Transport


def connection(folder: Path) -> Connection:
    options = {"data_folder_in": str(folder), "data_folder_out": str(folder),
               "control_folder": str(folder / "control")}  # fmt: skip
    return Connection("filesystem://", transport_options=options)


def test_the_application_uses_the_broker() -> None:
    assert isinstance(app.connection_for_write().transport, Transport)


def test_messages_are_received_complete_and_in_order(tmp_path: Path) -> None:
    (tmp_path / "1_half.work.new").write_bytes(b"")  # of a writer that was killed
    with connection(tmp_path) as wire, wire.SimpleQueue("work") as queue:
        for number in range(3):
            queue.put({"number": number})
        got = []
        for _ in range(3):
            message = queue.get(timeout=5)
            got.append(message.payload["number"])
            message.ack()
        assert got == [0, 1, 2]
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".new"] == [
        "1_half.work.new"
    ]
