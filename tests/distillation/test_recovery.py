"""Recovery after a kill, a locked database or changed files: no stale data, no waiting."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import OperationalError
from django.utils import timezone

from corpus.audio.io import write_wav
from corpus.files import sha256_of
from distillation.engines.praat import espeak
from distillation.models import PlaygroundSound, Run, RunState, Stage, StyleRun, VoicePack
from distillation.services import leases, run_files, slice_work, slices
from distillation.services.errors import RunError
from distillation.services.queue import work_waits
from distillation.services.recovery import sounds_recover
from distillation.services.runs import run_pause, run_resume, run_retry, runs_release
from distillation.stages import speech_cache
from distillation.stages.evolve import Evolution
from tests.distillation.factories import finished_run, tiny_run
from tests.distillation.voices import LONG, say
from tests.factories import PersonFactory
from tests.processes import full_disk

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


@pytest.fixture
def run(settings: Any) -> Run:
    settings.SLICE_SECONDS = 0.0  # one candidate a slice
    return tiny_run("neutral", steps=80)


def advance_slices(run: Run, until: Callable[[StyleRun], object]) -> StyleRun:
    """Execute slices until the condition holds; return the style."""
    row = run.style_runs.get()
    while not until(row):
        slices.style_advance(style_run_id=row.pk, slice=row.slice)
        row.refresh_from_db()
        assert row.state != RunState.FINISHED
    return row


def kill_after_heartbeat(row: StyleRun) -> float:
    """Execute a slice as a worker that stands still between its last heartbeat and its commit."""
    claimed: Any = leases.lease_claim(style_run_id=row.pk, slice=row.slice)
    recipe = claimed.run.run_recipe
    student, checkpoint = slice_work.student_of(recipe), run_files.checkpoint_read(claimed)
    evolution = Evolution(recipe, row.style, student, Path(row.target.path), checkpoint)
    evolution.advance(seconds=0)
    figures = slice_work.Pulse(claimed, evolution).figures()
    assert leases.lease_beat(claimed, **figures)
    watch = leases.Watch()
    assert [watch.look() for _ in range(leases.ALIVE_LOOKS)] == [0] * leases.ALIVE_LOOKS
    assert watch.look() == 1
    return float(figures["best_score"])


def test_a_text_that_killed_the_worker_is_reported(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = advance_slices(run, lambda row: row.stage == Stage.EVOLVE)
    monkeypatch.setattr(espeak._SPEAKER, "here", True)  # as in a process of Celery's
    kill_after_heartbeat(row)
    speech_cache._kept.clear()  # as in another process
    (tmp_path / "broken.py").write_text("import os\nos.kill(os.getpid(), 11)\n")
    monkeypatch.setattr(espeak, "_PROGRAM", tmp_path / "broken.py")
    espeak._SPEAKER.end()
    slices.style_advance(style_run_id=row.pk, slice=row.slice)
    row.refresh_from_db()
    assert (row.state, row.error_code) == (RunState.FAILED, "unspeakable")
    assert espeak._SPEAKER.here


def test_a_text_that_is_never_spoken_is_given_up_after_an_hour(
    django_capture_on_commit_callbacks: Callable,
) -> None:
    """One that ends its worker each time would be sent for ever, and no search be helped."""
    finished_run("neutral")
    person: Any = PersonFactory()
    long_ago = timezone.now() - timedelta(minutes=61)
    row = PlaygroundSound.objects.create(
        person=person, pack=VoicePack.objects.evolved().get(), text="Hola.", format="wav",
        asked_at=long_ago, queued_at=long_ago,
    )  # fmt: skip
    assert work_waits()
    with django_capture_on_commit_callbacks() as sent:
        sounds_recover()
    row.refresh_from_db()
    assert (sent, row.state) == ([], "failed")
    assert "Ask again" in row.error
    assert not work_waits()


def test_a_better_voice_gets_a_preview_though_its_first_worker_was_killed(run: Run) -> None:
    row = advance_slices(run, lambda row: row.preview)
    preview, score = row.preview.name, row.best_score
    while kill_after_heartbeat(row) == score:
        slices.style_advance(style_run_id=row.pk, slice=row.slice)
        row.refresh_from_db()
        assert row.preview.name == preview
    slices.style_advance(style_run_id=row.pk, slice=row.slice)
    row.refresh_from_db()
    assert row.preview.name != preview


def test_after_a_locked_database_the_slice_is_released_at_once(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(_row: StyleRun) -> None:
        raise OperationalError("database is locked")

    row = run.style_runs.get()
    monkeypatch.setitem(slices.SLICES, Stage.REFERENCE, locked)
    slices.style_advance(style_run_id=row.pk, slice=0)
    monkeypatch.setattr(leases, "owner_name", lambda: f"{leases.host_name()}/1")
    again = leases.lease_claim(style_run_id=row.pk, slice=0)
    assert again is not None
    assert again.losses == 0


def test_a_search_for_another_target_restarts_completely(
    run: Run, django_capture_on_commit_callbacks: Callable
) -> None:
    row = advance_slices(run, lambda row: row.step > 1)
    start, preview = str(row.packs.get(kind="start").file.name), str(row.preview.name)
    before = list(row.points.values_list("score", flat=True))
    write_wav(Path(row.target.path), say(LONG))
    advance_slices(run, lambda row: row.error_code == "other_checkpoint")
    with django_capture_on_commit_callbacks(execute=True):
        run_retry(run=Run.objects.get(), person=run.created_by)
    row.refresh_from_db()
    assert (row.step, row.best_score, row.preview.name) == (0, None, "")
    assert (row.start_voice, row.base_voice) == ("", "")
    assert not row.points.exists()
    assert not row.packs.exists()
    assert not any(map(default_storage.exists, (start, preview)))
    row = advance_slices(run, lambda row: row.points.exists())
    assert row.points.get().score != before[0]


def test_a_changed_prompt_is_noticed(run: Run) -> None:
    name = "recordings/prompt.wav"
    path = run_files.media_path(name)
    path.write_bytes(b"another")
    recipe = run.run_recipe
    asked = replace(
        recipe, teacher_options={"prompt": name}, inputs={**recipe.inputs, name: "0" * 64}
    )
    with pytest.raises(RunError, match=name) as caught:
        slice_work.inputs_check(asked, "neutral")
    assert caught.value.code == "take_changed"


def test_a_damaged_pack_is_restored_from_the_checkpoint() -> None:
    run = tiny_run("neutral")
    row = advance_slices(run, lambda row: row.stage == Stage.VALIDATE)
    pack = row.packs.get(kind="evolved")
    path = run_files.media_path(pack.file.name)
    path.write_bytes(b"damaged")
    row = advance_slices(run, lambda row: row.state == RunState.FAILED)
    assert row.error_code == "not_a_pack"
    run_retry(run=Run.objects.get(), person=run.created_by)
    row = advance_slices(run, lambda row: row.stage == Stage.VALIDATE)
    assert row.packs.get(kind="evolved").sha256 == pack.sha256 == sha256_of(path)
    slices.style_advance(style_run_id=row.pk, slice=row.slice)
    row.refresh_from_db()
    assert row.state == RunState.FINISHED


def test_a_voice_is_validated_though_the_takes_of_its_prompt_are_missing() -> None:
    run = tiny_run("neutral")
    row = advance_slices(run, lambda row: row.stage == Stage.VALIDATE)
    recipe = run.run_recipe
    prompt = tuple(recipe.styles[0].takes.items())[:2]
    style = replace(recipe.styles[0], prompt=prompt, takes={})
    options = {"url": "http://127.0.0.1:9"}
    run.recipe = replace(recipe, styles=(style,), teacher="http", teacher_options=options).to_json()
    run.save()
    default_storage.delete(prompt[0][1])
    slices.style_advance(style_run_id=row.pk, slice=row.slice)
    row.refresh_from_db()
    assert row.state == RunState.FINISHED
    assert {one["target"] for one in row.report["audio"]} == {None}


def test_without_room_a_run_pauses_by_itself_and_goes_on_once_there_is_room(
    run: Run, django_capture_on_commit_callbacks: Callable
) -> None:
    row = run.style_runs.get()
    with full_disk(10_000):
        slices.style_advance(style_run_id=row.pk, slice=0)
        run.refresh_from_db()
        assert (run.state, run.error_code) == (RunState.PAUSED, "storage_full")
        assert runs_release() == 0
    assert not row.heartbeats.exists()
    assert not list(run_files.media_path("runs").rglob("*.new"))
    held = Run.objects.get()
    run_pause(run=held, person=run.created_by)  # keep it paused
    assert runs_release() == 0
    run_resume(run=held, person=run.created_by)
    with full_disk(10_000):
        slices.style_advance(style_run_id=row.pk, slice=0)
    assert runs_release() == 1
    run.refresh_from_db()
    assert (run.state, run.error_code, run.error) == (RunState.RUNNING, "", "")
    row = advance_slices(run, lambda row: row.stage == Stage.EVOLVE)
    assert row.losses == row.interruptions == 0


def test_a_run_waits_for_the_folder_of_its_files(run: Run, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "not mounted"
    slices.style_advance(style_run_id=run.style_runs.get().pk, slice=0)
    run.refresh_from_db()
    assert (run.state, run.error_code) == (RunState.PAUSED, "storage_gone")
