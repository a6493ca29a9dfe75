"""The command: end to end on praat, interrupted and resumed, refused before any work."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from corpus.audio.io import write_wav
from distillation import voicepack
from distillation.choosing import choose
from distillation.pipeline import texts
from distillation.pipeline.driver import Interrupted, Pipeline
from distillation.pipeline.planning import plan
from distillation.stages.evolve import Evolution
from tests.distillation.voices import REFERENCE, say, student
from tests.signals import join, silence

CORPUS = settings.BASE_DIR / "fixtures" / "corpus"


BASE = ("pf_luz", "pm_teo")


def run(out: Path, *options: object) -> None:
    folders = ("--out", out, "--voices-dir", out / "voices")
    base = () if "--base-voices" in options else ("--base-voices", *BASE)
    call_command("run_pipeline", *map(str, (*options, *base, *folders)))


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a minute of the stranger in one WAV."""
    path = tmp_path_factory.mktemp("voice") / "voice.wav"
    parts = [part for text in REFERENCE for part in (say(text), silence(0.5, sr=24_000))]
    write_wav(path, join(*parts))
    return path


@pytest.fixture(scope="module")
def whole(voice: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An uninterrupted search."""
    out = tmp_path_factory.mktemp("whole")
    run(out, "--stage", "reference", "--reference-audio", voice, "--styles", "neutral")
    run(out, "--stage", "evolve", "--steps", 5)
    return out


@pytest.fixture(scope="module")
def takes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of takes by two of praat's voices, one for each style."""
    folder = tmp_path_factory.mktemp("takes")
    corpus = texts.read_corpus(CORPUS)
    for style, name in (("amable", "pf_sol"), ("profesional", "pm_gil")):
        chosen = choose(texts.style_lines(corpus, [style]), corpus.texts)
        names = {one.text: one.sentence_id for one in corpus.sentences}
        for line in chosen.references[style][:6]:
            write_wav(folder / f"{names[line.text]}_{style}.wav", say(line.text, name))
    return folder


@pytest.mark.slow
def test_all_stages_end_to_end_and_nothing_twice(
    takes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--reference-audio", takes, "--styles", "amable", "profesional", "--steps", 6)
    run(tmp_path, *options)
    for style in ("amable", "profesional"):
        assert (tmp_path / "reference_audio" / style / "target.wav").is_file()
        voicepack.load(tmp_path / "evolved_voices" / f"{style}.pt", engine="praat")
        assert (tmp_path / "voices" / f"{style}.pt").is_file()
        assert (tmp_path / "validation" / "audio" / style / "1-evolved.wav").is_file()
    report = json.loads((tmp_path / "validation" / "validation_report.json").read_text())
    assert report["passed"]
    assert report["differentiation"]["value"] > 0.05
    assert "TTS_BACKEND=praat" in (tmp_path / "voices" / "tts.env").read_text()
    printed = capsys.readouterr().out
    assert "amable: evolve 6/6 score" in printed
    assert "Deployed in" in printed
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("[!v]*/**/*.*")}
    run(tmp_path, *options)
    printed = capsys.readouterr().out
    assert printed.count("is there already") == printed.count("evolved already") == 2
    assert "validated already" in printed
    after = {path: path.stat().st_mtime_ns for path in tmp_path.glob("[!v]*/**/*.*")}
    assert after == before


@pytest.mark.slow
def test_changed_inputs_are_worked_again(
    voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--reference-audio", voice, "--styles", "neutral")
    run(tmp_path, "--stage", "reference", *options)
    run(tmp_path, "--stage", "evolve", "--steps", 2)
    first = (tmp_path / "evolved_voices" / "neutral.json").read_text()
    capsys.readouterr()
    run(tmp_path, "--stage", "evolve", "--steps", 3, "--styles", "neutral")
    assert "Starting anew" in capsys.readouterr().out
    assert (tmp_path / "evolved_voices" / "neutral.json").read_text() != first
    run(tmp_path, "--stage", "validate")
    report = json.loads((tmp_path / "validation" / "validation_report.json").read_text())
    assert report["steps"] == 3  # of the voices, not the default
    run(tmp_path, "--stage", "deploy")
    assert (tmp_path / "voices" / "manifest.json").is_file()


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three clips of the stranger, for whichever style."""
    folder = tmp_path_factory.mktemp("clips")
    for number, text in enumerate(REFERENCE[:3]):
        write_wav(folder / f"{number}.wav", say(text))
    return folder


def test_target_clips_take_the_place_of_a_teacher(clips: Path, tmp_path: Path) -> None:
    options = ("--target-audio", f"neutral={clips}", "--weights", "feature=0.2")
    run(tmp_path, "--stage", "reference", *options)
    made = sorted(path.name for path in (tmp_path / "reference_audio" / "neutral").iterdir())
    assert made == ["target-2.wav", "target-3.wav", "target.json", "target.wav"]
    run(tmp_path, "--stage", "evolve", "--steps", 2, "--weights", "feature=0.2")
    about = json.loads((tmp_path / "evolved_voices" / "neutral.json").read_text())
    assert about["recipe"]["weights"] == {"target": 0.48, "self": 0.5, "feature": 0.2}
    named = [str(path) for path in sorted(clips.iterdir())]
    assert about["recipe"]["styles"][0]["targets"] == named
    assert set(about["recipe"]["inputs"]) == set(named)
    other = write_wav(tmp_path / "reference_audio" / "neutral" / "target-2.wav", say(REFERENCE[4]))
    assert other
    run(tmp_path, "--stage", "evolve", "--steps", 2, "--weights", "feature=0.2")
    again = json.loads((tmp_path / "evolved_voices" / "neutral.json").read_text())
    assert again["inputs"] != about["inputs"]  # every clip decides, not only the first


def test_only_the_validated_pack_is_deployed(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    with pytest.raises(CommandError, match="not validated"):
        run(tmp_path, "--stage", "deploy")
    run(tmp_path, "--stage", "validate")
    voicepack.save(student().stock_voice("pm_gil"), tmp_path / "evolved_voices" / "neutral.pt")
    with pytest.raises(CommandError, match="not the pack that was validated") as caught:
        run(tmp_path, "--stage", "deploy")
    assert caught.value.returncode == 1
    assert not (tmp_path / "voices").exists()
    run(tmp_path, "--stage", "deploy", "--force")
    assert (tmp_path / "voices" / "neutral.pt").is_file()


@pytest.mark.slow
def test_failed_validation_deploys_nothing_and_says_so(voice: Path, tmp_path: Path) -> None:
    styles = ("--styles", "neutral", "amable")  # one voice for two styles, hardly searched
    with pytest.raises(CommandError, match="not passed") as caught:
        run(tmp_path, "--reference-audio", voice, *styles, "--steps", 1)
    assert caught.value.returncode == 3
    assert (tmp_path / "validation" / "validation_report.json").is_file()
    assert not (tmp_path / "voices").exists()


class Silent:
    """A watcher that stops the search after so many candidates."""

    def __init__(self, limit: int) -> None:
        self.limit, self.seen = limit, 0

    def spoken(self, stage: str, style: str, done: int, of: int) -> None: ...

    def walked(self, style: str, evolution: Evolution) -> None:
        self.seen += 1

    def said(self, message: str) -> None: ...

    def should_stop(self) -> bool:
        return self.seen >= self.limit


@pytest.mark.parametrize("limit", [3, 9])
def test_a_stopped_search_resumes_to_the_same_pack(whole: Path, tmp_path: Path, limit: int) -> None:
    halved = tmp_path / "halved"
    shutil.copytree(whole / "reference_audio", halved / "reference_audio")
    recipe = json.loads((whole / "evolved_voices" / "neutral.json").read_text())["recipe"]
    watcher = Silent(limit)
    stopped = Pipeline(
        plan_of(halved).recipe, halved, watcher=watcher, should_stop=watcher.should_stop
    )
    with pytest.raises(Interrupted, match="saved in"):
        stopped.evolve()
    assert stopped.recipe.to_json() == recipe
    assert not (halved / "evolved_voices").exists()
    run(halved, "--stage", "evolve", "--steps", 5)
    packs = [out / "evolved_voices" / "neutral.pt" for out in (whole, halved)]
    assert packs[0].read_bytes() == packs[1].read_bytes()


def plan_of(out: Path, **changes: object):
    from distillation.pipeline.options import Options

    values: dict[str, object] = {
        "stage": "evolve", "reference_audio": None, "reference_text": "", "tts_url": "",
        "steps": 5, "base_voices": BASE, "styles": (), "student": "", "teacher": "",
        "target_audio": (), "minutes": None, "goal": None, "patience": None, "weights": (),
        "precision": "", "default_precision": "fp32", "strategy": "", "seed": None,
        "out": out, "voices_dir": out, "model_dir": out, "force": False, "corpus_dir": CORPUS,
        "default_student": "praat",
    }  # fmt: skip
    return plan(Options(**{**values, **changes}))


def test_a_search_with_other_options_is_put_aside(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole / "reference_audio", tmp_path / "reference_audio")

    def stop(steps: int, candidates: int) -> str:
        watcher = Silent(candidates)
        recipe = plan_of(tmp_path, steps=steps).recipe
        search = Pipeline(recipe, tmp_path, watcher=watcher, should_stop=watcher.should_stop)
        with pytest.raises(Interrupted) as caught:
            search.evolve()
        return str(caught.value)

    assert "stopped at step 3" in stop(50, 10)
    assert "stopped at step 0" in stop(60, 1)  # a slip
    assert "stopped at step 4" in stop(50, 1)
    assert "stopped at step 0" in stop(60, 1)


def test_what_any_search_heard_is_not_held_out(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    heard = plan_of(tmp_path, stage="validate", base_voices=()).recipe.held_out_texts[0]
    note = tmp_path / "evolved_voices" / "neutral.json"
    about = json.loads(note.read_text())
    about["recipe"]["search_texts"].append(heard)  # as before another style came along
    note.write_text(json.dumps(about))
    recipe = plan_of(tmp_path, stage="validate", base_voices=()).recipe
    assert not set(recipe.held_out_texts) & set(about["recipe"]["search_texts"])
    assert len(recipe.held_out_texts) == 4


def test_why_a_search_ended_early_is_told(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(whole / "reference_audio", tmp_path / "reference_audio")
    run(tmp_path, "--stage", "evolve", "--steps", 500, "--goal", 1)
    assert "ended at step 0 of 500: the score to reach" in capsys.readouterr().out
    about = json.loads((tmp_path / "evolved_voices" / "neutral.json").read_text())
    assert (about["step"], about["stopped"]) == (0, "goal")
    recipe = plan_of(tmp_path, stage="validate", steps=9, goal=2.0, base_voices=()).recipe
    assert (recipe.steps, recipe.goal, recipe.base_voices) == (500, 1.0, BASE)


def test_clips_may_be_gone_once_the_target_is_made(clips: Path, tmp_path: Path) -> None:
    own = tmp_path / "clips"
    shutil.copytree(clips, own)
    run(tmp_path, "--stage", "reference", "--target-audio", f"neutral={own}")
    made = plan_of(tmp_path).recipe
    shutil.rmtree(own)
    assert plan_of(tmp_path).recipe == made


def test_a_clip_for_all_and_one_for_a_style(clips: Path, tmp_path: Path) -> None:
    one = next(clips.iterdir())
    given = (str(one), f"neutral={one}")
    recipe = plan_of(tmp_path, stage="reference", target_audio=given).recipe
    assert len(recipe.styles) == 4
    assert len(recipe.style("neutral").targets) == 2


def test_files_that_cannot_be_read_are_said(voice: Path, tmp_path: Path) -> None:
    own = tmp_path / "voice.wav"
    shutil.copy(voice, own)
    own.with_suffix(".txt").write_bytes("Buenos días.".encode("latin-1"))
    with pytest.raises(CommandError, match="is not UTF-8") as caught:
        run(tmp_path / "out", "--reference-audio", own)
    assert caught.value.returncode == 2
    with pytest.raises(CommandError, match="Not a directory"):
        run(own, "--reference-audio", voice)


@pytest.mark.slow
def test_control_c_saves_and_the_same_command_goes_on(voice: Path, tmp_path: Path) -> None:
    command = [sys.executable, "manage.py", "run_pipeline", "--out", str(tmp_path)]
    options = ["--stage", "reference", "--reference-audio", str(voice), "--styles", "neutral"]
    run(tmp_path, *options)
    env = {**os.environ, "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}  # never asked
    process = subprocess.Popen(
        [*command, "--stage", "evolve", "--steps", "5000"],
        cwd=settings.BASE_DIR, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    timer = threading.Timer(60, process.kill)
    timer.start()
    try:
        line = process.stdout.readline()  # the start is chosen: the walk has begun
        assert "neutral: start" in line
        process.send_signal(signal.SIGINT)
        printed, errors = process.communicate()
    finally:
        timer.cancel()
    assert process.returncode == 130, errors
    assert "Stopping after this candidate" in printed
    assert "The same command goes on" in errors
    assert (tmp_path / "checkpoints" / "neutral.npz").is_file()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--steps", "0"], "--steps: 1 or more"),
        (["--styles", "alegre"], "--styles: neutral, amable"),
        (["--styles", "neutral", "neutral"], "each once"),
        (["--seed", "-1"], "--seed"),
        (["--base-voices", "pf_luz"], "two or more"),
        (["--student", "festival"], "--student: praat or kokoro"),
        (["--strategy", "annealing"], "--strategy"),
        (["--teacher", "parrot"], "--teacher: recordings or http or f5"),
        (["--teacher", "f5"], r"make teacher.*--tts-url"),
        (["--teacher", "f5", "--tts-url", "http://tts:8001"], "--tts-url is for the teacher http"),
        (["--prompt-style", "neutral=a.wav:Hola."], "is heard by a cloning teacher"),
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
        (["--target-audio", "manage.py", "--strategy", "gradient"], "--student kokoro only"),
        (["--target-audio", "manage.py", "--goal", "101"], "goal: a score of 0"),
        (["--target-audio", "manage.py", "--minutes", "-1"], "minutes: 0"),
        (["--target-audio", "manage.py", "--patience", "-1"], "patience: 0"),
        (["--stage", "evolve"], "run --stage reference first"),
        (["--stage", "evolve", "--target-audio", "manage.py"], "leave it out of --stage evolve"),
        (["--target-audio", "manage.py", "--base-voices", "pf_luz", "pm_x"], "praat has no pm_x"),
        (["--stage", "evolve", "--styles", "amable"], "no target for amable"),
        (["--stage", "validate"], "run --stage evolve first"),
        (["--stage", "deploy"], "run --stage evolve first"),
    ],
)
def test_bad_combinations_are_refused_before_any_work(
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


def test_exchange_files_give_takes_by_quality(takes: Path, tmp_path: Path) -> None:
    corpus = texts.read_corpus(CORPUS)
    wavs = sorted(takes.glob("*_amable.wav"))
    lines = {one.sentence_id: one for one in corpus.sentences}
    items = []
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
    with pytest.raises(texts.TextsError, match=r"line 1: .* is not there"):
        texts.read_takes(path, corpus)
    (tmp_path / "recordings").symlink_to(takes)
    found = texts.read_takes(path, corpus)
    ranked = texts.style_lines(corpus, ["amable"], found)["amable"]
    assert [line.text for line in ranked] == [item["text"] for item in reversed(items)]
    path.write_text("[{}]")
    with pytest.raises(texts.TextsError, match="line 1"):
        texts.read_takes(path, corpus)


def test_later_stages_keep_the_sentences_the_targets_were_made_with(whole: Path) -> None:
    at_reference = json.loads((whole / "recipe.json").read_text())
    evolved = json.loads((whole / "evolved_voices" / "neutral.json").read_text())["recipe"]
    for name in ("search_texts", "held_out_texts"):
        assert at_reference[name] == evolved[name]
    spoken = json.loads((whole / "reference_audio" / "neutral" / "target.json").read_text())
    assert not set(spoken["texts"]) & set(evolved["held_out_texts"])
