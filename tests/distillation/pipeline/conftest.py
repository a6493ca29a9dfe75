"""A voice, takes, clips, and a folder in which one style was searched."""

from pathlib import Path

import pytest

from corpus.audio.io import write_wav
from distillation.pipeline import corpus_folder
from distillation.recipe_builder import selected
from tests.distillation.pipeline.runs import CORPUS, run
from tests.distillation.voices import REFERENCE, say
from tests.signals import join, silence


@pytest.fixture(scope="session")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a minute of the stranger in one WAV."""
    path = tmp_path_factory.mktemp("voice") / "voice.wav"
    parts = [part for text in REFERENCE for part in (say(text), silence(0.5, sr=24_000))]
    write_wav(path, join(*parts))
    return path


@pytest.fixture(scope="session")
def whole(voice: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An uninterrupted search."""
    out = tmp_path_factory.mktemp("whole")
    run(out, "--stage", "reference", "--reference-audio", voice, "--styles", "neutral")
    run(out, "--stage", "evolve", "--steps", 5)
    return out


@pytest.fixture(scope="session")
def takes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of takes by two of praat's voices, one for each style."""
    folder = tmp_path_factory.mktemp("takes")
    corpus = corpus_folder.read_corpus(CORPUS)
    for style, name in (("amable", "pf_sol"), ("profesional", "pm_gil")):
        chosen = selected(corpus_folder.style_sources(corpus, [style]), corpus.texts)
        names = {one.text: one.sentence_id for one in corpus.sentences}
        for line in chosen.references[style][:6]:
            write_wav(folder / f"{names[line.text]}_{style}.wav", say(line.text, name))
    return folder


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three clips of the stranger, for any style."""
    folder = tmp_path_factory.mktemp("clips")
    for number, text in enumerate(REFERENCE[:3]):
        write_wav(folder / f"{number}.wav", say(text))
    return folder
