"""A bucket of an S3-compatible server (moto) on loopback, and the settings that use it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from botocore.config import Config
from botocore.session import Session
from moto.server import ThreadedMotoServer

KEY, SECRET, REGION = "lab", "not/secret", "eu-south-2"


@contextmanager
def store() -> Iterator[str]:
    """Run a server in this process; yield its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def new_bucket(address: str) -> str:
    """Make an empty bucket; return its STORAGE_URL."""
    name = f"voices-{uuid4().hex[:8]}"
    client = Session().create_client(
        "s3",
        region_name=REGION,
        endpoint_url=address,
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        config=Config(s3={"addressing_style": "path"}),
    )
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return bucket_url(address, name)


def bucket_url(address: str, name: str) -> str:
    place = address.replace("http://", f"s3+http://{KEY}:{SECRET.replace('/', '%2F')}@")
    return f"{place}/{name}/lab?region={REGION}"


def keep_media_in(settings: Any, url: str) -> None:
    """Have Django keep the media in this bucket."""
    settings.STORAGE_URL = url
    default = {"BACKEND": "corpus.storage.BucketFiles"}
    settings.STORAGES = {**settings.STORAGES, "default": default}
