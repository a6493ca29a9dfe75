"""The teacher f5 in a run: its queue, its prompts from the best takes, consent, licence."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from corpus.audio.io import decode
from corpus.models import ProsodyScore, Recording
from distillation.models import Run, Stage, StyleRun
from distillation.recipe import RecipeError, RunRecipe
from distillation.services import recovery
from distillation.services.errors import RunError
from distillation.services.provenance import consent_hold, voice_made
from distillation.services.queue import queue_of
from distillation.services.recipes import recipe_build
from distillation.services.runs import run_launch
from distillation.services.slice_work import inputs_check, style_runner
from distillation.stages.reference import make_prompt
from tests.distillation.factories import corpus_make, plain_recipe
from tests.factories import PersonFactory, ProsodyScoreFactory, RecordingFactory, SpeakerFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


def built(*styles: str, **more: Any) -> RunRecipe:
    return recipe_build(styles=styles, steps=3, teacher="f5", **more)


def launched(recipe: RunRecipe) -> Run:
    return run_launch(person=PersonFactory(roles=["admin"]), recipe=recipe)


class TestPrompts:
    def test_the_best_takes_of_each_style_are_used_up_to_the_required_length(
        self, media: Path
    ) -> None:
        corpus_make("neutral", "amable")
        for number, take in enumerate(Recording.objects.all()):
            ProsodyScore.objects.filter(recording=take).update(quality=50 + number % 7)
        Recording.objects.all().rank()
        recipe = built("neutral", "amable", own_prompts=True)
        for key in ("neutral", "amable"):
            names = [name for _, name in recipe.style(key).prompt]
            takes = {str(take.wav.name): take for take in Recording.objects.filter(wav__in=names)}
            assert {take.style.key for take in takes.values()} == {key}
            assert 6.0 <= sum(take.duration_s for take in takes.values()) <= 11.0
            usable = Recording.objects.usable().filter(style__key=key)
            free = usable.exclude(sentence__text__in=recipe.held_out_texts)
            best: Any = free.best_first().first()
            assert names[0] == best.wav.name
            assert not {text for text, _ in recipe.style(key).prompt} & set(recipe.held_out_texts)
            assert all(recipe.inputs[name] == take.sha256 for name, take in takes.items())

    def test_takes_are_joined_with_their_transcripts(self, media: Path, tmp_path: Path) -> None:
        corpus_make("neutral")
        recipe = built("neutral", own_prompts=True)
        run = launched(recipe)
        prompt = style_runner(run.style_runs.get()).prompt()
        own = recipe.style("neutral").prompt
        assert len(own) > 1
        assert prompt.audio
        assert prompt.audio.is_relative_to(media / f"runs/{run.pk}")
        assert 5.0 < decode(prompt.audio).duration_s < 12.0
        assert prompt.transcript == " ".join(text for text, _ in own)
        one = replace(recipe.styles[0], prompt=own[:1])
        alone = make_prompt(
            replace(recipe, styles=(one,)), "neutral", place=Path, joined_to=tmp_path / "no.wav"
        )
        assert (alone.transcript, str(alone.audio)) == own[0]
        assert not (tmp_path / "no.wav").exists()

    def test_all_prompts_are_of_one_speaker(self) -> None:
        corpus_make("neutral", "amable")
        sentence = Recording.objects.first().sentence
        other = SpeakerFactory()
        lone: Any = RecordingFactory(
            sentence=sentence, style=Recording.objects.first().style, speaker=other,
            state="accepted", duration_s=8.0, wav="recordings/lone.wav",
        )  # fmt: skip
        ProsodyScoreFactory(recording=lone, quality=99.0)
        recipe = built("neutral", "amable", own_prompts=True)
        used = {name for style in recipe.styles for _, name in style.prompt}
        assert lone.wav.name not in used

    def test_missing_takes_are_reported(self) -> None:
        corpus_make("neutral", "amable")
        Recording.objects.filter(style__key="amable").update(duration_s=13.0)
        with pytest.raises(RecipeError, match=r"^own_prompts: .*Amable"):
            built("neutral", "amable", own_prompts=True)
        with pytest.raises(RecipeError, match=r"^prompt: "):
            built("neutral")
        with pytest.raises(RecipeError, match=r"^own_prompts: .*recordings"):
            recipe_build(styles=["neutral"], steps=3, own_prompts=True)

    def test_a_withdrawn_consent_stops_the_run(self) -> None:
        corpus_make("neutral")
        recipe = built("neutral", own_prompts=True)
        run = launched(recipe)
        speaker = Recording.objects.first().speaker
        assert [made.style_run.run_id for made in voice_made(speaker)] == [run.pk]
        consent_hold(run.style_runs.get())
        speaker.withdrawn_at = timezone.now()
        speaker.save()
        with pytest.raises(RunError) as caught:
            consent_hold(run.style_runs.get())
        assert caught.value.code == "consent_withdrawn"
        with pytest.raises(RecipeError):
            built("neutral", own_prompts=True)

    def test_a_changed_take_stops_the_run(self, media: Path) -> None:
        corpus_make("neutral")
        recipe = built("neutral", own_prompts=True)
        inputs_check(recipe, "neutral")
        path = media / recipe.style("neutral").prompt[-1][1]
        path.write_bytes(path.read_bytes()[:-2] + b"\1\1")
        with pytest.raises(RunError) as caught:
            inputs_check(recipe, "neutral")
        assert caught.value.code == "take_changed"

    def test_one_take_may_be_the_prompt_of_all_styles(self) -> None:
        corpus_make("neutral")
        take = Recording.objects.first()
        recipe = built("neutral", prompt=take)
        assert recipe.teacher_options == {
            "prompt": take.wav.name, "transcript": take.sentence.text,
        }  # fmt: skip
        assert recipe.style("neutral").prompt == ()

    def test_a_take_that_does_not_fit_its_words_is_no_prompt(self) -> None:
        corpus_make("neutral")
        odd: Any = Recording.objects.usable().best_first().first()
        odd.checks = [{"code": "length", "ok": False}]
        odd.save()
        with pytest.raises(RecipeError, match=r"^prompt: .*(words|palabras)"):
            built("neutral", prompt=odd)
        prompt = built("neutral", own_prompts=True).style("neutral").prompt
        assert odd.wav.name not in [name for _, name in prompt]

    def test_prompts_survive_a_round_trip_through_json(self) -> None:
        corpus_make("neutral")
        recipe = built("neutral", own_prompts=True)
        assert RunRecipe.from_json(recipe.to_json()) == recipe


class TestQueue:
    @pytest.mark.parametrize(
        ("teacher", "stage", "queue"),
        [
            ("f5", Stage.REFERENCE, "teacher"),
            ("f5", Stage.VALIDATE, "teacher"),
            ("f5", Stage.EVOLVE, "voicelab"),
            ("recordings", Stage.REFERENCE, "voicelab"),
            ("http", Stage.VALIDATE, "voicelab"),
        ],
    )
    def test_slices_of_the_teacher_wait_for_its_worker(self, teacher, stage, queue) -> None:
        run = launched(replace(plain_recipe("neutral"), teacher=teacher))
        assert queue_of(StyleRun(run=run, stage=stage)) == queue

    def test_messages_go_to_the_queue_of_the_teacher(
        self, django_capture_on_commit_callbacks
    ) -> None:
        with django_capture_on_commit_callbacks() as callbacks:
            launched(replace(plain_recipe("neutral"), teacher="f5"))
        assert [callback.keywords["queue"] for callback in callbacks] == ["teacher"]

    def test_the_page_names_the_missing_worker(self, client: Client) -> None:
        run = launched(replace(plain_recipe("neutral"), teacher="f5"))
        client.force_login(run.created_by)
        page = reverse("run", args=[run.pk])
        recovery.worker_beat(name="celery@here")
        run.style_runs.update(queued_at=timezone.now() - timedelta(seconds=30))
        assert b"make teacher-worker" in client.get(page).content
        assert b"celery -A voicelab worker" not in client.get(page).content
        recovery.worker_beat(name="teacher@here", queues=["teacher"])
        assert b"make teacher-worker" not in client.get(page).content
        assert recovery.teacher_is_there()

    def test_a_teachers_worker_does_not_count_as_an_ordinary_one(self) -> None:
        recovery.worker_beat(name="teacher@here", queues=["teacher"])
        assert recovery.teacher_is_there()
        assert not recovery.worker_is_there()


class TestLicence:
    def test_recipe_and_page_name_the_licence(self, client: Client) -> None:
        corpus_make("neutral")
        recipe = built("neutral", own_prompts=True)
        assert recipe.teacher_weights == "jpgallegoar/F5-Spanish, CC-BY-NC-4.0"
        assert recipe.versions["f5-tts"] == "1.1.22"
        run = launched(recipe)
        client.force_login(run.created_by)
        assert b"CC-BY-NC-4.0" in client.get(reverse("run", args=[run.pk])).content

    def test_the_launch_form_shows_the_licence(self, client: Client, settings: Settings) -> None:
        client.force_login(PersonFactory(roles=["admin"], is_staff=True))
        page = client.get(reverse("run_launch")).content.decode()
        assert "jpgallegoar/F5-Spanish, CC-BY-NC-4.0" in page
        assert "own_prompts" in page

    def test_other_teachers_have_no_licence(self) -> None:
        corpus_make("neutral")
        recipe = recipe_build(styles=["neutral"], steps=3)
        assert recipe.teacher_weights == ""
        assert "f5-tts" not in recipe.versions
