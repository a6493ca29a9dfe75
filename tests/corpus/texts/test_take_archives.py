"""Names of a batch, and malicious archives."""

import contextlib
import io
import stat
import struct
import tracemalloc
import zipfile
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.take_archives import BatchError, Found, Known, archive_extract, archive_files, plan

KNOWN = Known({"shcc-01", "shcc-02", "a_b"}, {"amable", "neutral", "muy_amable"})
LIMIT = 10_000_000


def planned(name: str, size: int = 10, fault: str = "") -> tuple[str, str, str]:
    [item] = plan([Found(name, size, fault)], KNOWN, max_bytes=LIMIT)
    return item.sentence_id, item.style, item.fault


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("shcc-01_amable.wav", ("shcc-01", "amable", "")),
        ("takes/deep/SHCC-02_Neutral.FLAC", ("shcc-02", "neutral", "")),
        ("shcc-01_amable_2.wav", ("shcc-01", "amable", "")),
        ("a_b_muy_amable.mp3", ("a_b", "muy_amable", "")),
        ("a_b_amable.mp3", ("a_b", "amable", "")),
        ("shcc-99_amable.wav", ("", "amable", "sentence")),
        ("shcc-01_alegre.wav", ("shcc-01", "", "style")),
        ("hola.wav", ("", "", "name")),
        ("_amable.wav", ("", "amable", "sentence")),
        ("shcc-01_amable.exe", ("", "", "kind")),
        ("shcc-01_amable", ("", "", "kind")),
        ("more.zip", ("", "", "archive")),
        ("../shcc-01_amable.wav", ("", "", "outside")),
        ("/etc/shcc-01_amable.wav", ("", "", "outside")),
        ("C:\\shcc-01_amable.wav", ("", "", "outside")),
        ("..\\shcc-01_amable.wav", ("", "", "outside")),
        ("x\0/shcc-01_amable.wav", ("", "", "outside")),
        (".DS_Store", ("", "", "litter")),
        ("__MACOSX/._shcc-01_amable.wav", ("", "", "litter")),
        ("corpus.json", ("", "", "litter")),
    ],
)
def test_a_file_name_gives_sentence_and_style(name, meant):
    assert planned(name) == meant


def test_files_of_impossible_size_are_refused():
    assert planned("shcc-01_amable.wav", 0)[2] == "empty"
    assert planned("shcc-01_amable.wav", LIMIT + 1)[2] == "too_large"


def test_a_duplicate_name_is_refused_and_a_numbered_one_is_a_take():
    names = ["a/shcc-01_amable.wav", "b/shcc-01_amable.mp3", "shcc-01_amable_2.wav"]
    items = plan([Found(name, 10) for name in names], KNOWN, max_bytes=LIMIT)
    assert [item.fault for item in items] == ["", "twice", ""]


@given(st.text(max_size=300))
def test_any_file_name_gives_a_result_that_can_be_displayed(name):
    [item] = plan([Found(name, 10)], KNOWN, max_bytes=LIMIT)
    assert bool(item.fault) != bool(item.sentence_id and item.style) or item.fault
    assert len(item.name) <= 120
    assert not any(letter < " " for letter in item.name)


def packed(*entries: tuple[str | ZipInfo, bytes], compression: int = ZIP_STORED) -> io.BytesIO:
    file = io.BytesIO()
    with ZipFile(file, "w", compression) as zip_:
        for name, content in entries:
            zip_.writestr(name, content)
    return file


def extracted(file: io.BytesIO, index: int = 0, limit: int = LIMIT) -> bytes:
    into = io.BytesIO()
    archive_extract(file, index, into, max_bytes=limit)
    return into.getvalue()


def refusal(file: io.BytesIO, index: int | None = None, limit: int = LIMIT) -> str:
    with pytest.raises(BatchError) as refused:
        extracted(file, index, limit) if index is not None else archive_files(file)
    return refused.value.code


def test_files_are_extracted_unchanged():
    file = packed(("takes/", b""), ("takes/shcc-01_amable.wav", b"sound" * 100))
    assert archive_files(file) == [Found("takes/shcc-01_amable.wav", 500)]
    assert extracted(file) == b"sound" * 100


def test_a_zip_bomb_is_recognized_by_its_header():
    file = packed(("shcc-01_amable.wav", bytes(50_000_000)), compression=ZIP_DEFLATED)
    assert archive_files(file)[0].fault == "bomb"
    assert refusal(file, 0) == "bomb"


def test_extracting_a_zip_bomb_with_a_false_header_stops_at_the_limit():
    content = bytes(40_000_000)
    file = packed(("shcc-01_amable.wav", content), compression=ZIP_DEFLATED)
    lying = bytearray(file.getvalue())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = lying.find(signature) + offset
        lying[at : at + 4] = struct.pack("<I", 1000)
    tracemalloc.start()
    code = refusal(io.BytesIO(bytes(lying)), 0, 500)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert code in ("too_large", "damaged")
    assert peak < 3 * 2**20


def test_never_more_than_the_limit_is_extracted():
    file = packed(("shcc-01_amable.wav", b"x" * 1000))
    assert refusal(file, 0, 999) == "too_large"


def link() -> ZipInfo:
    info = ZipInfo("shcc-01_amable.wav")
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return info


def locked() -> io.BytesIO:
    file = bytearray(packed(("shcc-01_amable.wav", b"sound")).getvalue())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        file[file.find(signature) + offset] |= 1
    return io.BytesIO(bytes(file))


def nul() -> io.BytesIO:
    content = packed(("shcc-01_amable.wavX.txt", b"x")).getvalue()
    return io.BytesIO(content.replace(b".wavX", b".wav\0"))


@pytest.mark.parametrize(
    ("file", "fault"),
    [
        (packed((link(), b"/etc/passwd")), "link"),
        (locked(), "locked"),
        (nul(), "outside"),
        (packed(("shcc-01_amable.wav", b"x" * 100), compression=ZIP_BZIP2), "packing"),
    ],
)
def test_faults_visible_in_a_header_are_refused(file, fault):
    assert archive_files(file)[0].fault == fault
    assert refusal(file, 0) == fault


def test_a_file_that_is_not_an_archive_is_refused():
    whole = packed(("shcc-01_amable.wav", b"sound" * 100)).getvalue()
    assert refusal(io.BytesIO(b"")) == "not_zip"
    assert refusal(io.BytesIO(b"Rar!\x1a\x07" * 100)) == "not_zip"
    assert refusal(io.BytesIO(whole[:-60])) == "not_zip"
    assert refusal(io.BytesIO(whole[300:]), 0) == "damaged"
    assert refusal(packed()) == "empty_zip"
    assert refusal(packed(("folder/", b""))) == "empty_zip"


def test_content_that_does_not_match_its_checksum_is_damaged():
    content = packed(("shcc-01_amable.wav", b"sound" * 100)).getvalue()
    assert refusal(io.BytesIO(content.replace(b"soundsound", b"soundsuund")), 0) == "damaged"


def test_a_directory_of_millions_is_refused_before_it_is_read():
    many = packed(*((f"{n}.wav", b"") for n in range(5001)))
    assert refusal(many) == "too_many"
    long = bytearray(packed(("a.wav", b"x")).getvalue())
    long[-10:-6] = struct.pack("<I", 2**31)  # the directory's size
    assert refusal(io.BytesIO(bytes(long))) == "too_many"
    hidden = packed(("a.wav", b"x")).getvalue()
    locator = b"PK\x06\x07" + bytes(16)
    assert refusal(io.BytesIO(hidden[:-22] + locator + hidden[-22:])) == "too_many"


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_archive_is_refused_or_read(data):
    content = bytearray(packed(("shcc-01_amable.wav", b"sound" * 20)).getvalue())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    file = io.BytesIO(bytes(content))
    with contextlib.suppress(BatchError):
        for index, found in enumerate(archive_files(file)):
            plan([found], KNOWN, max_bytes=LIMIT)
            extracted(file, index)


def test_python_still_reads_archives_the_way_the_check_assumes():
    assert zipfile.sizeEndCentDir == 22
