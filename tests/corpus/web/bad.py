"""Bad audio and bad archives, one list for every upload path; each with its error code."""

import io
import stat
import struct
from collections.abc import Callable
from functools import cache
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np
import soundfile

from corpus.audio.io import encode_wav
from tests.corpus.web.conftest import wav
from tests.signals import noise, silence, tone

LARGEST = 3_000_000  # the limit used for these
GOOD = "shcc-01_neutral.wav"
TRIED = "shcc-01_amable.wav"


def _float_wav(value: float) -> bytes:
    y = np.full(24_000, 0.1, dtype=np.float32)
    y[12_000] = value
    return _written(y, 24_000, "WAV", "FLOAT")


def _written(y: np.ndarray, sr: int, form: str, subtype: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, y, sr, format=form, subtype=subtype)
    return file.getvalue()


@cache
def _forty_minutes() -> bytes:
    y = np.zeros(40 * 60 * 8000, dtype=np.float32)
    y[:8000] = tone(250, 1.0, sr=8000).y
    return _written(y, 8000, "FLAC", "PCM_16")


def _cut_header(length: int) -> bytes:
    return wav()[:length]


SOUNDS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a PDF": ("not_audio", lambda: b"%PDF-1.7 not a sound" * 50),
    "a page": ("not_audio", lambda: b"<!doctype html><title>404</title>" * 20),
    "a picture": ("not_audio", lambda: b"\x89PNG\r\n\x1a\n" + bytes(2000)),
    "a playlist": ("not_audio", lambda: b"#EXTM3U\nfile:///etc/passwd\n"),
    "no byte": ("empty", lambda: b""),
    "a header without sound": ("empty", lambda: encode_wav(silence(0))),
    "silence": ("silent", lambda: encode_wav(silence(2.0))),
    "0.2 s": ("too_short", lambda: encode_wav(tone(200, 0.2))),
    "31 s": ("too_long", lambda: encode_wav(tone(200, 31.0, sr=8000))),
    "40 minutes": ("too_long", _forty_minutes),
    "over the limit": ("too_large", lambda: encode_wav(noise(20.0, sr=96_000))),
    "a cut header": ("truncated", lambda: _cut_header(30)),
    "cut sound": ("truncated", lambda: wav()[:5000]),
    "NaN": ("not_finite", lambda: _float_wav(np.nan)),
    "infinity": ("not_finite", lambda: _float_wav(-np.inf)),
    "far beyond full scale": ("not_finite", lambda: _float_wav(1e20)),
    "25 channels": (
        "not_audio",
        lambda: _written(np.stack([noise(1.0).y] * 25, axis=1), 24_000, "WAV", "PCM_16"),
    ),
}


def packed(*files: tuple[str | ZipInfo, bytes], compression: int = ZIP_DEFLATED) -> bytes:
    """Return a ZIP of these files, followed by the good one."""
    file = io.BytesIO()
    with ZipFile(file, "w", compression) as zip_:
        for name, content in files:
            zip_.writestr(name, content)
        zip_.writestr(GOOD, wav(), ZIP_DEFLATED)
    return file.getvalue()


def _patched(content: bytes, *changes: tuple[bytes, int, bytes]) -> bytes:
    """Overwrite bytes of the first header with each signature, at an offset from it."""
    spoilt = bytearray(content)
    for signature, offset, new in changes:
        at = spoilt.find(signature) + offset
        spoilt[at : at + len(new)] = new
    return bytes(spoilt)


LOCAL, CENTRAL = b"PK\x03\x04", b"PK\x01\x02"
_SAYS_1000 = struct.pack("<I", 1000)
_IN_ZIP64 = b"\xff" * 4


def _link() -> ZipInfo:
    info = ZipInfo(TRIED)
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return info


def _device() -> ZipInfo:
    info = ZipInfo(TRIED)
    info.create_system, info.external_attr = 3, (stat.S_IFCHR | 0o666) << 16
    return info


def _zip64(size: int) -> ZipInfo:
    info = ZipInfo(TRIED)
    info.extra = struct.pack("<HHQ", 1, 8, size)
    return info


def _locked() -> bytes:
    return _patched(packed((TRIED, wav())), (LOCAL, 6, b"\1"), (CENTRAL, 8, b"\1"))


def _lying(size: int) -> bytes:
    whole = packed((TRIED, bytes(size)))
    return _patched(whole, (LOCAL, 22, _SAYS_1000), (CENTRAL, 24, _SAYS_1000))


ARCHIVES: dict[str, tuple[tuple[str, ...], Callable[[], bytes]]] = {
    "a bomb": (("bomb",), lambda: packed((TRIED, bytes(40_000_000)))),
    "a bomb that says it is small": (("too_large", "damaged"), lambda: _lying(40_000_000)),
    "out of the folder": (("outside",), lambda: packed((f"../../{TRIED}", wav()))),
    "an absolute path": (("outside",), lambda: packed((f"/etc/{TRIED}", wav()))),
    "a path of Windows": (("outside",), lambda: packed((f"..\\..\\{TRIED}", wav()))),
    "a drive": (("outside",), lambda: packed((f"C:{TRIED}", wav()))),
    "a link": (("link",), lambda: packed((_link(), b"/etc/passwd"))),
    "a device": (("link",), lambda: packed((_device(), b"\1\5"))),
    "a password": (("locked",), _locked),
    "bzip2": (("packing",), lambda: packed((TRIED, wav()), compression=ZIP_BZIP2)),
    "one name twice": (("twice",), lambda: packed((f"a/{TRIED}", wav()), (f"b/{TRIED}", wav()))),
    "an archive inside": (("archive",), lambda: packed(("more.zip", packed((TRIED, wav()))))),
    "a ZIP named as a sound": (("not_audio",), lambda: packed((TRIED, packed((TRIED, wav()))))),
    "a name that says nothing": (("name",), lambda: packed(("hola.wav", wav()))),
    "no such sentence": (("sentence",), lambda: packed(("shcc-99_amable.wav", wav()))),
    "no such style": (("style",), lambda: packed(("shcc-01_alegre.wav", wav()))),
    "a program": (("kind",), lambda: packed(("shcc-01_amable.exe", wav()))),
    "spoilt content": (
        ("damaged",),
        lambda: _patched(packed((TRIED, wav())), (LOCAL, 80, b"!!!!")),
    ),
    "a ZIP64 size of a terabyte": (
        ("bomb",),
        lambda: _patched(packed((_zip64(2**40), wav())), (CENTRAL, 24, _IN_ZIP64)),
    ),
    "a ZIP64 size too small": (
        ("damaged", "truncated"),
        lambda: _patched(packed((_zip64(100), wav())), (CENTRAL, 24, _IN_ZIP64)),
    ),
}
