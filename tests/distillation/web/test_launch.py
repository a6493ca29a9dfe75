"""The launch form: what it accepts, refuses at its field, and fills in again."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from corpus.audio.io import encode_wav
from corpus.models import Recording
from distillation.engines.praat.stock_voices import VOICES
from distillation.models import Run
from tests.distillation.factories import (
    TEXTS,
    corpus_make,
    finished_run,
    spoken,
)
from tests.factories import StyleFactory
from tests.signals import speech
from tests.web import words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


def filled(**changes: object) -> dict[str, object]:
    return {
        "name": "Primera", "styles": ["neutral"], "steps": 5, "seed": 3, "student": "praat",
        "precision": "fp32", "teacher": "recordings", "strategy": "shared-walk",
        "weight_target": 0.48, "weight_self": 0.5, "weight_feature": 0.02, **changes,
    }  # fmt: skip


class TestLaunch:
    url = "/runs/launch/"

    def test_an_admin_launches_a_run(self, admin_client: Client) -> None:
        corpus_make("neutral")
        assert b'name="styles"' in admin_client.get(self.url).content
        answer: Any = admin_client.post(self.url, filled())
        run = Run.objects.get()
        assert answer.url == reverse("run", args=[run.pk])
        recipe = run.run_recipe
        assert (run.name, recipe.steps, run.style_runs.count()) == ("Primera", 5, 1)
        assert (recipe.minutes, recipe.goal, recipe.patience) == (0, 0, 0)
        assert recipe.weights == {"target": 0.48, "self": 0.5, "feature": 0.02}

    def test_a_form_that_is_sent_twice_launches_one_run(self, admin_client: Client) -> None:
        corpus_make("neutral")
        answers: list[Any] = [admin_client.post(self.url, filled()) for _ in range(2)]
        run = Run.objects.get()
        assert {answer.url for answer in answers} == {reverse("run", args=[run.pk])}
        admin_client.post(self.url, filled(seed=4))
        assert Run.objects.count() == 2
        Run.objects.update(created_at=timezone.now() - timedelta(minutes=1))
        admin_client.post(self.url, filled())
        assert Run.objects.count() == 3

    @pytest.mark.usefixtures("kokoro_voices")
    def test_budget_weights_and_precision_are_recorded(self, admin_client: Client) -> None:
        corpus_make("neutral")
        form = filled(minutes=1.5, goal=95, patience=50, weight_feature=0.2, student="kokoro")
        admin_client.post(self.url, {**form, "precision": "auto"})
        recipe = Run.objects.get().run_recipe
        assert (recipe.minutes, recipe.goal, recipe.patience) == (1.5, 95.0, 50)
        assert recipe.weights["feature"] == 0.2
        assert recipe.student_options == {"precision": "auto"}

    @pytest.mark.parametrize("weight", [0, 1e308])
    def test_a_weight_of_zero_or_infinity_is_refused_at_its_field(
        self, admin_client: Client, weight: float
    ) -> None:
        corpus_make("neutral")
        answer = admin_client.post(self.url, filled(weight_self=weight))
        assert answer.context["form"].errors["weight_self"]
        assert not Run.objects.exists()

    def test_target_clips_are_takes_or_files_and_are_filled_in_again(
        self, admin_client: Client
    ) -> None:
        corpus_make("neutral")
        takes = list(Recording.objects.all()[:2])
        sent = SimpleUploadedFile("mi voz.wav", spoken(TEXTS[0], "pm_gil"))
        form = filled(target_takes=[take.pk for take in takes], files_neutral=[sent])
        answer: Any = admin_client.post(self.url, form)
        assert answer.status_code == 302, answer.context["form"].errors
        run = Run.objects.get()
        style = run.run_recipe.style("neutral")
        assert {take.wav.name for take in takes} == set(style.targets[:2])
        assert style.targets[2].startswith("targets/neutral/mi-voz-")
        assert set(style.targets) <= set(run.run_recipe.inputs)
        assert not style.reference_texts
        target_texts = {take.sentence.text for take in takes}
        assert not target_texts & set(run.run_recipe.held_out_texts)
        again = admin_client.get(f"{self.url}?again={run.pk}")
        form = again.context["form"]
        assert set(form["target_takes"].value()) == {take.pk for take in takes}
        assert style.targets[2] in form["target_files"].value()
        admin_client.post(self.url, filled(target_files=[style.targets[2]]))
        assert Run.objects.first().run_recipe.style("neutral").targets == (style.targets[2],)

    def test_a_damaged_stored_clip_is_refused_until_it_is_sent_again(
        self, admin_client: Client
    ) -> None:
        corpus_make("neutral")
        data = spoken(TEXTS[0], "pm_gil")
        send = filled(files_neutral=[SimpleUploadedFile("voz.wav", data)])
        admin_client.post(self.url, send)
        [name] = Run.objects.get().run_recipe.style("neutral").targets
        Path(default_storage.path(name)).write_bytes(b"RIFF")
        answer = admin_client.post(self.url, filled(target_files=[name]))
        assert "voz-" in str(answer.context["form"].errors["target_files"])
        assert Run.objects.count() == 1
        send = filled(files_neutral=[SimpleUploadedFile("voz.wav", data)])
        assert admin_client.post(self.url, send).status_code == 302
        assert admin_client.post(self.url, filled(target_files=[name])).status_code == 302

    def test_warnings_about_uploaded_clips_come_with_the_launch(self, admin_client: Client) -> None:
        corpus_make("neutral")
        noisy = encode_wav(speech(20, lead_s=0.6, noise_db=-32))
        for name, words_wanted in (("a", ["Hay ruido", "s de habla"]), ("b", ["Hay ruido"])):
            files = [SimpleUploadedFile(f"{name}.wav", noisy)]
            if name == "b":  # a second clip: how much there is in all is not known yet
                files.append(SimpleUploadedFile("c.wav", spoken(TEXTS[0], "pm_gil")))
            answer = admin_client.post(self.url, filled(files_neutral=files, seed=ord(name)))
            assert answer.status_code == 302, answer.context["form"].errors
            messages = [str(message) for message in get_messages(answer.wsgi_request)]
            messages = [one for one in messages if one.startswith(f"{name}-")]
            assert len(messages) == len(words_wanted)
            for wanted in words_wanted:
                assert any(wanted in one for one in messages), messages

    def test_a_file_for_a_style_that_is_not_chosen_is_refused(self, admin_client: Client) -> None:
        corpus_make("neutral", "amable")
        sent = SimpleUploadedFile("voz.wav", spoken(TEXTS[0], "pm_gil"))
        answer = admin_client.post(self.url, filled(files_amable=[sent]))
        assert "amable" in str(answer.context["form"].errors["styles"])
        assert not Run.objects.exists()

    @pytest.mark.parametrize("data", [b"no soy audio", spoken("Hola.", "pf_luz")])
    def test_an_invalid_clip_is_refused_at_its_field(
        self, admin_client: Client, data: bytes
    ) -> None:
        corpus_make("neutral")
        form = filled(files_neutral=[SimpleUploadedFile("a.wav", data)])
        answer = admin_client.post(self.url, form)
        assert "a.wav" in str(answer.context["form"].errors["files_neutral"])
        assert not Run.objects.exists()

    def test_files_are_kept_after_another_error(self, admin_client: Client) -> None:
        corpus_make("neutral")
        sent = SimpleUploadedFile("voz.wav", spoken(TEXTS[0], "pm_gil"))
        answer = admin_client.post(self.url, filled(files_neutral=[sent], goal=101))
        assert set(answer.context["form"].errors) == {"goal"}
        [kept] = answer.context["form"]["target_files"].value()
        assert kept.startswith("targets/neutral/voz-")
        assert admin_client.post(self.url, filled(target_files=[kept])).status_code == 302
        assert Run.objects.get().run_recipe.style("neutral").targets == (kept,)

    def test_launching_again_reports_takes_that_cannot_be_used(self, admin_client: Client) -> None:
        corpus_make("neutral")
        take = Recording.objects.all()[0]
        admin_client.post(self.url, filled(target_takes=[take.pk]))
        url = f"{self.url}?again={Run.objects.get().pk}"
        listed = f"neutral · {take.sentence.sentence_id}."
        assert listed not in admin_client.get(url).content.decode()
        Recording.objects.filter(pk=take.pk).update(state="rejected")
        assert listed in admin_client.get(url).content.decode()

    def test_the_error_of_a_strategy_names_the_student_it_needs(self, admin_client: Client) -> None:
        corpus_make("neutral")
        answer = admin_client.post(self.url, filled(strategy="gradient"))
        assert "kokoro" in str(answer.context["form"].errors["strategy"])
        assert not Run.objects.exists()

    def test_launching_again_starts_with_the_runs_values(self, admin_client: Client) -> None:
        corpus_make("neutral", "amable")
        admin_client.post(self.url, filled(minutes=2, weight_feature=0.3, strategy="random-walk"))
        url = f"{self.url}?again={Run.objects.get().pk}"
        form = admin_client.get(url).context["form"]
        assert form["styles"].value() == ["neutral"]
        assert (form["minutes"].value(), form["weight_feature"].value()) == (2.0, 0.3)
        assert (form["strategy"].value(), form["seed"].value()) == ("random-walk", 3)
        assert admin_client.get(f"{self.url}?again=x").status_code == 200

    def test_base_voices_are_chosen_and_kept_when_launching_again(
        self, admin_client: Client
    ) -> None:
        corpus_make("neutral")
        admin_client.post(self.url, filled(base_voices=["pf_luz", "pm_gil"]))
        run = Run.objects.get()
        assert run.run_recipe.base_voices == ("pf_luz", "pm_gil")
        form = admin_client.get(f"{self.url}?again={run.pk}").context["form"]
        assert form["base_voices"].value() == ["pf_luz", "pm_gil"]
        page = words.joined(admin_client.get(reverse("run", args=[run.pk])).content.decode())
        assert "<dd>pf_luz, pm_gil</dd>" in page

    def test_the_recipe_names_all_base_voices_where_none_were_chosen(
        self, admin_client: Client
    ) -> None:
        corpus_make("neutral")
        admin_client.post(self.url, filled())
        run = Run.objects.get()
        assert run.run_recipe.base_voices == tuple(VOICES)
        form = admin_client.get(f"{self.url}?again={run.pk}").context["form"]
        assert form["base_voices"].value() == []

    @pytest.mark.parametrize(
        ("student", "voices"), [("praat", ["pf_luz"]), ("kokoro", ["pf_luz", "pm_gil"])]
    )
    def test_invalid_base_voices_are_refused_at_their_field(
        self, admin_client: Client, student: str, voices: list[str]
    ) -> None:
        corpus_make("neutral")
        answer = admin_client.post(self.url, filled(student=student, base_voices=voices))
        assert answer.context["form"].errors["base_voices"]
        assert not Run.objects.exists()

    def test_missing_data_is_reported_on_the_form(self, admin_client: Client) -> None:
        StyleFactory(key="amable", name="Amable")
        answer = admin_client.post(self.url, filled(styles=["amable"]))
        assert answer.status_code == 422
        assert b"Amable: " in answer.content
        assert not Run.objects.exists()

    def test_runs_are_read_only_in_the_admin(self, admin_client: Client) -> None:
        run = finished_run("neutral")
        page = admin_client.get(reverse("admin:distillation_run_change", args=[run.pk]))
        assert page.status_code == 200
        assert b"_save" not in page.content
        assert admin_client.get(reverse("admin:distillation_run_changelist")).status_code == 200
