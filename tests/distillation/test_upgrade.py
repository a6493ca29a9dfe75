"""Data of older versions: recipes open and validate, databases upgrade."""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from distillation.recipe import VERSION, RecipeError, RunRecipe, differences, upgraded
from distillation.stages.run_report import build_report
from distillation.stages.validate import validate_style
from tests.distillation.voices import recipe, stranger, student

OLDEST: dict[str, Any] = {  # as the first version wrote it
    "styles": [
        {"key": "neutral", "speed": 1.0, "reference_texts": ["Una frase."],
         "takes": {"Una frase.": "recordings/a.wav"}}
    ],
    "search_texts": ["Buenos días, le atiende Marina.", "Su pedido llega el lunes."],
    "held_out_texts": ["Espere un momento, por favor.", "Mañana le llamará un técnico."],
    "student": "praat", "teacher": "recordings", "lang": "es", "strategy": "random-walk",
    "steps": 10, "seed": 3, "base_voices": ["pf_luz", "pm_teo"], "diversity": [0.01, 0.15],
    "early_stop": 0.98, "weights": {"target": 0.48, "self": 0.5, "feature": 0.02},
    "thresholds": {"target_similarity": 0.7, "self_similarity": 0.85, "differentiation": 0.05},
    "teacher_options": {}, "student_options": {}, "versions": {},
    "inputs": {"recordings/a.wav": "a" * 64},
}  # fmt: skip


def test_the_oldest_recipe_opens_and_compares() -> None:
    opened = RunRecipe.from_json(OLDEST)
    assert (opened.version, opened.compared, opened.minutes) == (VERSION, "first", 0.0)
    assert opened.styles[0].targets == opened.styles[0].prompt == ()
    assert RunRecipe.from_json(opened.to_json()) == opened
    assert differences([opened, recipe()])["strategy"] == ["random-walk", "cma-es"]


def test_upgrading_does_not_change_a_recipe_of_this_version() -> None:
    data = recipe().to_json()
    assert upgraded(data) == data


def test_a_newer_recipe_is_refused() -> None:
    with pytest.raises(RecipeError, match=f"version {VERSION + 1} is newer"):
        RunRecipe.from_json({**OLDEST, "version": VERSION + 1})


def test_the_oldest_recipe_is_validated_by_its_own_checks(
    target_path: Path, tmp_path: Path
) -> None:
    opened = RunRecipe.from_json(OLDEST)
    style = validate_style(
        opened, "neutral", student(), None, None, target=target_path,
        start=student().stock_voice("pf_luz"), evolved=stranger(), audio_dir=tmp_path,
    )  # fmt: skip
    assert [check.name for check in style.checks] == ["target_similarity", "self_similarity"]
    assert build_report(opened, [style])["differentiation"]["passed"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_an_older_database_upgrades() -> None:
    before = [("distillation", "0010_best_base_voice"), ("corpus", "0006_indexes_of_the_queues")]
    executor = _one_by_one()
    latest = executor.loader.graph.leaf_nodes()
    # Later migrations of the corpus hang on what the former ones were squashed to.
    executor.migrate([("corpus", "0001_squashed_2026_11")])
    executor = _one_by_one()
    executor.migrate(before)
    try:
        _fill(executor.loader.project_state(before).apps)
    finally:
        executor = _one_by_one()
        executor.migrate(latest)
    apps = executor.loader.project_state(latest).apps
    [use] = apps.get_model("distillation", "TakeUse").objects.all()
    assert (use.recording.wav, use.role) == ("recordings/a.wav", "take")
    [claim] = apps.get_model("distillation", "CandidateClaim").objects.all()
    assert (claim.number, claim.evaluation) == (5, {"ceiling": 1.0})
    [run] = apps.get_model("distillation", "Run").objects.all()
    assert RunRecipe.from_json(run.recipe).seed == 3


def _one_by_one() -> MigrationExecutor:
    """Return what applies each migration by itself, not what they were squashed to."""
    executor = MigrationExecutor(connection)
    executor.loader = MigrationLoader(connection, replace_migrations=False)
    return executor


def _fill(apps: Any) -> None:
    person = apps.get_model("auth", "User").objects.create(username="ana")
    category = apps.get_model("corpus", "Category").objects.create(key="c", name="C")
    style = apps.get_model("corpus", "StyleLabel").objects.create(key="neutral", name="Neutral")
    sentence = apps.get_model("corpus", "Sentence").objects.create(
        sentence_id="s-1", text="Una frase.", category=category
    )
    speaker = apps.get_model("corpus", "Speaker").objects.create(name="Ana", user=person)
    apps.get_model("corpus", "Recording").objects.create(
        sentence=sentence, style=style, speaker=speaker, take=1, wav="recordings/a.wav",
        uploaded_by=person, original_sha256="a" * 64,
        sha256="a" * 64, sr=24_000, duration_s=4.0,
    )  # fmt: skip
    run = apps.get_model("distillation", "Run").objects.create(
        recipe=OLDEST, fingerprint="f" * 64, created_by=person
    )
    style_run = apps.get_model("distillation", "StyleRun").objects.create(run=run, style="neutral")
    apps.get_model("distillation", "Share").objects.create(
        style_run=style_run, slice=1, number=5, digest="d" * 64, verdict={"ceiling": 1.0}
    )
