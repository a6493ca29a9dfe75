"""The command, one stage at a time: each continues with the results of the one before."""

import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from corpus.audio.io import encode_wav, read_wav, write_wav
from distillation import voicepack
from distillation.pipeline import corpus_folder
from tests.distillation.pipeline.runs import CORPUS, plan_of, run
from tests.distillation.speech_server import serving
from tests.distillation.voices import REFERENCE, say, student
from tests.signals import join


def test_later_stages_keep_the_sentences_the_targets_were_made_with(whole: Path) -> None:
    at_reference = json.loads((whole / "recipe.json").read_text())
    evolved = json.loads((whole / "evolved_voices" / "neutral.json").read_text())["recipe"]
    for name in ("search_texts", "held_out_texts"):
        assert at_reference[name] == evolved[name]
    spoken = json.loads((whole / "reference_audio" / "neutral" / "target.json").read_text())
    assert not set(spoken["texts"]) & set(evolved["held_out_texts"])


def test_search_texts_of_any_voice_are_not_held_out(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    text = plan_of(tmp_path, stage="validate", base_voices=()).recipe.held_out_texts[0]
    note = tmp_path / "evolved_voices" / "neutral.json"
    about = json.loads(note.read_text())
    about["recipe"]["search_texts"].append(text)  # as before another style came along
    about["recipe"]["held_out_texts"].remove(text)
    note.write_text(json.dumps(about))
    recipe = plan_of(tmp_path, stage="validate", base_voices=()).recipe
    assert not set(recipe.held_out_texts) & set(about["recipe"]["search_texts"])
    assert len(recipe.held_out_texts) == 4


def test_clips_may_be_deleted_once_the_target_is_made(clips: Path, tmp_path: Path) -> None:
    own = tmp_path / "clips"
    shutil.copytree(clips, own)
    run(tmp_path, "--stage", "reference", "--target-audio", f"neutral={own}")
    made = plan_of(tmp_path).recipe
    shutil.rmtree(own)
    assert plan_of(tmp_path).recipe == made


def stored_recipe(out: Path, folder: str, style: str) -> dict[str, Any]:
    """Return the recipe a target or a voice was made with."""
    name = f"{style}/target.json" if folder == "reference_audio" else f"{style}.json"
    recipe: dict[str, Any] = json.loads((out / folder / name).read_text())["recipe"]
    return recipe


def test_later_stages_use_the_teacher_of_the_targets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = (200, {"Content-Type": "audio/wav"}, encode_wav(say(REFERENCE[0])))
    report = tmp_path / "validation" / "validation_report.json"
    with serving(answer) as server:
        run(tmp_path, "--stage", "reference", "--tts-url", server.url, "--styles", "neutral")
        run(tmp_path, "--stage", "evolve", "--steps", 1)
        made, evolved = (
            stored_recipe(tmp_path, folder, "neutral")
            for folder in ("reference_audio", "evolved_voices")
        )
        assert evolved["teacher"] == "http"
        for name in ("teacher_options", "styles", "inputs"):
            assert evolved[name] == made[name]
        asked = len(server.asked)
        with suppress(CommandError):  # one step does not make a voice that passes
            run(tmp_path, "--stage", "validate")
        assert len(server.asked) == asked + 4
    validated = json.loads(report.read_text())
    assert all(one["target"] for one in validated["styles"]["neutral"]["audio"])
    report.unlink()
    capsys.readouterr()
    for _ in range(2):  # without a teacher the report is not final
        with suppress(CommandError):
            run(tmp_path, "--stage", "validate")
        printed = " ".join(capsys.readouterr().out.split())
        assert "the teacher http synthesized no held-out sentence" in printed
        assert "validated already" not in printed


def test_a_teacher_named_later_replaces_that_of_the_targets(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    found = plan_of(tmp_path, stage="validate", base_voices=()).recipe
    assert Path(found.teacher_options["prompt"]).name == "voice.wav"
    named = plan_of(tmp_path, stage="validate", base_voices=(), tts_url="http://tts:8001").recipe
    assert (named.teacher, named.teacher_options) == ("http", {"url": "http://tts:8001"})
    none = plan_of(tmp_path, stage="validate", base_voices=(), teacher="recordings").recipe
    assert none.teacher_options == {}


def test_styles_made_one_by_one_keep_the_folders_sentences(
    whole: Path, voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    run(tmp_path, "--stage", "reference", "--reference-audio", voice, "--styles", "amable")
    capsys.readouterr()
    run(tmp_path, "--stage", "evolve", "--steps", 5)
    assert "neutral: the voice is evolved already" in capsys.readouterr().out
    neutral, amable = (
        stored_recipe(tmp_path, "evolved_voices", key) for key in ("neutral", "amable")
    )
    for name in ("search_texts", "held_out_texts"):
        assert neutral[name] == amable[name]
    target = json.loads((tmp_path / "reference_audio" / "amable" / "target.json").read_text())
    assert not set(target["texts"]) & set(amable["held_out_texts"])


def test_too_few_takes_do_not_invalidate_a_search(whole: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(whole, tmp_path / "out"))
    before = plan_of(out).recipe
    names = {one.text: one.sentence_id for one in corpus_folder.read_corpus(CORPUS).sentences}
    for text in (*before.held_out_texts, "Su pedido llega mañana por la tarde."):
        write_wav(tmp_path / f"{names[text]}_amable.wav", say(text, "pf_sol"))
    plan = plan_of(out, stage="reference", reference_audio=tmp_path, styles=("amable",))
    assert plan.recipe.search_texts == before.search_texts  # or neutral would be searched again
    spoken = plan.recipe.style("amable").reference_texts
    assert set(spoken) & set(before.held_out_texts)
    assert not set(spoken) & set(plan.recipe.held_out_texts)


def test_later_plans_keep_the_takes_of_existing_targets(takes: Path, tmp_path: Path) -> None:
    styles = ("--styles", "amable", "profesional")
    run(tmp_path, "--stage", "reference", "--reference-audio", takes, *styles)
    made = json.loads((tmp_path / "recipe.json").read_text())["styles"]
    found = plan_of(tmp_path).recipe.to_json()["styles"]
    assert found == made
    assert all(style["takes"] for style in found)


def test_a_plan_with_targets_of_several_teachers_says_so(
    voice: Path, whole: Path, clips: Path, tmp_path: Path
) -> None:
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    other = shutil.copy(voice, tmp_path / "other.wav")
    run(tmp_path, "--stage", "reference", "--reference-audio", other, "--styles", "amable")
    evolving = plan_of(tmp_path).recipe
    assert (evolving.style_keys, evolving.teacher_options) == (("neutral", "amable"), {})
    run(tmp_path, "--stage", "evolve", "--steps", 6, "--styles", "amable")
    validating = plan_of(tmp_path, stage="validate", base_voices=())
    assert "amable: evolved with other options than neutral" in validating.notes[0]
    assert "of different teachers" in validating.notes[1]
    run(tmp_path, "--stage", "reference", "--target-audio", f"amable={clips}")
    again = plan_of(tmp_path).recipe  # clips have no teacher
    assert again.teacher_options["prompt"] == str(voice.resolve())
    assert len(again.style("amable").targets) == 3


def test_a_voice_keeps_the_teacher_of_its_own_target(
    whole: Path, takes: Path, clips: Path, tmp_path: Path
) -> None:
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    made = ("--stage", "reference", "--styles")
    run(tmp_path, *made, "profesional", "--reference-audio", takes)
    run(tmp_path, *made, "amable", "--target-audio", clips)
    assert plan_of(tmp_path).recipe.teacher_options == {}  # of a WAV, of takes: none speaks all
    run(tmp_path, "--stage", "evolve", "--steps", 1)
    for key in ("neutral", "amable", "profesional"):
        places = ("evolved_voices", "reference_audio")
        voice, target = (stored_recipe(tmp_path, place, key) for place in places)
        assert voice["steps"] == 1
        assert target["styles"][0] in voice["styles"]
        assert target["inputs"].items() <= voice["inputs"].items()
        for name in ("teacher", "teacher_options"):
            assert voice[name] == target[name]


def test_a_teacher_that_fails_during_validation_is_used_again_by_the_next(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    audio: Any = (200, {}, encode_wav(say(REFERENCE[0])))
    failure: Any = (500, {}, b"")
    with serving(audio, failure, audio, audio, audio) as server:
        for _ in range(2):
            with suppress(CommandError):
                run(tmp_path, "--stage", "validate", "--tts-url", server.url)
        assert len(server.asked) == 8
    assert "synthesized 3 of 4 held-out sentences; once it" in " ".join(
        capsys.readouterr().out.split()
    )


def test_another_recording_under_the_same_name_is_reported(
    voice: Path, takes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, own = tmp_path / "out", tmp_path / "voice.wav"
    shutil.copy(voice, own)
    made = ("--stage", "reference", "--reference-audio", own, "--styles")
    run(out, *made, "neutral")
    assert plan_of(out).recipe.teacher_options["prompt"] == str(own)
    write_wav(own, join(*(read_wav(path) for path in sorted(takes.glob("*_amable.wav")))))
    run(out, "--stage", "evolve", "--steps", 1)
    for _ in range(2):  # the file may have been put back
        with suppress(CommandError):
            run(out, "--stage", "validate")
        printed = " ".join(capsys.readouterr().out.split())
        assert "is another file than the target was made of" in printed
    run(out, *made, "amable")
    assert plan_of(out).recipe.teacher_options == {}  # of two voices, whatever the file's name


def test_styles_validated_one_by_one_stay_in_one_report(
    whole: Path, voice: Path, tmp_path: Path
) -> None:
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    report = tmp_path / "validation" / "validation_report.json"

    def validate(*styles: str) -> dict[str, Any]:
        with suppress(CommandError):  # five steps do not make a voice that passes
            run(tmp_path, "--stage", "validate", "--styles", *styles)
        found: dict[str, Any] = json.loads(report.read_text())
        return found

    run(tmp_path, "--stage", "reference", "--reference-audio", voice, "--styles", "amable")
    run(tmp_path, "--stage", "evolve", "--steps", 5)
    alone = validate("neutral")
    both = validate("amable")
    own, after = (dict(one["styles"]["neutral"]) for one in (alone, both))
    assert own.pop("checks") == after.pop("checks")[: len(alone["styles"]["neutral"]["checks"])]
    assert own == after  # but for the checks that compare styles
    assert set(both["styles"]) == {"neutral", "amable"}
    assert both["differentiation"] != alone["differentiation"]  # now there are two to compare
    voicepack.save(student().stock_voice("pm_gil"), tmp_path / "evolved_voices" / "neutral.pt")
    assert set(validate("amable")["styles"]) == {"amable"}
