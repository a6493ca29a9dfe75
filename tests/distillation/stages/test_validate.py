"""Validation of real voices, and the report."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from corpus.audio.io import read_wav, write_wav
from corpus.audio.loudness import integrated_lufs
from distillation.engines.base import Prompt
from distillation.engines.recordings import RecordingsTeacher
from distillation.recipe import WEIGHTS, StyleRecipe
from distillation.scoring import Score
from distillation.scoring.naturalness import naturalness
from distillation.scoring.scorer import TextResult, harmonic_score, self_similarity
from distillation.stages import validate
from distillation.stages.base import StageError
from distillation.stages.intervals import ScoredVoice, score_intervals
from distillation.stages.run_report import build_report, write_report
from distillation.stages.validate import StyleReport, validate_style
from tests.distillation.voices import HELD_OUT, REFERENCE, recipe, say, stranger, student
from tests.signals import silence


@pytest.fixture(scope="module")
def validated(
    target_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[StyleReport, Path]:
    folder = tmp_path_factory.mktemp("audio")
    take = folder / "take.wav"
    write_wav(take, say(HELD_OUT[0]))
    seen: list[tuple[int, int]] = []
    report = validate_style(
        recipe(),
        "neutral",
        student(),
        RecordingsTeacher(),
        Prompt(style="neutral", takes={HELD_OUT[0]: take}),
        target=target_path,
        start=student().stock_voice("pm_gil"),
        evolved=stranger(),
        base_voice="pm_teo",
        deployed=student().stock_voice("pf_luz"),
        audio_dir=folder,
        on_progress=lambda done, of: seen.append((done, of)),
    )
    assert seen == [(1, 2), (2, 2)]
    return report, folder


def test_the_target_speaker_passes_and_gains(validated: tuple[StyleReport, Path]) -> None:
    report, _ = validated
    assert report.passed
    assert {check.name for check in report.checks} == {
        "target_similarity",
        "self_similarity",
        "min_duration_s",
        "naturalness",
    }
    assert report.gain["target"] > 0.05
    assert report.evolved.sha256 == stranger().sha256
    assert all(prosody.speech_rate for prosody in report.evolved.prosody)


def test_available_audio_is_written_at_equal_loudness(
    validated: tuple[StyleReport, Path],
) -> None:
    report, folder = validated
    assert [files["text"] for files in report.audio] == list(HELD_OUT)
    assert report.audio[0]["target"] == "neutral/1-target.wav"
    assert report.audio[1]["target"] is None  # no take of it
    for files in report.audio:
        for kind in ("start", "evolved", "stock", "deployed"):
            audio = read_wav(folder / files[kind])
            assert integrated_lufs(audio) == pytest.approx(-23.0, abs=0.7)
    assert soundfile.info(folder / "neutral/2-evolved.wav").subtype == "PCM_16"
    assert not (folder / "neutral/2-target.wav").exists()


def test_the_voice_is_compared_with_the_one_in_service(
    validated: tuple[StyleReport, Path],
) -> None:
    found = validated[0].similarity
    gained = found["evolved"]["mean"] - found["deployed"]["mean"]
    assert found["over_deployed"]["mean"] == pytest.approx(gained)
    assert found["over_deployed"] != found["gain"] != found["over_best_base"]


def test_the_score_and_its_changes_have_intervals_over_the_sentences(
    validated: tuple[StyleReport, Path],
) -> None:
    report = validated[0]
    found = json.loads(json.dumps(report.to_json()))["score_intervals"]
    assert set(found) == {"start", "evolved", "deployed", "gain", "over_deployed"}
    for one in found.values():
        assert one["low"] <= one["mean"] <= one["high"]
    for kind, voice in (("start", report.start), ("evolved", report.evolved)):
        assert found[kind]["mean"] == voice.score.total
    assert found["gain"]["mean"] == pytest.approx(report.gain["total"])
    over = found["evolved"]["mean"] - found["deployed"]["mean"]
    assert found["over_deployed"]["mean"] == pytest.approx(over)
    assert "over_deployed" not in score_intervals(
        {kind: made_voice(0.9, 6) for kind in ("start", "evolved")}, WEIGHTS
    )


def test_the_interval_of_the_score_covers_the_score_of_many_sentences() -> None:
    """Sentences of a known spread: the score of 400 lies in at least 80 of 100 intervals of 12."""
    everything = made_voice(0.8, 400).score.total
    covered = 0
    for seed in range(100):
        one = made_voice(0.8, 12, seed=seed)
        interval = score_intervals({"start": one, "evolved": one}, WEIGHTS)["evolved"]
        covered += interval["low"] <= everything <= interval["high"]
    assert covered >= 80


def made_voice(target: float, sentences: int, *, seed: int = 1000) -> ScoredVoice:
    """Return a voice whose sentences are as similar to the target, and to each other, by chance."""
    rng = np.random.default_rng(seed)
    embeddings = np.abs(rng.normal(1.0, 0.3, (sentences, 256)))
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    targets = np.clip(rng.normal(target, 0.05, sentences), 0, 1)
    features = np.clip(rng.normal(0.6, 0.08, sentences), 0, 1)
    texts = tuple(
        TextResult(silence(0.1), row.astype(np.float32), float(near))
        for row, near in zip(embeddings, targets, strict=True)
    )
    parts = {
        "target": float(targets.mean()),
        "self": self_similarity([one.embedding for one in texts if one.embedding is not None]),
        "feature": float(features.mean()),
    }
    score = Score(
        total=harmonic_score(parts, WEIGHTS),
        target=parts["target"],
        first=texts[0].target,
        self_=parts["self"],
        feature=parts["feature"],
    )
    return ScoredVoice(texts, tuple(features.tolist()), score)


def test_without_a_base_voice_and_a_deployed_one_there_are_no_files_of_them(
    target_path: Path, tmp_path: Path
) -> None:
    report = _validate_stranger(target_path, tmp_path)
    assert {files["stock"] for files in report.audio} == {None}
    assert {files["deployed"] for files in report.audio} == {None}
    assert "over_deployed" not in report.similarity


def test_thresholds_fail_with_a_reason(target_path: Path, tmp_path: Path) -> None:
    report = validate_style(
        recipe(
            thresholds={
                "target_similarity": 0.99,
                "self_similarity": 0.1,
                "differentiation": 0.05,
                "min_duration_s": 60.0,
            }
        ),
        "neutral",
        student(),
        None,
        None,
        target=target_path,
        start=stranger(),
        evolved=stranger(),
        audio_dir=tmp_path,
    )
    failed = {check.name: check for check in report.checks if not check.passed}
    assert set(failed) == {"target_similarity", "min_duration_s"}
    assert "is under 0.99" in failed["target_similarity"].reason
    assert not report.passed
    assert not build_report(recipe(), [report])["passed"]


def test_naturalness_of_every_voice_has_an_interval(
    validated: tuple[StyleReport, Path],
) -> None:
    found = json.loads(json.dumps(validated[0].to_json()))["naturalness"]
    assert set(found) == {"target", "start", "best_base", "evolved", "deployed"}
    assert (found["best_base"]["voice"], found["target"]["of"]) == ("pm_teo", "sentences")
    assert len(found["target"]["sentences"]) == 1  # the teacher has a take of one
    assert found["target"]["low"] is None
    for kind in ("start", "best_base", "evolved", "deployed"):
        opinion = found[kind]
        assert len(opinion["sentences"]) == len(HELD_OUT)
        assert 1.0 <= opinion["low"] < opinion["mean"] < opinion["high"] <= 5.0
    base, teo = found["best_base"]["sentences"], student().stock_voice("pm_teo")
    assert base == [naturalness(student().synthesize(text, teo, seed=3)) for text in HELD_OUT]
    assert found["start"]["sentences"] != base


@pytest.mark.parametrize(("loss", "passed"), [(0.3, True), (-0.5, False)])
def test_a_voice_may_be_less_natural_than_the_best_base_by_the_threshold(
    target_path: Path, tmp_path: Path, loss: float, passed: bool
) -> None:
    report = _validate_stranger(target_path, tmp_path, naturalness_loss=loss)
    assert report.naturalness
    assert report.naturalness.best_base == report.naturalness.start  # not spoken twice
    assert report.naturalness.target_of == "clips"
    (check,) = (check for check in report.checks if check.name == "naturalness")
    assert (check.passed, report.passed) == (passed, passed)
    assert check.value == report.naturalness.evolved.mean
    assert check.threshold == pytest.approx(report.naturalness.best_base.mean - loss)
    assert f"at most {loss:.2f} under the best base voice's" in check.reason


def test_without_the_predictor_the_check_says_so_and_is_not_passed(
    target_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validate, "available", lambda: False)
    report = _validate_stranger(target_path, tmp_path, naturalness_loss=0.3)
    (check,) = (check for check in report.checks if check.name == "naturalness")
    assert (check.value, check.threshold, check.passed) == (None, None, False)
    assert "`make .venv` installs it" in check.reason
    assert not report.passed
    assert report.to_json()["naturalness"] is None


def test_a_recipe_without_naturalness_validates_as_before(
    target_path: Path, tmp_path: Path
) -> None:
    report = _validate_stranger(target_path, tmp_path)
    assert report.passed
    assert report.naturalness is None
    assert "naturalness" not in {check.name for check in report.checks}


def _validate_stranger(target: Path, folder: Path, **thresholds: float) -> StyleReport:
    before = {"target_similarity": 0.5, "self_similarity": 0.5, "min_duration_s": 1.0}
    return validate_style(
        recipe(thresholds=before | thresholds), "neutral", student(), None, None,
        target=target, start=stranger(), evolved=stranger(), audio_dir=folder,
    )  # fmt: skip


def test_a_target_without_speech_is_named(tmp_path: Path) -> None:
    path = tmp_path / "target.wav"
    write_wav(path, silence(2.0))
    with pytest.raises(StageError, match=r"target\.wav"):
        validate_style(
            recipe(), "neutral", student(), None, None,
            target=path, start=stranger(), evolved=stranger(), audio_dir=tmp_path,
        )  # fmt: skip


def test_styles_that_sound_equal_fail_differentiation(
    validated: tuple[StyleReport, Path], tmp_path: Path
) -> None:
    one = validated[0].to_json()
    twin = {**one, "style": "amable"}
    styles = tuple(
        StyleRecipe(key=key, speed=1.0, reference_texts=REFERENCE) for key in ("neutral", "amable")
    )
    report = build_report(recipe(styles=styles), [one, twin])
    assert one["passed"]
    assert not report["differentiation"]["passed"]
    assert not report["passed"]
    write_report(tmp_path / "validation" / "validation_report.json", report)
    written = json.loads((tmp_path / "validation" / "validation_report.json").read_text())
    assert written == report
    assert [path.name for path in (tmp_path / "validation").iterdir()] == ["validation_report.json"]


def test_styles_of_two_voices_pass_differentiation(validated: tuple[StyleReport, Path]) -> None:
    one = validated[0].to_json()
    other = {**one, "style": "amable", "evolved": one["start"]}
    styles = tuple(
        StyleRecipe(key=key, speed=1.0, reference_texts=REFERENCE) for key in ("neutral", "amable")
    )
    report = build_report(recipe(styles=styles), [one, other])
    axes = report["differentiation"]["axes"]
    assert axes["pitch_mean_hz"]["variation"] > 0.05
    assert report["styles"]["neutral"]["evolved"]["prosody_mean"]["pitch_mean_hz"] > 100
