"""The naturalness predictor: its ranking of known audio; no torchaudio module is left behind."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from corpus.audio.io import decode, resample
from corpus.audio.types import Audio
from distillation.engines.kokoro.student import KokoroStudent
from distillation.scoring.naturalness import LOWEST, available, naturalness
from tests.conftest import REPOSITORY
from tests.distillation.voices import LONG, say
from tests.signals import noise, silence

VOICES = ("ef_dora", "em_alex", "em_santa")
SENTENCES = (
    "Para continuar con la gestión necesito verificar su número de cliente.",
    "Su pedido llegará mañana por la mañana a la dirección que nos indicó la semana pasada.",
    "Espere un momento, por favor, mientras reviso los datos de su contrato y le llamo después.",
)
AFTERWARDS = """
import numpy as np
from corpus.audio.types import Audio
from distillation.scoring.naturalness import naturalness
naturalness(Audio(np.random.default_rng(0).standard_normal(16_000).astype(np.float32), 16_000))
import kokoro, transformers.utils
assert not transformers.utils.is_torchaudio_available()
"""


@pytest.fixture(scope="module")
def person(shared_data: Path) -> Audio:
    return decode(shared_data / "speech" / "1688-142285-0001.flac")


def test_people_sound_more_natural_than_praat_and_than_noise(person: Audio) -> None:
    human, praat, hiss = map(naturalness, (person, say(LONG), noise(4.0, level_db=-20.0)))
    assert human > 4.0
    assert LOWEST <= praat < human - 1.5
    assert LOWEST <= hiss < 2.0


def test_the_prediction_is_bit_identical_and_independent_of_level(person: Audio) -> None:
    clip = Audio(person.y[: 4 * person.sr], person.sr)
    quiet = Audio((0.05 * clip.y).astype(np.float32), clip.sr)
    assert naturalness(clip) == naturalness(clip)
    assert naturalness(quiet) == pytest.approx(naturalness(clip), abs=1e-4)


@pytest.mark.parametrize("seconds", [0.5, 1.7, 4.0, 7.4, 9.0])
def test_the_prediction_is_the_published_one(person: Audio, seconds: float) -> None:
    import torch

    from distillation.scoring.naturalness import _network

    clip = Audio(person.y[: int(seconds * person.sr)], person.sr)
    with torch.inference_mode():  # it cuts the clip itself and evaluates the windows as one batch
        published = float(_network()(torch.from_numpy(resample(clip, 16_000).y)[None]))
    assert naturalness(clip) == pytest.approx(published, abs=1e-5)


def test_silence_has_the_lowest_naturalness() -> None:
    assert naturalness(silence(2.0)) == LOWEST


def test_the_torchaudio_module_is_removed_and_kokoro_loads_after() -> None:
    assert available()
    naturalness(say(LONG))
    assert "torchaudio" not in sys.modules
    assert find_spec("torchaudio") is None
    subprocess.run([sys.executable, "-W", "ignore", "-c", AFTERWARDS], cwd=REPOSITORY, check=True)


@pytest.mark.weights
@pytest.mark.parametrize("voice", VOICES)
def test_stock_voices_of_kokoro_sound_natural(real_kokoro: KokoroStudent, voice: str) -> None:
    pack = real_kokoro.stock_voice(voice)
    scores = [naturalness(real_kokoro.synthesize(text, pack, seed=1)) for text in SENTENCES]
    assert np.mean(scores) >= 3.8, scores
