"""Fixtures of the tests of distillation."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from corpus.audio.io import write_wav
from corpus.audio.types import Audio
from distillation.engines.kokoro.files import PACKS
from distillation.engines.kokoro.student import KokoroStudent
from distillation.hub import KOKORO
from distillation.scoring import naturalness as scoring
from distillation.services import queue, slices
from distillation.stages import naturalness as stages
from tests.distillation.voices import LONG, say
from tests.standins import kokoro_dir


@pytest.fixture(scope="session", autouse=True)
def _naturalness_cached() -> Iterator[None]:
    """Cache naturalness by samples: of the 260 clips that validations score, 50 are distinct."""
    known: dict[bytes, float] = {}

    def cached(audio: Audio) -> float:
        key = audio.y.tobytes()
        if key not in known:
            known[key] = scoring.naturalness(audio)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stages, "naturalness", cached)
        yield


@pytest.fixture(scope="session")
def target_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short target by the speaker outside praat's stock."""
    path = tmp_path_factory.mktemp("target") / "target.wav"
    write_wav(path, say(LONG))
    return path


@pytest.fixture(scope="session")
def kokoro_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model directory of Kokoro: small, with random weights."""
    return kokoro_dir(tmp_path_factory.mktemp("kokoro") / "model")


@pytest.fixture(scope="session")
def kokoro(kokoro_model: Path) -> KokoroStudent:
    return KokoroStudent(model_dir=kokoro_model)


@pytest.fixture(scope="session")
def real_kokoro(real_kokoro_model: Path) -> KokoroStudent:
    """Kokoro with its real weights, one thread."""
    return KokoroStudent(model_dir=real_kokoro_model, threads=1)


@pytest.fixture
def media(settings: Settings, tmp_path: Path) -> Path:
    """A separate media root for the test."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MEDIA_ROOT.mkdir()
    return settings.MEDIA_ROOT


@pytest.fixture
def kokoro_voices(settings: Settings, tmp_path: Path) -> Path:
    """Kokoro's voices folder with two voices, by name."""
    settings.MODEL_DIR = tmp_path / "models"
    folder = settings.MODEL_DIR / PACKS
    folder.mkdir(parents=True)
    for name in ("ef_dora", "em_alex"):
        (folder / f"{name}.pt").touch()
    return folder


@pytest.fixture
def kokoro_files(settings: Settings, kokoro_voices: Path) -> Path:
    """Kokoro's folder after a pull, by name: configuration, weights, two voices."""
    for part in KOKORO.parts:
        (settings.MODEL_DIR / part.target).touch()
    return Path(settings.MODEL_DIR)


@pytest.fixture
def commit(django_capture_on_commit_callbacks: Callable) -> Callable:
    """Call something and its callbacks after the commit; return the messages sent."""

    def do(function: Callable, *args: object, **kwargs: object) -> list:
        with django_capture_on_commit_callbacks(execute=False) as callbacks:
            function(*args, **kwargs)
        sent = [c for c in callbacks if getattr(c, "args", ()) and c.args[0] == queue.ADVANCE]
        for callback in callbacks:
            if callback not in sent:
                callback()
        return [tuple(callback.keywords["args"]) for callback in sent]

    return do


@pytest.fixture
def work(commit: Callable) -> Callable:
    """Execute the messages in order until none is left, as one worker would."""

    def do(*messages: tuple[int, int], limit: int = 200) -> int:
        waiting, done = list(messages), 0
        while waiting and done < limit:
            style_run_id, slice_ = waiting.pop(0)
            waiting += commit(slices.style_advance, style_run_id=style_run_id, slice=slice_)
            done += 1
        return done

    return do
