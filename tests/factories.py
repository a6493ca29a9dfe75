"""factory_boy factories of the corpus's models and users."""

from typing import Any

import factory
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.utils import timezone

from corpus import models


class PersonFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = get_user_model()
        skip_postgeneration_save = True

    username = factory.Sequence("person{}".format)

    @factory.post_generation
    def roles(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        """PersonFactory(roles=["labeler"])."""
        for role in extracted or ():
            self.groups.add(Group.objects.get_or_create(name=role)[0])


class CategoryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Category
        django_get_or_create = ("key",)

    key = "call-center"
    name = "Centro de llamadas"
    reason = "el dominio"


class StyleFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.StyleLabel
        django_get_or_create = ("key",)

    key = "neutral"
    name = factory.LazyAttribute(lambda o: o.key.capitalize())
    description = "una manera de hablar"
    guide = "cuándo usarlo"
    instruction = "cómo decirlo"
    position = factory.Sequence(int)


class SentenceFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Sentence

    sentence_id = factory.Sequence(lambda n: f"shcc-{n + 1:02}")
    text = factory.Sequence("Buenos días, gracias por llamar al número {}.".format)
    category = factory.SubFactory(CategoryFactory)
    list = "lista_call_center"
    kind = "greeting"
    syllables = 12
    position = factory.Sequence(int)


class LabelFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.LabelDecision
        skip_postgeneration_save = True

    sentence = factory.SubFactory(SentenceFactory)
    style = factory.SubFactory(StyleFactory)
    person = factory.SubFactory(PersonFactory)

    @factory.post_generation
    def settled(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        models.Sentence.objects.filter(pk=self.sentence_id).relabel()


class AdjudicationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Adjudication
        skip_postgeneration_save = True

    sentence = factory.SubFactory(SentenceFactory)
    style = factory.SubFactory(StyleFactory)
    person = factory.SubFactory(PersonFactory, roles=["reviewer"])
    reason = "guide"

    @factory.post_generation
    def settled(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        models.Sentence.objects.filter(pk=self.sentence_id).relabel()


class SpeakerFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Speaker

    name = factory.Sequence("Voz {}".format)
    user = factory.SubFactory(PersonFactory, roles=["speaker"])
    consent_text = "sí"
    consented_at = factory.LazyFunction(timezone.now)


class RecordingFactory(factory.django.DjangoModelFactory):
    """A take with file names but no files; tests that need audio use the `take_store` service."""

    class Meta:
        model = models.Recording
        skip_postgeneration_save = True

    sentence = factory.SubFactory(SentenceFactory)
    style = factory.SubFactory(StyleFactory)
    speaker = factory.SubFactory(SpeakerFactory)
    uploaded_by = factory.LazyAttribute(lambda o: o.speaker.user)
    take = factory.Sequence(lambda n: n + 1)
    original = factory.LazyAttribute(lambda o: f"originals/{o.sentence.pk}-{o.take}.bin")
    wav = factory.LazyAttribute(lambda o: f"recordings/{o.sentence.pk}-{o.take}.wav")
    sha256 = factory.Sequence("{:064x}".format)
    original_sha256 = factory.Sequence("{:064x}".format)
    sr = 24_000
    duration_s = 3.2

    @factory.post_generation
    def ranked(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        models.Recording.objects.filter(sentence=self.sentence_id).rank()
        self.refresh_from_db(fields=["quality", "is_best"])


class ProsodyScoreFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.ProsodyScore
        skip_postgeneration_save = True

    recording = factory.SubFactory(RecordingFactory)
    analyser = "test"
    quality = 0.8

    @factory.post_generation
    def ranked(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        models.Recording.objects.filter(sentence=self.recording.sentence_id).rank()
