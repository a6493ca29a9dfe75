"""Reading a truncated request body is an error; a complete one is read unchanged."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.patches.content_length import WholeBody


def body_of(content: bytes, announced: str) -> object:
    seen = []
    environ = {"wsgi.input": BytesIO(content), "CONTENT_LENGTH": announced}
    WholeBody(lambda given, _start: seen.append(given["wsgi.input"]))(environ, None)
    return seen[0]


@given(st.binary(max_size=200), st.lists(st.integers(-1, 40), max_size=30))
def test_a_complete_body_is_read_unchanged(content, sizes):
    body = body_of(content + b"of the next request", str(len(content)))
    read = b"".join(body.read(size) for size in sizes) + body.read()
    assert read == content
    assert body.read() == b""


@pytest.mark.parametrize("size", [-1, None, 4, 7, 10**6])
def test_a_cut_body_raises(size):
    body = body_of(b"a take cut of", "20")
    with pytest.raises(ConnectionError, match="announced length"):
        b"".join(body.read(size) for _ in range(10))


def test_bytes_read_as_lines_are_counted():
    body = body_of(b"one\ntwo\n", "12")
    assert [body.readline(), body.readline(2), body.readline()] == [b"one\n", b"tw", b"o\n"]
    with pytest.raises(ConnectionError):
        body.readline()


def test_a_body_of_unknown_length_is_not_checked():
    assert isinstance(body_of(b"chunks", ""), BytesIO)
