"""Targets synthesized once per session."""

from pathlib import Path

import pytest

from corpus.audio.io import write_wav
from distillation.engines.kokoro.student import KokoroStudent


@pytest.fixture(scope="session")
def kokoro_target(real_kokoro: KokoroStudent, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sentence on real weights by em_alex, who is none of the tests' base voices."""
    path = tmp_path_factory.mktemp("target") / "target.wav"
    pack = real_kokoro.stock_voice("em_alex")
    write_wav(path, real_kokoro.synthesize("Su pedido llega mañana.", pack))
    return path
