"""A style created in the admin works on every page without code changes."""

from io import BytesIO
from typing import Any

import pytest
from django.urls import reverse

from corpus.loading import corpus_load
from corpus.models import Recording, Sentence, StyleLabel
from corpus.services.takes import batch_plan, take_store
from corpus.take_archives import Found
from tests.corpus.web.conftest import signed_in, wav
from tests.factories import PersonFactory
from tests.web import words

pytestmark = pytest.mark.django_db

ALEGRE = {
    "key": "alegre",
    "name": "Alegre",
    "description": "Contento. Para buenas noticias.",
    "guide": "Elíjalo para dar buenas noticias.",
    "instruction": "Sonría y suba el tono.",
    "f5_speed": "1.05",
    "profile": '{"pitch_st": [2, 6]}',
}


@pytest.fixture
def admin(db):
    corpus_load()
    return signed_in(PersonFactory(roles=["admin"], is_staff=True, is_superuser=True))


def add(admin: Any, **changes: str) -> Any:
    url = reverse("admin:corpus_stylelabel_add")
    proposed = admin.get(url).context["adminform"].form.initial
    return admin.post(url, ALEGRE | {key: str(value) for key, value in proposed.items()} | changes)


@pytest.fixture
def alegre(admin) -> StyleLabel:
    assert add(admin).status_code == 302
    return StyleLabel.objects.get(key="alegre")


def test_it_is_last_with_its_own_colour_and_shape(alegre):
    assert list(StyleLabel.objects.all())[-1] == alegre
    assert (alegre.colour, alegre.shape) == ("style-5", "hexagon")
    others = StyleLabel.objects.exclude(pk=alegre.pk)
    assert alegre.shape not in others.values_list("shape", flat=True)


def test_it_is_labelled_with_its_own_key_and_counted(admin, alegre):
    sentence = Sentence.objects.first()
    page = words.joined(admin.get(reverse("label")).content.decode())
    assert "<kbd>1</kbd>–<kbd>5</kbd>" in page
    assert 'value="alegre"' in page
    admin.post(reverse("label_save", args=[sentence.sentence_id]), {"style": "alegre"})
    assert Sentence.objects.with_label().get(pk=sentence.pk).label_key == "alegre"
    shown = admin.get(reverse("label"), {"style": "alegre"})
    assert len(shown.context["rows"]) == 1
    assert "chip style-5" in shown.content.decode()
    assert admin.get(reverse("home")).status_code == 200


def test_it_is_recorded_scored_listed_and_exported(admin, alegre, speaker):
    sentence = Sentence.objects.first()
    take = take_store(
        sentence=sentence, style=alegre, speaker=speaker, person=speaker.user, file=BytesIO(wav())
    )
    assert take.prosody_scores.get().parts
    assert "#hexagon" in admin.get(reverse("take", args=[take.pk])).content.decode()
    assert admin.get(reverse("listening"), {"style": "alegre"}).context["take"] == take
    Recording.objects.update(state="accepted")
    Recording.objects.all().rank()
    answer = admin.get(reverse("takes_export"), {"layout": "ljspeech", "style": "alegre"})
    assert f"{sentence.sentence_id}_alegre_".encode() in b"".join(answer.streaming_content)
    [item] = batch_plan([Found(f"{sentence.sentence_id}_alegre.wav", 10)])
    assert (item.style, item.fault) == ("alegre", "")


@pytest.mark.parametrize(
    "profile",
    ["[]", '{"pitch": [0, 1]}', '{"pitch_st": [2]}', '{"pitch_st": [3, 1]}', '{"pitch_st": "x"}'],
)
def test_a_profile_that_cannot_be_measured_is_refused(admin, profile):
    answer = add(admin, profile=profile)
    assert answer.status_code == 200
    assert set(answer.context["adminform"].form.errors) == {"profile"}


def test_an_existing_style_keeps_its_colour(admin):
    style = StyleLabel.objects.get(key="amable")
    url = reverse("admin:corpus_stylelabel_change", args=[style.pk])
    form = admin.get(url).context["adminform"].form
    assert form.initial["colour"] == "style-2"
