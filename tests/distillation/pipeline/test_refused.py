"""The command: what cannot work is refused before any work."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from distillation.pipeline import corpus_folder
from distillation.pipeline.options import PlanError
from tests.distillation.pipeline.runs import CORPUS, plan_of, run


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--steps", "0"], "--steps: 1 or more"),
        (["--styles", "alegre"], "--styles: neutral, amable"),
        (["--styles", "neutral", "neutral"], "each once"),
        (["--seed", "-1"], "--seed"),
        (["--base-voices", "pf_luz"], "two or more"),
        (["--stage", "validate", "--steps", "9"], "--steps does nothing in --stage validate"),
        (["--stage", "reference", "--jobs", "2"], "--jobs does nothing in --stage reference"),
        (["--stage", "evolve", "--override", "x"], "--override does nothing in --stage evolve"),
        (["--student", "festival"], "--student: kokoro or praat"),
        (["--strategy", "annealing"], "--strategy"),
        (["--teacher", "parrot"], "--teacher: recordings or http or f5"),
        (["--teacher", "f5"], r"make teacher.*--tts-url"),
        (["--teacher", "f5", "--tts-url", "http://tts:8001"], "--tts-url is for the teacher http"),
        (["--prompt-style", "neutral=a.wav:Hola."], "is for a cloning teacher"),
        (["--tts-url", "http://tts:8001", "--teacher", "recordings"], "leave one of them out"),
        (["--tts-url", "tts:8001"], "an address like"),
        (["--teacher", "http"], "needs --tts-url"),
        (["--stage", "all"], "needs a teacher"),
        (["--stage", "reference"], "needs a teacher"),
        (["--reference-audio", "/nowhere.wav"], "is not there"),
        (["--reference-text", "Hola"], "--reference-text"),
        (["--target-audio", "/nowhere.wav"], "/nowhere.wav is not there"),
        (["--target-audio", "amable=manage.py", "--styles", "neutral"], "amable is not among"),
        (["--target-audio", "amable=manage.py", "--styles", "amable", "neutral"], "no clip for"),
        (["--target-audio", "templates"], "no WAV in"),
        (["--target-audio", "manage.py", "--weights", "pace=1"], "--weights: target=W"),
        (["--target-audio", "manage.py", "--weights", "self=much"], "a number after self="),
        (["--target-audio", "manage.py", "--weights", "self=0"], "weights: target, self"),
        (["--target-audio", "manage.py", "--precision", "int8"], "--precision: fp32"),
        (["--target-audio", "manage.py", "--precision", "bf16"], "--precision is for"),
        (["--target-audio", "manage.py", "--strategy", "gradient"], "the student kokoro only"),
        (["--target-audio", "manage.py", "--goal", "101"], "goal: a score of 0"),
        (["--target-audio", "manage.py", "--minutes", "-1"], "minutes: 0"),
        (["--target-audio", "manage.py", "--patience", "-1"], "patience: 0"),
        (["--stage", "evolve"], "run --stage reference first"),
        (["--stage", "evolve", "--target-audio", "manage.py"], "leave it out of --stage evolve"),
        (["--stage", "evolve", "--reference-audio", "manage.py"], "evolve asks no teacher"),
        (["--stage", "deploy", "--tts-url", "http://tts:8001"], "--tts-url: --stage deploy asks"),
        (["--target-audio", "manage.py", "--base-voices", "pf_luz", "pm_x"], "praat has no pm_x"),
        (["--stage", "evolve", "--styles", "amable"], "no target for amable"),
        (["--stage", "validate"], "run --stage evolve first"),
        (["--stage", "deploy"], "run --stage evolve first"),
        (["--stage", "evolve", "--plain-delivery"], "it is for --stage deploy"),
    ],
)
def test_invalid_combinations_of_options_are_refused_before_any_work(
    tmp_path: Path, options: list[str], message: str
) -> None:
    out = tmp_path / "out"
    with pytest.raises(CommandError, match=message) as caught:
        run(out, *options)
    assert caught.value.returncode == 2
    assert not out.exists()


def test_takes_are_checked_before_any_work(takes: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(CommandError, match="no take of the style empatico"):
        run(out, "--reference-audio", takes, "--styles", "empatico")
    (tmp_path / "shcc-99_amable.wav").write_bytes(b"")
    with pytest.raises(CommandError, match="no sentence shcc-99"):
        run(out, "--reference-audio", tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(CommandError, match="no take in it"):
        run(out, "--reference-audio", empty)
    with pytest.raises(CommandError, match="a WAV to clone"):
        run(out, "--reference-audio", takes, "--tts-url", "http://127.0.0.1:1")
    assert not out.exists()


def test_kokoro_without_its_files_is_refused(voice: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="--model-dir"):
        run(
            tmp_path / "out", "--reference-audio", voice, "--student", "kokoro",
            "--model-dir", tmp_path / "none",
        )  # fmt: skip


def test_unreadable_files_are_reported(voice: Path, tmp_path: Path) -> None:
    own = tmp_path / "voice.wav"
    shutil.copy(voice, own)
    own.with_suffix(".txt").write_bytes("Buenos días.".encode("latin-1"))
    with pytest.raises(CommandError, match="is not UTF-8") as caught:
        run(tmp_path / "out", "--reference-audio", own)
    assert caught.value.returncode == 2
    with pytest.raises(CommandError, match="Not a directory"):
        run(own, "--reference-audio", voice)


def test_exchange_files_give_takes_by_quality(takes: Path, tmp_path: Path) -> None:
    corpus = corpus_folder.read_corpus(CORPUS)
    wavs = sorted(takes.glob("*_amable.wav"))
    lines = {one.sentence_id: one for one in corpus.sentences}
    items: list[dict[str, Any]] = []
    for number, wav in enumerate(wavs):
        line = lines[wav.name.split("_")[0]]
        recording = {"path": f"recordings/{wav.name}", "duration_seconds": 3.0}
        recording |= {"quality_score": number / 10, "prosody": None}
        items.append(
            {"sentence_id": line.sentence_id, "text": line.text, "list": "lista_01",
             "style_label": "amable", "recording": recording}
        )  # fmt: skip
    path = tmp_path / "corpus.json"
    path.write_text(json.dumps(items))
    with pytest.raises(corpus_folder.TextsError, match=r"line 1: .* is not there"):
        corpus_folder.read_takes(path, corpus)
    (tmp_path / "recordings").symlink_to(takes)
    found = corpus_folder.read_takes(path, corpus)
    [ranked] = corpus_folder.style_sources(corpus, ["amable"], found)
    assert [line.text for line in ranked.options] == [item["text"] for item in reversed(items)]
    assert {take.speaker for take in found} == {""}
    for item in items[:2]:
        item["recording"]["speaker"] = "s7"
    path.write_text(json.dumps(items))
    found = corpus_folder.read_takes(path, corpus)
    one, why = corpus_folder.takes_of_one(found, ["amable"], speaker="s7")
    assert len(one) == 2
    assert "asked for with --speaker" in why
    path.write_text("[{}]")
    with pytest.raises(corpus_folder.TextsError, match="line 1"):
        corpus_folder.read_takes(path, corpus)


def test_one_clip_for_all_styles_and_one_for_a_single_style(clips: Path, tmp_path: Path) -> None:
    one = next(clips.iterdir())
    given = (str(one), f"neutral={one}")
    recipe = plan_of(tmp_path, stage="reference", target_audio=given).recipe
    assert len(recipe.styles) == 4
    assert len(recipe.style("neutral").targets) == 2


def test_the_takes_of_one_speaker_are_used_and_the_plan_says_why(
    takes: Path, tmp_path: Path
) -> None:
    for folder, names in (("ana", "*.wav"), ("beto", "*_amable.wav")):
        (tmp_path / folder).mkdir()
        for wav in takes.glob(names):
            shutil.copy(wav, tmp_path / folder / wav.name)
    asked = {"stage": "reference", "reference_audio": tmp_path, "styles": ("amable", "profesional")}

    def used(**more: object) -> tuple[set[str], str]:
        made = plan_of(tmp_path / "out", **{**asked, **more})
        folders = {Path(name).parent.name for name in made.recipe.inputs}
        return folders, "\n".join(made.notes)

    folders, notes = used()
    assert folders == {"ana"}
    assert "The takes of ana are used (most styles with enough takes, then quality)" in notes
    assert "beto" in notes
    folders, notes = used(styles=("amable",), speaker="beto")
    assert folders == {"beto"}
    assert "--speaker" in notes
    assert "are mixed, as asked for" in used(mix_speakers=True)[1]
    with pytest.raises(PlanError, match=r"--speaker: no take of eva; .* ana, beto"):
        used(speaker="eva")


def test_clips_of_two_speakers_are_refused(takes: Path, tmp_path: Path) -> None:
    names = ("shcc-01_amable_s1_1.wav", "shcc-02_amable_s2_1.wav")
    for name, wav in zip(names, takes.glob("*_amable.wav"), strict=False):
        shutil.copy(wav, tmp_path / name)
    asked = {"stage": "reference", "target_audio": (str(tmp_path),), "styles": ("amable",)}
    with pytest.raises(PlanError, match="takes of s1, s2; their voices would be mixed"):
        plan_of(tmp_path / "out", **asked)
    made = plan_of(tmp_path / "out", **asked, mix_speakers=True)
    assert len(made.recipe.styles[0].targets) == 2
