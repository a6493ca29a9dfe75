"""The command: end to end on praat, no work repeated, only validated voices deployed."""

import json
import shutil
from pathlib import Path

import pytest
from django.core.management import CommandError

from corpus.audio.io import write_wav
from distillation import voicepack
from distillation.stages.deploy import deploy
from tests.distillation.pipeline.runs import BASE, plan_of, run
from tests.distillation.voices import REFERENCE, say, student


@pytest.mark.slow
def test_all_stages_run_end_to_end_and_a_second_run_repeats_no_work(
    takes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--reference-audio", takes, "--styles", "amable", "profesional", "--steps", 6)
    with pytest.raises(CommandError, match="not passed"):  # no neutral voice to compare them with
        run(tmp_path, *options, "--override", "Una prueba.")
    for style in ("amable", "profesional"):
        assert (tmp_path / "reference_audio" / style / "target.wav").is_file()
        voicepack.load(tmp_path / "evolved_voices" / f"{style}.pt", engine="praat")
        assert (tmp_path / "voices" / f"{style}.pt").is_file()
        assert (tmp_path / "validation" / "audio" / style / "1-evolved.wav").is_file()
    report = json.loads((tmp_path / "validation" / "validation_report.json").read_text())
    checks = report["styles"]["amable"]["checks"]
    failed = [check["name"] for check in checks if not check["passed"]]
    assert failed == ["style_direction", "one_speaker"]  # two voices of praat
    assert report["differentiation"]["value"] > 0.05
    assert "TTS_BACKEND=praat" in (tmp_path / "voices" / "tts.env").read_text()
    printed = capsys.readouterr().out
    assert "amable: evolve 6/6 score" in printed
    assert "Deployed in" in printed
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("[!v]*/**/*.*")}
    with pytest.raises(CommandError, match="not passed"):
        run(tmp_path, *options, "--override", "Una prueba.")
    printed = capsys.readouterr().out
    assert printed.count("is there already") == printed.count("evolved already") == 2
    assert "validated already" in printed
    after = {path: path.stat().st_mtime_ns for path in tmp_path.glob("[!v]*/**/*.*")}
    assert after == before


@pytest.mark.slow
def test_work_is_repeated_for_changed_inputs(
    voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--reference-audio", voice, "--styles", "neutral")
    run(tmp_path, "--stage", "reference", *options)
    run(tmp_path, "--stage", "evolve", "--steps", 2)
    first = (tmp_path / "evolved_voices" / "neutral.json").read_text()
    capsys.readouterr()
    run(tmp_path, "--stage", "evolve", "--steps", 3, "--styles", "neutral")
    assert "Restarting the search" in capsys.readouterr().out
    assert (tmp_path / "evolved_voices" / "neutral.json").read_text() != first
    run(tmp_path, "--stage", "validate")
    report = json.loads((tmp_path / "validation" / "validation_report.json").read_text())
    assert report["steps"] == 3  # of the voices, not the default
    run(tmp_path, "--stage", "deploy")
    assert (tmp_path / "voices" / "manifest.json").is_file()


def test_target_clips_replace_a_teacher(
    clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, "--stage", "reference", "--target-audio", f"neutral={clips}")
    assert "neutral: clips given as its target: 3." in capsys.readouterr().out
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
    run(tmp_path, "--stage", "deploy", "--override", "Una prueba.")
    assert (tmp_path / "voices" / "neutral.pt").is_file()
    manifest = json.loads((tmp_path / "voices" / "manifest.json").read_text())
    assert "held_out" not in manifest["voices"]["neutral"]["about"]  # those are another pack's


def test_a_voice_is_validated_against_the_one_in_service(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    report = tmp_path / "validation" / "validation_report.json"
    run(tmp_path, "--stage", "validate")
    assert "deployed" not in json.loads(report.read_text())["styles"]["neutral"]["similarity"]
    other = tmp_path / "other.pt"
    voicepack.save(student().stock_voice("pm_gil"), other)
    deploy({"neutral": other}, voices_dir=tmp_path / "voices", engine="praat")
    run(tmp_path, "--stage", "validate")
    found = json.loads(report.read_text())["styles"]["neutral"]
    assert found["similarity"]["over_deployed"]["mean"] > 0
    assert (report.parent / "audio" / found["audio"][0]["deployed"]).is_file()
    capsys.readouterr()
    run(tmp_path, "--stage", "validate")
    assert "validated already" in capsys.readouterr().out


@pytest.mark.slow
def test_after_failed_validation_nothing_is_deployed_and_an_error_says_so(
    voice: Path, tmp_path: Path
) -> None:
    styles = ("--styles", "neutral", "amable")  # one voice for two styles, hardly searched
    with pytest.raises(CommandError, match="not passed") as caught:
        run(tmp_path, "--reference-audio", voice, *styles, "--steps", 1)
    assert caught.value.returncode == 3
    assert (tmp_path / "validation" / "validation_report.json").is_file()
    assert not (tmp_path / "voices").exists()


def test_the_reason_a_search_ended_early_is_reported(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(whole / "reference_audio", tmp_path / "reference_audio")
    run(tmp_path, "--stage", "evolve", "--steps", 500, "--goal", 1)
    assert "ended at step 0 of 500: the score to reach" in capsys.readouterr().out
    about = json.loads((tmp_path / "evolved_voices" / "neutral.json").read_text())
    assert (about["step"], about["stopped"]) == (0, "goal")
    recipe = plan_of(tmp_path, stage="validate").recipe
    assert (recipe.steps, recipe.goal, recipe.base_voices) == (500, 1.0, BASE)


def test_warnings_about_a_target_are_printed_and_kept(
    clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, "--stage", "reference", "--target-audio", f"neutral={clips / '0.wav'}")
    assert "neutral: warning: There are only" in capsys.readouterr().out.replace("\n", " ")
    about = json.loads((tmp_path / "reference_audio" / "neutral" / "target.json").read_text())
    assert [one["code"] for one in about["warnings"]] == ["target_short"]
