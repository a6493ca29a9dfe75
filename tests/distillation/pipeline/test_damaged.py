"""The command in a folder with missing, damaged or foreign files."""

import fcntl
import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from pytest_django.fixtures import Settings

from distillation import manifest, voicepack
from distillation.pipeline.workspace import locked
from distillation.recipe import RunRecipe
from distillation.shared_voices import SharedVoices
from distillation.stages import validate
from distillation.stages.base import StageError
from tests.buckets import bucket_url, new_bucket
from tests.distillation.pipeline.runs import plan_of, run
from tests.distillation.voices import student
from tests.processes import free_port


@pytest.fixture
def out(whole: Path, tmp_path: Path) -> Path:
    """A copy of the folder in which one style was searched, to be damaged."""
    return Path(shutil.copytree(whole, tmp_path / "out"))


def refused(out: Path, stage: str, *options: object) -> str:
    with pytest.raises(CommandError) as caught:
        run(out, "--stage", stage, *options)
    assert caught.value.returncode == 2
    return str(caught.value)


@pytest.mark.parametrize("note", ["", "[]", "{}", '{"recipe": 5}', '{"recipe": {"pace": 1}}'])
def test_a_voice_without_a_record_of_its_search_is_reported(out: Path, note: str) -> None:
    path = out / "evolved_voices" / "neutral.json"
    whole = path.read_text()
    path.write_text(note)
    for stage in ("validate", "deploy"):  # not with what the options are by default
        assert "neutral.json does not say how" in refused(out, stage)
    run(out, "--stage", "evolve", "--steps", 5)  # from the checkpoint, which is at its end
    assert path.read_text() == whole


@pytest.mark.parametrize("name", ["sha256", "target", "recipe"])
def test_metadata_of_another_version_is_rewritten(out: Path, name: str) -> None:
    path = out / "evolved_voices" / "neutral.json"
    whole = path.read_text()
    path.write_text(json.dumps({**json.loads(whole), name: {}}))
    run(out, "--stage", "evolve", "--steps", 5)
    assert path.read_text() == whole


def test_metadata_from_before_naturalness_is_completed(out: Path) -> None:
    path = out / "evolved_voices" / "neutral.json"
    whole = json.loads(path.read_text())
    path.write_text(json.dumps({name: whole[name] for name in whole if name != "base_voice"}))
    run(out, "--stage", "evolve", "--steps", 5)
    assert json.loads(path.read_text())["base_voice"] == whole["base_voice"] != ""


def test_a_check_that_could_not_be_made_is_made_by_the_next_validation(
    out: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = out / "validation" / "validation_report.json"
    monkeypatch.setattr(validate, "available", lambda: False)
    with pytest.raises(CommandError, match="Validation was not passed"):
        run(out, "--stage", "validate")
    assert "DistillMOS is not installed" in " ".join(capsys.readouterr().out.split())
    with pytest.raises(CommandError, match=r"DistillMOS is not .* Run --stage validate, or"):
        run(out, "--stage", "deploy")
    monkeypatch.undo()
    with suppress(CommandError):  # of this short search other checks may fail
        run(out, "--stage", "validate")
    (style,) = json.loads(path.read_text())["styles"].values()
    assert style["checks"][-1]["name"] == "naturalness"
    assert style["checks"][-1]["value"] == style["naturalness"]["evolved"]["mean"]
    assert f"→ {style['naturalness']['evolved']['mean']:.2f}" in capsys.readouterr().out


def test_a_missing_start_is_written_again(out: Path) -> None:
    start = out / "evolved_voices" / "start" / "neutral.pt"
    pack = start.read_bytes()
    start.unlink()
    assert "start/neutral.pt is not there; run --stage evolve" in refused(out, "validate")
    run(out, "--stage", "evolve", "--steps", 5)
    assert start.read_bytes() == pack


def test_a_missing_voice_is_reported(out: Path) -> None:
    for name in ("evolved_voices/amable.pt", "evolved_voices/amable.json"):
        shutil.copy(out / name.replace("amable", "neutral"), out / name)
    (out / "evolved_voices" / "amable.pt").unlink()
    assert "no evolved voice for amable" in refused(out, "validate")


def test_styles_without_an_evolved_voice_are_reported(out: Path) -> None:
    shutil.copytree(out / "reference_audio" / "neutral", out / "reference_audio" / "amable")
    found = plan_of(out, stage="validate", base_voices=())
    assert (found.recipe.style_keys, found.notes[0]) == (
        ("neutral",), "amable: left out, not evolved yet."
    )  # fmt: skip


def test_a_voice_is_validated_against_the_target_it_was_evolved_towards(
    out: Path, clips: Path
) -> None:
    run(out, "--stage", "validate")
    run(out, "--stage", "reference", "--target-audio", f"neutral={clips}")
    assert "is another target than the voice neutral" in refused(out, "validate")


def test_a_recipe_of_another_version_is_ignored(out: Path) -> None:
    (out / "recipe.json").write_text('{"pace": 1}')
    assert plan_of(out, stage="validate", base_voices=()).recipe.steps == 5


def test_sentences_of_a_missing_recipe_are_read_from_the_targets_notes(out: Path) -> None:
    path = out / "reference_audio" / "neutral" / "target.json"
    note = json.loads(path.read_text())
    note["recipe"]["search_texts"] = ["Dos cafés.", "Y uno más."]
    path.write_text(json.dumps(note))
    (out / "recipe.json").unlink()
    assert plan_of(out).recipe.search_texts == ("Dos cafés.", "Y uno más.")


def test_an_unreachable_teacher_changes_nothing(out: Path) -> None:
    before = {path: path.read_bytes() for path in out.rglob("*.*") if path.is_file()}
    options = ("--tts-url", "http://127.0.0.1:9", "--styles", "neutral")
    with pytest.raises(CommandError, match="cannot be reached"):
        run(out, "--stage", "reference", *options)
    assert {path: path.read_bytes() for path in before} == before
    with pytest.raises(CommandError, match="cannot be reached"):
        run(out / "new", "--stage", "reference", *options)
    assert not (out / "new").exists()


def test_missing_validation_audio_is_synthesized_again(
    out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(out, "--stage", "validate")
    path = out / "validation" / "audio" / "neutral" / "1-evolved.wav"
    sound = path.read_bytes()
    path.unlink()
    run(out, "--stage", "validate")
    assert path.read_bytes() == sound
    capsys.readouterr()
    run(out, "--stage", "validate")
    assert "validated already" in capsys.readouterr().out


def test_a_deployed_voice_records_its_own_search(out: Path) -> None:
    run(out, "--stage", "validate", "--weights", "feature=0.2")
    run(out, "--stage", "deploy")
    made = json.loads((out / "evolved_voices" / "neutral.json").read_text())["recipe"]
    about = json.loads((out / "voices" / "manifest.json").read_text())["voices"]["neutral"]["about"]
    assert about["recipe"] == RunRecipe.from_json(made).fingerprint()
    assert about["held_out"]


def with_delivery(out: Path, delivery: object) -> None:
    """Write a report on the voice with this delivery and every check passed."""
    with suppress(CommandError):  # of this short search a check may fail
        run(out, "--stage", "validate")
    path = out / "validation" / "validation_report.json"
    report = json.loads(path.read_text())
    report["styles"]["neutral"]["delivery"] = delivery
    path.write_text(json.dumps(report))


def deployed_delivery(out: Path) -> tuple[float, float, float]:
    voice = json.loads((out / "voices" / "manifest.json").read_text())["voices"]["neutral"]
    return voice["speed"], voice["gain_db"], voice["pitch_range"]


def test_the_fitted_delivery_is_deployed_unless_an_option_omits_it(
    out: Path, capsys: pytest.CaptureFixture[str], store_address: str, settings: Settings
) -> None:
    fitted = {"speed": 1.04, "gain_db": -1.2, "pitch_range": 1.1}
    with_delivery(out, fitted | {"rate_error": None})
    capsys.readouterr()
    run(out, "--stage", "deploy", "--override", "Una prueba.")
    assert deployed_delivery(out) == (1.04, -1.2, 1.1)
    printed = " ".join(capsys.readouterr().out.split())
    assert printed.endswith("neutral (speed 1.04, gain -1.2 dB, pitch range 1.1).")
    run(out, "--stage", "deploy", "--override", "Una prueba.", "--plain-delivery")
    assert deployed_delivery(out) == (1.0, 0.0, 1.0)
    assert capsys.readouterr().out.endswith("neutral.\n")
    with_delivery(out, None)
    settings.STORAGE_URL = new_bucket(store_address)
    settings.VOICES_DIR = out / "voices"
    capsys.readouterr()
    run(out, "--stage", "deploy", "--override", "Una prueba.")
    assert deployed_delivery(out) == (1.0, 0.0, 1.0)
    assert "Published in the bucket" in capsys.readouterr().out
    elsewhere = SharedVoices(settings.STORAGE_URL, out / "another machine")
    elsewhere.refresh()
    read = {place: manifest.read(out / place) for place in ("voices", "another machine")}
    assert read["voices"]
    assert read["voices"] == read["another machine"]
    settings.STORAGE_URL = bucket_url(f"http://127.0.0.1:{free_port()}", "away")
    with pytest.raises(CommandError, match="no answer"):
        run(out, "--stage", "deploy", "--override", "Una prueba.", "--plain-delivery")
    assert manifest.read(out / "voices") == read["voices"]


def test_a_delivery_fitted_for_another_pack_is_not_deployed(out: Path) -> None:
    with_delivery(out, {"speed": 1.04, "gain_db": -1.2})
    voicepack.save(student().stock_voice("pm_gil"), out / "evolved_voices" / "neutral.pt")
    run(out, "--stage", "deploy", "--override", "Una prueba.")
    assert deployed_delivery(out) == (1.0, 0.0, 1.0)


def test_a_damaged_delivery_is_reported(out: Path) -> None:
    with_delivery(out, {"speed": 9})
    with pytest.raises(CommandError, match=r"neutral: delivery: speed: 0\.8 to 1\.25"):
        run(out, "--stage", "deploy", "--override", "Una prueba.")
    run(out, "--stage", "deploy", "--override", "Una prueba.", "--plain-delivery")
    assert deployed_delivery(out) == (1.0, 0.0, 1.0)


def test_only_voices_deployed_by_this_command_are_printed(
    out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(out, "--stage", "deploy", "--override", "Una prueba.")
    for ending in ("pt", "json"):
        voices = out / "evolved_voices"
        shutil.copy(voices / f"neutral.{ending}", voices / f"amable.{ending}")
    capsys.readouterr()
    run(out, "--stage", "deploy", "--styles", "amable", "--override", "Una prueba.")
    assert " ".join(capsys.readouterr().out.split()).endswith(": amable.")
    assert (out / "voices" / "neutral.pt").is_file()


@pytest.mark.parametrize(
    "report", ["[]", "{", '{"styles": {"neutral": {}}}', '{"styles": 5, "passed": true}']
)
def test_a_report_damaged_by_editing_is_reported(out: Path, report: str) -> None:
    path = out / "validation" / "validation_report.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(report)
    with pytest.raises(CommandError, match=r"validation_report\.json: .* --stage validate"):
        run(out, "--stage", "deploy")
    with suppress(CommandError):  # of this short search a check may fail
        run(out, "--stage", "validate")
    assert list(json.loads(path.read_text())["styles"]) == ["neutral"]


def test_only_one_command_at_a_time_uses_a_folder(out: Path) -> None:
    with locked(out), pytest.raises(CommandError, match="another run_pipeline works here"):
        run(out, "--stage", "evolve", "--steps", 5)
    run(out, "--stage", "evolve", "--steps", 5)
    assert not (out / ".lock").exists()


def test_a_lock_file_removed_in_the_meantime_is_not_a_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / ".lock"
    real = fcntl.flock

    def late(file: Any, how: int) -> None:
        path.unlink(missing_ok=True)  # by who held it, between our opening and our locking
        real(file, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with pytest.raises(StageError, match="another run_pipeline"), locked(tmp_path):
        pass
