"""Files in a bucket of an S3-compatible store; the store's errors are raised as those of a disk."""

from __future__ import annotations

import base64
import errno
import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from typing import IO, Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

SCHEMES = {"s3": "https", "s3+http": "http"}
FORM = "s3://KEY:SECRET@HOST:PORT/BUCKET?region=REGION (s3+http:// without TLS)"
CONNECT_SECONDS, READ_SECONDS, TRIES = 3, 30, 3
BLOCK_BYTES = 2**20  # of a file that is hashed
BUFFER_BYTES = 2**18  # least that one request of a `BucketFile` reads
SHA256 = "sha256"  # metadata of each object
FORBIDDEN = ("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "403", "401")
MISSING = ("NoSuchKey", "404")
FULL = ("QuotaExceeded", "XMinioStorageFull", "InsufficientStorage", "507")
CHANGED = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")


class Address(NamedTuple):
    """Where a bucket is and who asks; without `key` the machine's own credentials are used."""

    endpoint: str | None
    bucket: str
    prefix: str
    region: str
    key: str | None
    secret: str | None

    def __repr__(self) -> str:
        return f"<bucket {self.bucket} at {self.endpoint or 'AWS'}>"


class Stored(NamedTuple):
    """What the store says of an object; `sha256` is empty for one that another program put."""

    size: int
    sha256: str
    etag: str
    modified: datetime


def address_of(url: str) -> Address:
    """Parse STORAGE_URL.

    Raises
    ------
    ValueError
        It has another form; the message does not repeat it, since it has a secret.
    """
    parts = urlsplit(url)
    bucket, _, prefix = parts.path.strip("/").partition("/")
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError as error:
        raise ValueError(f"STORAGE_URL: the port is no number; wanted: {FORM}.") from error
    if parts.scheme not in SCHEMES or not bucket or (parts.username and not parts.password):
        raise ValueError(f"STORAGE_URL: wanted: {FORM}.")
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return Address(
        endpoint=f"{SCHEMES[parts.scheme]}://{host}{port}" if host else None,
        bucket=bucket,
        prefix=f"{prefix}/" if prefix else "",
        region=parse_qs(parts.query).get("region", ["us-east-1"])[0],
        key=unquote(parts.username) if parts.username else None,
        secret=unquote(parts.password) if parts.password else None,
    )


class Bucket:
    """Objects below one prefix of a bucket.

    Every method raises FileNotFoundError for a missing object and otherwise an OSError whose errno
    says what is wrong: EHOSTDOWN (no answer), EIO (the store failed), EROFS (no right), ENXIO (no
    such bucket), ENOSPC (full), EEXIST (changed by somebody else).
    """

    def __init__(self, address: Address, folder: str = "") -> None:
        self._address = address
        self._prefix = address.prefix + folder

    def put(self, name: str, content: IO[bytes] | bytes, *, replaces: str | None = None) -> None:
        """Store an object whole, checked by the store; nothing of it is there after a failure.

        `replaces` is the ETag of the object that may be replaced, "" if there must be none.
        """
        file = io.BytesIO(content) if isinstance(content, bytes) else content
        sha256, md5 = _digests(file)
        condition = {"IfNoneMatch": "*"} if replaces == "" else {"IfMatch": replaces}
        with self._errors(name):
            self._client.put_object(
                **self._at(name),
                Body=file,
                ContentMD5=base64.b64encode(md5).decode(),
                Metadata={SHA256: sha256},
                **({} if replaces is None else condition),
            )

    def stat(self, name: str) -> Stored:
        with self._errors(name):
            found = self._client.head_object(**self._at(name))
        sha256 = found["Metadata"].get(SHA256, "")
        return Stored(found["ContentLength"], sha256, found["ETag"], found["LastModified"])

    def get(self, name: str) -> bytes:
        """Return an object's content; EIO if it is not what was put there."""
        with self._errors(name):
            found = self._client.get_object(**self._at(name))
            content: bytes = found["Body"].read()
        wanted = found["Metadata"].get(SHA256, "")
        if wanted and hashlib.sha256(content).hexdigest() != wanted:
            raise OSError(errno.EIO, "the object is damaged", name)
        return content

    def get_part(self, name: str, start: int, stop: int, etag: str) -> bytes:
        """Return the bytes from `start` to before `stop` of the object with this ETag."""
        wanted = {"Range": f"bytes={start}-{stop - 1}", "IfMatch": etag}
        with self._errors(name):
            content: bytes = self._client.get_object(**self._at(name), **wanted)["Body"].read()
        return content

    def delete(self, name: str) -> None:
        with self._errors(name):
            self._client.delete_object(**self._at(name))

    def list(self, folder: str) -> tuple[list[str], list[str]]:
        """Return the names of the folders and files in a folder; of none if it is not there."""
        root = f"{self._prefix}{folder.strip('/')}/" if folder.strip("/") else self._prefix
        folders, files = [], []
        pages = self._client.get_paginator("list_objects_v2")
        with self._errors(folder):
            for page in pages.paginate(Bucket=self._address.bucket, Prefix=root, Delimiter="/"):
                folders += [one["Prefix"][len(root) : -1] for one in page.get("CommonPrefixes", ())]
                files += [one["Key"][len(root) :] for one in page.get("Contents", ())]
        return folders, [name for name in files if name]

    def check(self) -> None:
        """Raise OSError unless the bucket is there and answers."""
        with self._errors(""):
            self._client.head_bucket(Bucket=self._address.bucket)

    @property
    def _client(self) -> Any:
        return _client(self._address, os.getpid())  # connections do not survive a fork

    def _at(self, name: str) -> dict[str, str]:
        return {"Bucket": self._address.bucket, "Key": self._prefix + name}

    @contextmanager
    def _errors(self, name: str) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

        where = f"{self._address.bucket}/{self._prefix}{name}"
        try:
            yield
        except ClientError as error:
            raise _disk_error(error.response, where) from error
        except NoCredentialsError as error:
            raise OSError(errno.EROFS, f"{error}; see STORAGE_URL", where) from error
        except BotoCoreError as error:  # its words may hold the whole request
            raise OSError(errno.EHOSTDOWN, f"no answer: {type(error).__name__}", where) from error


class BucketFile(io.RawIOBase):
    """An object opened for reading; what is read is asked of the store as a range."""

    def __init__(self, bucket: Bucket, name: str) -> None:
        self.name = name
        self._bucket, self._stored, self._position = bucket, bucket.stat(name), 0

    @property
    def size(self) -> int:
        return self._stored.size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        stop = min(self.size, self._position + len(buffer))
        if stop <= self._position:
            return 0
        content = self._bucket.get_part(self.name, self._position, stop, self._stored.etag)
        buffer[: len(content)] = content
        self._position += len(content)
        return len(content)


@lru_cache(maxsize=4)
def _client(address: Address, _process: int) -> Any:
    from botocore.config import Config
    from botocore.session import Session

    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        retries={"mode": "standard", "total_max_attempts": TRIES},
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        max_pool_connections=16,
        request_checksum_calculation="when_required",  # not every store knows AWS's checksums
        response_checksum_validation="when_required",
    )
    return Session().create_client(
        "s3",
        region_name=address.region,
        endpoint_url=address.endpoint,
        aws_access_key_id=address.key,
        aws_secret_access_key=address.secret,
        config=config,
    )


def _digests(file: IO[bytes]) -> tuple[str, bytes]:
    """Return the SHA-256, hexadecimal, and the MD5 of a file, and rewind it."""
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    file.seek(0)
    while block := file.read(BLOCK_BYTES):
        sha256.update(block)
        md5.update(block)
    file.seek(0)
    return sha256.hexdigest(), md5.digest()


def _disk_error(response: Any, where: str) -> OSError:
    code = str(response.get("Error", {}).get("Code", ""))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in MISSING:
        return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), where)
    numbers = {
        "NoSuchBucket": errno.ENXIO,
        **dict.fromkeys(FORBIDDEN, errno.EROFS),
        **dict.fromkeys(FULL, errno.ENOSPC),
        **dict.fromkeys(CHANGED, errno.EEXIST),
    }
    return OSError(numbers.get(code, errno.EIO), f"the store answered {status} {code}", where)
