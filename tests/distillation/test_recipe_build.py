"""A recipe built from the corpus: its texts, takes and held-out sentences; what is refused."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from corpus.models import Recording, Speaker
from distillation.recipe import RecipeError, RunRecipe
from distillation.services.recipes import recipe_build
from distillation.services.runs import run_launch
from distillation.services.targets import clip_of_take
from tests.distillation.factories import corpus_make
from tests.factories import (
    PersonFactory,
    ProsodyScoreFactory,
    RecordingFactory,
    SpeakerFactory,
    StyleFactory,
)
from tests.web.words import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


def test_a_recipe_has_five_takes_a_style_and_separate_held_out_texts() -> None:
    corpus_make("neutral", "amable")
    recipe = recipe_build(styles=["neutral", "amable"], steps=10, seed=1)
    for style in recipe.styles:
        assert len(style.reference_texts) >= 5
        assert set(style.reference_texts) <= set(style.takes)
        assert set(style.takes.values()) <= set(recipe.inputs)
        assert not set(style.reference_texts) & set(recipe.held_out_texts)
    assert len({len(text) for text in recipe.held_out_texts}) > 2
    assert recipe.versions["numpy"]


def test_equal_corpora_give_equal_recipes() -> None:
    corpus_make("neutral")
    one, other = (recipe_build(styles=["neutral"], steps=10) for _ in range(2))
    assert one.fingerprint() == other.fingerprint()


def test_the_student_is_kokoro_once_its_files_are_present(
    settings: Any, kokoro_voices: Path
) -> None:
    corpus_make("neutral")

    def student() -> str:
        return recipe_build(styles=["neutral"], steps=10).student

    models = kokoro_voices.parent
    assert student() == "praat"
    (models / "config.json").touch()
    (models / "kokoro-v1_0.pth").touch()
    assert student() == "kokoro"
    (kokoro_voices / "em_alex.pt").unlink()  # a search goes between two
    assert student() == "praat"
    settings.STUDENT = "kokoro"
    with pytest.raises(RecipeError, match="models pull kokoro"):
        student()


@pytest.mark.usefixtures("kokoro_voices")
def test_the_recipe_records_kokoros_precision(settings: Any) -> None:
    corpus_make("neutral")
    settings.KOKORO_PRECISION = "bf16"
    kokoro, praat = (
        recipe_build(styles=["neutral"], steps=10, student=name) for name in ("kokoro", "praat")
    )
    assert kokoro.student_options == {"precision": "bf16"}
    assert praat.student_options == {}


def test_a_student_with_fewer_than_two_voices_is_refused(kokoro_voices: Path) -> None:
    corpus_make("neutral")
    for name in ("em_alex", "ef_dora"):
        (kokoro_voices / f"{name}.pt").unlink()
        with pytest.raises(RecipeError, match=r"base_voices: .* models pull kokoro"):
            recipe_build(styles=["neutral"], steps=10, student="kokoro")


@pytest.mark.usefixtures("kokoro_voices")
def test_the_gradient_strategy_requires_a_differentiable_student() -> None:
    corpus_make("neutral")
    with pytest.raises(RecipeError, match=r"strategy: gradient .* kokoro only, not with praat"):
        recipe_build(styles=["neutral"], steps=10, strategy="gradient", student="praat")
    made = recipe_build(styles=["neutral"], steps=10, strategy="gradient", student="kokoro")
    assert made.strategy == "gradient"


def test_a_style_without_takes_is_reported() -> None:
    StyleFactory(key="amable", name="Amable")
    with pytest.raises(RecipeError, match="Amable"):
        recipe_build(styles=["amable"], steps=10)


def test_takes_too_short_for_a_target_are_refused_at_once() -> None:
    corpus_make("neutral", "amable")
    Recording.objects.filter(style__key="amable").update(duration_s=1.5)
    with pytest.raises(RecipeError, match=r"Amable: .* 9 s.* 20 s"):
        recipe_build(styles=["neutral", "amable"], steps=10)
    Recording.objects.filter(style__key="amable").update(duration_s=3.0)
    recipe_build(styles=["neutral", "amable"], steps=10)


def test_takes_with_withdrawn_consent_are_not_used() -> None:
    corpus_make("neutral")
    Speaker.objects.update(withdrawn_at=timezone.now())
    with pytest.raises(RecipeError):
        recipe_build(styles=["neutral"], steps=10)


@pytest.mark.parametrize("field", ["student", "teacher", "strategy"])
def test_unknown_names_are_refused(field: str) -> None:
    names: dict[str, Any] = {field: "nothing"}
    with pytest.raises(RecipeError, match=field):
        recipe_build(styles=["neutral"], steps=10, **names)


def test_the_http_teacher_needs_an_address_and_no_takes() -> None:
    corpus_make("neutral")
    Recording.objects.all().delete()
    with pytest.raises(RecipeError, match="tts_url"):
        recipe_build(styles=["neutral"], steps=10, teacher="http")
    recipe = recipe_build(styles=["neutral"], steps=10, teacher="http", tts_url="http://tts:8001")
    assert recipe.teacher_options == {"url": "http://tts:8001"}
    assert recipe.style("neutral").takes == {}


@pytest.mark.usefixtures("kokoro_voices")
def test_a_gradient_gets_sentences_of_its_own_and_other_strategies_none() -> None:
    corpus_make("neutral")
    asked = {"styles": ["neutral"], "steps": 10, "student": "kokoro"}
    climbed = recipe_build(**asked)
    assert climbed.strategy == "gradient"  # the student's own
    assert len(climbed.gradient_texts) >= 5
    assert not set(climbed.gradient_texts) & set(climbed.held_out_texts)
    assert recipe_build(**asked, strategy="cma-es").gradient_texts == ()


def second_speaker(*, styles: tuple[str, ...], quality: float, takes: int = 8) -> Speaker:
    """Give the same sentences to another person, by copies of the takes that are there."""
    other: Any = SpeakerFactory(name="Beatriz")
    for style in styles:
        for take in Recording.objects.filter(style__key=style).exclude(speaker=other)[:takes]:
            copy = RecordingFactory(
                sentence=take.sentence, style=take.style, speaker=other, state="accepted",
                wav=take.wav.name.replace("recordings/", "recordings/b-"), sha256=take.sha256[::-1],
                duration_s=take.duration_s,
            )  # fmt: skip
            ProsodyScoreFactory(recording=copy, quality=quality)
    return other


def speakers_in(recipe: RunRecipe) -> set[str]:
    rows = Recording.objects.filter(wav__in=recipe.inputs)
    return set(rows.values_list("speaker__name", flat=True))


class TestSpeakers:
    def test_a_run_uses_the_takes_of_one_speaker(self) -> None:
        corpus_make("neutral", "amable")
        first = Recording.objects.first().speaker.name
        other = second_speaker(styles=("neutral",), quality=0.99)
        both = {"styles": ["neutral", "amable"], "steps": 10}
        assert speakers_in(recipe_build(**both)) == {first}  # only this one recorded both styles
        assert speakers_in(recipe_build(styles=["neutral"], steps=10)) == {other.name}  # the best
        mixed = recipe_build(**both, mix_speakers=True)
        assert speakers_in(mixed) == {first, other.name}
        with pytest.raises(RecipeError, match=r"Amable.*Beatriz"):
            recipe_build(**both, speaker=other)

    def test_the_choice_of_speaker_does_not_depend_on_who_came_first(self) -> None:
        corpus_make("neutral")
        first = Recording.objects.first().speaker
        second_speaker(styles=("neutral",), quality=0.01)
        assert speakers_in(recipe_build(styles=["neutral"], steps=10)) == {first.name}

    def test_chosen_takes_of_two_speakers_are_refused_unless_they_shall_be_mixed(self) -> None:
        corpus_make("neutral")
        other = second_speaker(styles=("neutral",), quality=0.5)
        takes = [Recording.objects.filter(speaker=other).first(), Recording.objects.first()]
        takes[1] = Recording.objects.exclude(speaker=other).first()
        clips = [clip_of_take(take) for take in takes]
        with pytest.raises(RecipeError, match=r"^target_takes: .*Beatriz"):
            recipe_build(styles=["neutral"], steps=10, targets=clips)
        made = recipe_build(styles=["neutral"], steps=10, targets=clips, mix_speakers=True)
        assert len(made.styles[0].targets) == 2
        with pytest.raises(RecipeError, match=r"^prompt: .*Beatriz"):
            recipe_build(
                styles=["neutral"],
                steps=10,
                teacher="f5",
                prompt=takes[0],
                speaker=takes[1].speaker,
            )

    def test_the_pages_say_whose_takes_are_used_and_why(self, client: Client) -> None:
        corpus_make("neutral")
        first = Recording.objects.first().speaker
        second_speaker(styles=("neutral",), quality=0.99)
        admin = PersonFactory(roles=["admin"])
        client.force_login(admin)
        english = {"accept-language": "en"}
        page = text_of(client.get(reverse("run_launch"), headers=english).content.decode())
        assert "The takes of Beatriz are used" in page
        assert f"{first.name}: enough takes in 1 of 1 styles, 8 sentences" in page
        asked = {"styles": "neutral", "teacher": "recordings", "speaker": first.pk}
        facts = client.get(reverse("run_launch_facts"), asked, headers=english)
        assert f"The takes of {first.name} are used" in text_of(facts.content.decode())
        mixed = client.get(reverse("run_launch_facts"), {**asked, "mix_speakers": "on"})
        assert mixed.context["needs"].speaker is None
        run = run_launch(person=admin, recipe=recipe_build(styles=["neutral"], steps=10))
        page = text_of(client.get(run.get_absolute_url(), headers=english).content.decode())
        assert "Takes used, all by Beatriz" in page
        assert "the only accepted take of this sentence" in page
        assert page.count("0.99") >= 5
        again = client.get(reverse("run_launch"), {"again": run.pk})
        chosen = again.context["form"]["speaker"].value()
        assert chosen == Speaker.objects.get(name="Beatriz").pk
