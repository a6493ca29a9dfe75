"""The whole pipeline on Kokoro's real weights: takes, search, checks, deployment, the service."""

import asyncio
import json
from pathlib import Path

import pytest

from corpus.audio.io import decode, write_wav
from corpus.audio.types import Audio
from distillation import voicepack
from distillation.engines.kokoro.student import KokoroStudent
from distillation.pipeline import corpus_folder
from distillation.recipe_builder import selected
from distillation.scoring import similarity, speaker_encoder
from tests.distillation.pipeline.runs import CORPUS, run
from tests.tts.harness import serving, until

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(900)]  # a whole run

STYLE, SPEAKER, BASE = "neutral", "em_alex", ("im_nicola", "em_santa", "ef_dora")
TEXT = "Su pedido llega el lunes por la mañana."
STEPS = 10  # six sentences, a score, corrections


@pytest.fixture(scope="module")
def takes(real_kokoro: KokoroStudent, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of takes by a voice that is none of the base voices."""
    folder, pack = tmp_path_factory.mktemp("takes"), real_kokoro.stock_voice(SPEAKER)
    corpus = corpus_folder.read_corpus(CORPUS)
    names = {one.text: one.sentence_id for one in corpus.sentences}
    lines = selected(corpus_folder.style_sources(corpus, [STYLE]), corpus.texts).references[STYLE]
    for line in lines[:6]:
        audio = real_kokoro.synthesize(line.text, pack)
        write_wav(folder / f"{names[line.text]}_{STYLE}.wav", audio)
    return folder


@pytest.fixture(scope="module")
def out(takes: Path, real_kokoro_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the command writes after a few steps."""
    folder = tmp_path_factory.mktemp("pipeline")
    run(
        folder, "--student", "kokoro", "--model-dir", real_kokoro_model, "--precision", "auto",
        "--reference-audio", takes, "--styles", STYLE, "--base-voices", *BASE, "--steps", STEPS,
    )  # fmt: skip
    return folder


async def served(voices: Path, model_dir: Path) -> Audio:
    """Return the sentence by the service's default voice."""
    where = {"backend": "kokoro", "voices_dir": voices, "model_dir": model_dir, "threads": 1}
    async with serving(voices, **where) as (client, service):
        await until(lambda: service.reason is None, 60)
        body = {"input": TEXT, "response_format": "wav"}
        answer = await client.post("/v1/audio/speech", json=body)
        assert answer.status_code == 200, answer.text
        return decode(answer.content)


def test_the_evolved_voice_passes_by_the_default_search(out: Path) -> None:
    about = json.loads((out / "evolved_voices" / f"{STYLE}.json").read_text())
    assert (about["step"], about["evaluations"]) == (STEPS, 1 + STEPS)
    assert about["start"] in BASE
    assert about["best_score"]["total"] >= about["start_score"]["total"]
    report = json.loads((out / "validation" / "validation_report.json").read_text())
    assert report["passed"]
    assert (report["student"], report["steps"]) == ("kokoro", STEPS)
    assert report["strategy"] == "gradient"
    found = report["styles"][STYLE]
    assert 0.8 < found["evolved"]["score"]["target"] < 0.97
    assert all(1.5 < seconds < 8 for seconds in found["evolved"]["durations_s"])
    assert len(found["audio"]) == len(found["evolved"]["durations_s"]) == 4


def test_the_service_speaks_the_deployed_voice(
    out: Path, real_kokoro: KokoroStudent, real_kokoro_model: Path
) -> None:
    """In float32, though it was searched in bfloat16 where the processor has it."""
    served_audio = asyncio.run(served(out / "voices", real_kokoro_model))
    evolved = voicepack.load(out / "evolved_voices" / f"{STYLE}.pt", engine="kokoro")
    expected, *others = (
        real_kokoro.synthesize(TEXT, pack)
        for pack in (evolved, *map(real_kokoro.stock_voice, BASE))
    )
    silence_s = 0.25  # at both ends, which the service leaves out
    assert 1 < served_audio.duration_s == pytest.approx(expected.duration_s - silence_s, abs=0.15)
    voice, own, *bases = map(speaker_encoder().embed, (served_audio, expected, *others))
    nearest_base = max(similarity(voice, base) for base in bases)
    assert nearest_base + 0.03 < similarity(voice, own) > 0.93  # spoken in windows by the service
