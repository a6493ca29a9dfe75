"""Audio for the upload benchmark: speech-like takes in every accepted format."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import soundfile

from corpus.audio.io import encode_mp3, encode_wav, resample
from corpus.audio.types import Audio
from tests.signals import noise, speech

SR = 48_000
FORMATS = ("wav 48 kHz mono", "wav 48 kHz stereo 24 bit", "wav 44.1 kHz stereo", "wav 96 kHz float",
           "flac 48 kHz stereo", "ogg vorbis", "mp3")  # fmt: skip
SHORT_SYLLABLES, LONG_SYLLABLES = 20, 142  # 5.0 and 29.4 s


@cache
def _speech(syllables: int) -> Audio:
    return speech(syllables, lead_s=0.5, sr=SR)


def spoken(seed: int) -> bytes:
    """Return a take of 5 s as the studio records it; each seed gives different bytes."""
    voice = _speech(SHORT_SYLLABLES)
    return encode_wav(Audio(voice.y + _room(voice, seed), SR))


def _room(voice: Audio, seed: int) -> np.ndarray:
    return noise(1.0, level_db=-75, seed=seed, sr=SR).y[np.arange(len(voice.y)) % SR]


def in_format(kind: str, seed: int) -> bytes:
    """Return a take of 29.4 s in one of the `FORMATS`."""
    voice = _speech(LONG_SYLLABLES)
    audio = Audio(voice.y + _room(voice, seed), SR)
    form, _, rest = kind.partition(" ")
    if form == "mp3":
        return encode_mp3(audio, sr=SR, kbps=128)
    for name, rate in (("44.1", 44_100), ("96", 96_000)):
        audio = resample(audio, rate) if rest.startswith(name) else audio
    subtype = "PCM_24" if "24 bit" in rest else "FLOAT" if "float" in rest else "PCM_16"
    return _written(audio, form, "VORBIS" if form == "ogg" else subtype, stereo="stereo" in rest)


def _written(audio: Audio, form: str, subtype: str, *, stereo: bool) -> bytes:
    file = BytesIO()
    y = np.stack([audio.y, 0.8 * audio.y], axis=1) if stereo else audio.y
    soundfile.write(file, y, audio.sr, format=form.upper(), subtype=subtype)
    return file.getvalue()


def archive(sentences: list[str], styles: list[str], *, files: int = 82) -> tuple[bytes, list[str]]:
    """Return a ZIP of takes of 29.4 s (48 kHz, 24 bit, mono), and its file names."""
    names = [
        f"{sentences[n % len(sentences)]}_{styles[n // len(sentences) % len(styles)]}.wav"
        for n in range(files)
    ]
    file, voice = BytesIO(), _speech(LONG_SYLLABLES)
    with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=1) as zip_:
        for seed, name in enumerate(names):
            audio = Audio(voice.y + _room(voice, 500 + seed), SR)
            zip_.writestr(name, _written(audio, "wav", "PCM_24", stereo=False))
    return file.getvalue(), names
