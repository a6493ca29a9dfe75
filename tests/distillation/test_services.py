"""A run as a chain of slices: leases, redelivery, pause, cancel, crashes, resuming to the bit."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone
from pytest_django.fixtures import Settings

from corpus.audio.io import read_wav
from corpus.models import Recording, Speaker
from distillation import tasks, voicepack
from distillation.models import Deployment, Run, RunState, Stage, StyleRun, VoicePack
from distillation.services import leases, recovery, run_files, slice_work, slices
from distillation.services.decisions import pack_decide
from distillation.services.deployments import packs_deploy
from distillation.services.errors import RunError
from distillation.services.recipes import recipe_build
from distillation.services.runs import run_cancel, run_launch, run_pause, run_resume, run_retry
from distillation.services.targets import clip_of_take
from tests.distillation.factories import corpus_make, tiny, tiny_run
from tests.factories import PersonFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


@pytest.fixture
def run() -> Run:
    return tiny_run("neutral")


@pytest.fixture
def style_run(run: Run) -> StyleRun:
    return run.style_runs.get()


def first(run: Run) -> list[tuple[int, int]]:
    return [(row.pk, row.slice) for row in run.style_runs.all()]


class TestWholeRun:
    def test_two_styles_end_in_packs_a_report_and_a_deployment(
        self, work: Callable, settings: Settings, tmp_path: Path
    ) -> None:
        settings.VOICES_DIR = tmp_path
        run = tiny_run("neutral", "amable", steps=2)
        work(*first(run))
        run.refresh_from_db()
        assert run.state == RunState.FINISHED, run.error
        assert set(run.report.data["styles"]) == {"neutral", "amable"}
        assert Path(run.report.file.path).name == "validation_report.json"
        packs = list(VoicePack.objects.evolved().filter(style_run__run=run))
        reviewer, admin = PersonFactory(roles=["reviewer"]), PersonFactory(roles=["admin"])
        with pytest.raises(RunError) as caught:
            packs_deploy(packs=packs, person=admin)
        assert caught.value.code == "not_approved"
        for pack in packs:
            pack_decide(
                pack=pack,
                person=reviewer,
                verdict="approve",
                reason="Suena bien.",
                nevertheless="Solo dos pasos.",
            )
        packs_deploy(packs=packs, person=admin, override="Solo dos pasos.")
        again = packs_deploy(packs=packs[:1], person=admin, override="Solo dos pasos.")
        assert (tmp_path / "manifest.json").exists()
        assert Deployment.objects.current().count() == 2
        assert Deployment.objects.get(replaced_by=again[0]).voice == again[0].voice
        style = run.style_runs.all()[0]
        assert style.base_voice in run.run_recipe.base_voices
        assert style.report["naturalness"]["best_base"]["voice"] == style.base_voice
        assert style.points.all()[0].step == 0
        assert VoicePack.objects.filter(style_run=style, kind="start").count() == 1
        assert default_storage.exists(str(style.preview.name))
        assert style.stopped == "steps"
        assert all(point.seconds > 0 for point in style.points.all())
        assert (style.diversity or 0) > 0

        later = run_launch(person=admin, recipe=replace(run.run_recipe, steps=8, seed=11))
        work(*first(later))
        found = later.style_runs.get(style="neutral").report
        assert {"deployed", "over_deployed"} <= set(found["similarity"])
        assert found["audio"][0]["deployed"]

    def test_every_stored_pack_has_a_sample_of_the_same_sentence(self, work: Callable) -> None:
        run = tiny_run("neutral", steps=4)
        work(*first(run))
        packs = list(VoicePack.objects.filter(style_run__run=run))
        assert {pack.kind for pack in packs} == {"start", "milestone", "evolved"}
        spoken = [read_wav(run_files.media_path(run_files.sample_name(pack))) for pack in packs]
        again = slice_work.student_of(run.run_recipe).synthesize(
            run.run_recipe.search_texts[0],
            voicepack.load(run_files.media_path(packs[0].file.name), engine="praat"),
            seed=run.run_recipe.seed,
        )
        assert spoken[0].duration_s == pytest.approx(again.duration_s, abs=0.001)

    def test_target_clips_replace_a_synthesized_target(self, work: Callable) -> None:
        corpus_make("neutral")
        takes = list(Recording.objects.select_related("style", "sentence")[:2])
        clips = [clip_of_take(take) for take in takes]
        recipe = tiny(recipe_build(styles=["neutral"], steps=2, targets=clips))
        run = run_launch(person=PersonFactory(roles=["admin"]), recipe=recipe)
        work(*first(run))
        style = run.style_runs.get()
        assert style.state == RunState.FINISHED, style.error
        assert style.target_info["clips"] == 2
        assert default_storage.exists(run_files.clip_name(style.target.name, 2))

    def test_a_clip_with_withdrawn_consent_stops_the_run(self, work: Callable) -> None:
        corpus_make("neutral")
        clips = [clip_of_take(Recording.objects.select_related("style", "sentence")[0])]
        recipe = tiny(recipe_build(styles=["neutral"], steps=2, targets=clips))
        run = run_launch(person=PersonFactory(roles=["admin"]), recipe=recipe)
        Speaker.objects.update(withdrawn_at=timezone.now())
        work(*first(run))
        assert run.style_runs.get().error_code == "consent_withdrawn"

    def test_an_interrupted_and_resumed_run_ends_in_the_bit_identical_pack(
        self, work: Callable, commit: Callable, settings: Settings
    ) -> None:
        whole = tiny_run("neutral", steps=4)
        work(*first(whole))
        settings.SLICE_SECONDS = 0.01  # one candidate a slice
        broken = run_launch(person=whole.created_by, recipe=whole.run_recipe)
        [row] = broken.style_runs.all()
        messages = [(row.pk, 0)]
        for number in range(5):
            messages = commit(slices.style_advance, style_run_id=row.pk, slice=number)
        run_pause(run=broken, person=whole.created_by)
        assert commit(slices.style_advance, style_run_id=row.pk, slice=5) == []
        slice_work._student.cache_clear()  # as in a restarted worker
        messages = commit(run_resume, run=broken, person=whole.created_by)
        assert work(*messages) > 5
        packs = [
            voicepack.load(VoicePack.objects.evolved().get(style_run__run=run).file.path)
            for run in (whole, broken)
        ]
        assert packs[0].sha256 == packs[1].sha256
        assert VoicePack.objects.evolved().get(style_run__run=whole).sha256 == (
            VoicePack.objects.evolved().get(style_run__run=broken).sha256
        )


class TestSteering:
    def test_a_paused_queued_run_waits_and_continues(
        self, work: Callable, commit: Callable, run: Run, style_run: StyleRun
    ) -> None:
        run_pause(run=run, person=run.created_by)
        work((style_run.pk, 0))
        style_run.refresh_from_db()
        assert (style_run.state, style_run.slice) == (RunState.PAUSED, 0)
        assert commit(run_resume, run=run, person=run.created_by) == [(style_run.pk, 0)]

    @pytest.mark.parametrize("action", [run_pause, run_cancel])
    def test_a_worker_notices_the_action_within_a_slice(
        self,
        action: Callable,
        work: Callable,
        run: Run,
        style_run: StyleRun,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(slice_work, "BEAT_SECONDS", 0.0)
        work((style_run.pk, 0), limit=1)
        beat, beats = leases.lease_beat, []

        def act_at_third(row: StyleRun, **figures: object) -> bool:
            beats.append(figures)
            if len(beats) == 3:
                action(run=run, person=run.created_by)
            return beat(row, **figures)

        monkeypatch.setattr(slice_work, "lease_beat", act_at_third)
        work((style_run.pk, 1))
        style_run.refresh_from_db()
        assert len(beats) == 3
        assert style_run.lease == ""
        kept = action is run_pause
        assert (style_run.slice, bool(style_run.checkpoint)) == ((2, True) if kept else (1, False))

    def test_a_run_resumed_before_the_worker_noticed_continues(
        self, work: Callable, commit: Callable, run: Run, style_run: StyleRun, settings: Settings
    ) -> None:
        work((style_run.pk, 0), limit=1)
        row = leases.lease_claim(style_run_id=style_run.pk, slice=1)
        assert row
        settings.SLICE_SECONDS = 0.01
        outcome = slice_work.evolve_slice(row)
        run_pause(run=run, person=run.created_by)
        run_resume(run=run, person=run.created_by)
        assert commit(slices.slice_commit, row, outcome) == [(style_run.pk, 2)]

    def test_a_stage_without_slices_is_released(
        self, commit: Callable, run: Run, style_run: StyleRun, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(
            "distillation.services.slice_work.lease_beat", lambda *_row, **_figures: False
        )
        assert commit(slices.style_advance, style_run_id=style_run.pk, slice=0) == [
            (style_run.pk, 0)
        ]
        style_run.refresh_from_db()
        assert (style_run.slice, style_run.lease, style_run.losses) == (0, "", 0)

    def test_impossible_actions_are_refused(self, run: Run) -> None:
        with pytest.raises(RunError) as caught:
            run_resume(run=run, person=run.created_by)
        assert caught.value.code == "wrong_state"
        run_cancel(run=run, person=run.created_by)
        for action in (run_pause, run_resume, run_retry, run_cancel):
            with pytest.raises(RunError):
                action(run=run, person=run.created_by)

    def test_every_action_is_recorded_with_its_person(self, run: Run) -> None:
        run_pause(run=run, person=run.created_by)
        run_resume(run=run, person=run.created_by)
        events = run.events.values_list("what", "person")
        assert list(events) == [
            (what, run.created_by_id) for what in ("launched", "paused", "resumed")
        ]


class TestFaults:
    def test_a_changed_take_is_reported_as_a_user_error(
        self, work: Callable, run: Run, style_run: StyleRun
    ) -> None:
        recipe = run.run_recipe
        changed = replace(recipe, inputs=dict.fromkeys(recipe.inputs, "0" * 64))
        Run.objects.update(recipe=changed.to_json())
        work((style_run.pk, 0))
        run.refresh_from_db()
        assert (run.state, run.error_code) == (RunState.FAILED, "take_changed")
        assert "recordings/" in run.error

    def test_a_damaged_checkpoint_is_reported_and_retry_restarts_the_search(
        self, work: Callable, commit: Callable, run: Run, style_run: StyleRun, settings: Settings
    ) -> None:
        settings.SLICE_SECONDS = 0.01
        work((style_run.pk, 0), limit=2)
        style_run.refresh_from_db()
        Path(style_run.checkpoint.path).write_bytes(b"damage")
        work((style_run.pk, style_run.slice))
        run.refresh_from_db()
        assert run.error_code == "checkpoint_damaged"
        assert commit(run_retry, run=run, person=run.created_by) == [(style_run.pk, 2)]
        style_run.refresh_from_db()
        assert (style_run.checkpoint, style_run.step, style_run.evaluations) == ("", 0, 0)

    def test_only_the_last_checkpoint_is_kept(
        self, work: Callable, style_run: StyleRun, settings: Settings
    ) -> None:
        settings.SLICE_SECONDS = 0.01
        work((style_run.pk, 0), limit=4)
        style_run.refresh_from_db()
        folder = Path(style_run.checkpoint.path).parent
        assert [path.name for path in folder.iterdir()] == [
            Path(str(style_run.checkpoint.name)).name
        ]

    def test_an_internal_error_has_its_own_code(
        self, run: Run, style_run: StyleRun, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(slices.SLICES, Stage.REFERENCE, lambda _row: 1 / 0)
        assert tasks.style_advance.apply(args=(style_run.pk, 0)).failed()
        run.refresh_from_db()
        assert (run.state, run.error_code) == (RunState.FAILED, "internal")


def test_heartbeats_show_that_a_worker_is_alive() -> None:
    assert not recovery.worker_is_there()
    recovery.worker_beat(name="celery@here")
    assert recovery.worker_is_there()


def test_a_tiny_recipe_is_valid() -> None:
    corpus_make("neutral")
    recipe = tiny(recipe_build(styles=["neutral"], steps=3))
    assert recipe.steps == 3
