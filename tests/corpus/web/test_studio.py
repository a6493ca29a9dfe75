"""The studio's responses: the sentences to read, takes stored once, the verdict, the example."""

from __future__ import annotations

import hashlib
import re
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from corpus.audio.io import encode_wav
from corpus.models import Recording
from corpus.services.takes import MAX_SECONDS
from corpus.services.verdicts import take_judge
from tests.conftest import REPOSITORY
from tests.corpus.web.conftest import files_in, signed_in, wav
from tests.factories import (
    LabelFactory,
    PersonFactory,
    RecordingFactory,
    SentenceFactory,
    SpeakerFactory,
)
from tests.processes import full_disk
from tests.signals import speech

pytestmark = pytest.mark.django_db
STUDIO = REPOSITORY / "static" / "js" / "studio"


@pytest.fixture
def client(speaker: Any) -> Any:
    return signed_in(speaker.user)


@pytest.fixture
def record(client: Any, speaker: Any, sentence: Any, neutral: Any) -> Any:
    """Send a take as the page does; arguments override."""

    def send(data: bytes | None = None, **changes: Any) -> Any:
        data = wav() if data is None else data
        form = {
            "uuid": str(uuid4()),
            "sentence": sentence.sentence_id,
            "style": neutral.key,
            "speaker": speaker.pk,
            "sha256": hashlib.sha256(data).hexdigest(),
        } | changes
        return client.post(
            reverse("studio_store"), form | {"file": SimpleUploadedFile("take.wav", data)}
        )

    return send


def test_the_longest_take_of_the_page_is_accepted() -> None:
    """With what it adds before and after, each up to a block of the worklet longer."""

    def constant(name: str, file: str) -> float:
        found = re.search(rf"const {name} = ([\d.]+);", (STUDIO / file).read_text())
        assert found
        return float(found[1])

    longest, margin = constant("LONGEST_S", "studio.js"), constant("MARGIN_S", "microphone.js")
    assert longest + 2 * (margin + 1024 / 8000) < MAX_SECONDS


def test_without_room_an_upload_is_answered_507_and_leaves_nothing(
    record: Any, media: Any, client: Any
) -> None:
    client.raise_request_exception = False
    data, uuid = wav(), str(uuid4())
    with full_disk(len(data) // 2):
        answer = record(data, uuid=uuid)
    assert (answer.status_code, answer["X-Fault"]) == (507, "storage")
    assert not Recording.objects.exists()
    assert not files_in(media)
    assert record(data, uuid=uuid).status_code == 200  # as the browser does, which kept the take


def test_the_response_confirms_the_hash_and_a_repeated_upload_adds_no_take(
    record: Any, media: Any
) -> None:
    attempt = str(uuid4())
    first, again = record(uuid=attempt).json(), record(uuid=attempt).json()
    assert first == again
    take = Recording.objects.get()
    assert str(take.uuid) == attempt
    assert first["sha256"] == hashlib.sha256(wav()).hexdigest() == take.original_sha256
    assert len(files_in(media)) == 2


def test_bytes_damaged_in_transit_are_not_stored(record: Any, media: Any) -> None:
    answer = record(sha256="0" * 64)
    assert answer.status_code == 409
    assert answer.json() == {"damaged": hashlib.sha256(wav()).hexdigest()}
    assert files_in(media) == []


def test_other_bytes_under_a_stored_id_are_refused_with_a_message(record: Any, media: Any) -> None:
    attempt = str(uuid4())
    record(uuid=attempt)
    answer = record(wav(190.0), uuid=attempt)
    assert answer.status_code == 422
    assert len(answer.json()["refused"]) > 20
    assert len(files_in(media)) == 2


def test_a_take_is_stored_only_for_the_person_who_spoke_it(record: Any) -> None:
    other: Any = SpeakerFactory()
    answer = record(speaker=other.pk)
    assert answer.status_code == 403
    assert not Recording.objects.exists()


def test_a_withdrawn_consent_refuses_the_take(record: Any, client: Any) -> None:
    client.post(reverse("consent_withdraw"))
    assert record().status_code == 422
    assert client.get(reverse("studio")).url.startswith(reverse("consent"))


def test_the_verdict_coaches_with_a_number_and_draws_the_band(
    record: Any, client: Any, warm: Any, sentence: Any
) -> None:
    other = SentenceFactory(syllables=10)
    record()
    answer = record(
        encode_wav(speech(10, f0_hz=150.0, lead_s=0.5)), style=warm.key, sentence=other.sentence_id
    )
    page = client.get(answer.json()["verdict"])
    measures = page.context["measures"]
    assert measures["coach"] == measures["advice"][0]
    median_hz = page.context["score"].measures["pitch_median_hz"]
    wanted_hz = median_hz * 2 ** (2 / 12)  # the same voice as its neutral take; amable is higher
    assert f"{median_hz:.0f} Hz" in measures["coach"]
    assert f"{wanted_hz:.0f}-" in measures["coach"]
    assert 'class="contour-band"' in page.content.decode()
    assert 'class="contour-pitch"' in page.content.decode()


def test_without_neutral_takes_the_verdict_says_what_is_missing(record: Any, client: Any) -> None:
    page = client.get(record(encode_wav(speech(10, lead_s=0.5))).json()["verdict"])
    assert page.context["measures"]["missing"]
    assert "contour-band" not in page.content.decode()


def test_verdicts_and_history_are_the_speakers_own(record: Any, client: Any) -> None:
    verdict = record().json()["verdict"]
    stranger = signed_in(SpeakerFactory(user__roles=["speaker"]).user)
    asked = {"sentence": "shcc-01", "style": "neutral"}
    assert stranger.get(verdict).status_code == 404
    assert not stranger.get(reverse("studio_history"), asked).context["takes"]
    assert len(client.get(reverse("studio_history"), asked).context["takes"]) == 1


def test_an_earlier_take_stays_in_use_until_a_better_one_is_accepted(
    record: Any, client: Any, reviewer: Any
) -> None:
    asked = {"sentence": "shcc-01", "style": "neutral"}

    def used() -> Any:
        return client.get(reverse("studio_history"), asked).context["used"]

    poor = Recording.objects.get(pk=record(encode_wav(speech(10, noise_db=-40.0))).json()["id"])
    take_judge(recording=poor, person=reviewer, state="accepted")
    good = Recording.objects.get(pk=record(encode_wav(speech(10, lead_s=0.5))).json()["id"])
    assert used() == poor
    take_judge(recording=good, person=reviewer, state="accepted")
    assert used() == good


def test_the_example_is_the_best_accepted_take_of_oneself_or_of_a_synthetic_voice(
    record: Any, client: Any, reviewer: Any, speaker: Any
) -> None:
    url = reverse("studio_example", args=["neutral"])
    take = Recording.objects.get(pk=record().json()["id"])
    assert client.get(url).status_code == 404
    take_judge(recording=take, person=reviewer, state="accepted")
    assert len(b"".join(client.get(url).streaming_content)) == take.wav.size
    other = SpeakerFactory(user__roles=["speaker"])
    assert signed_in(other.user).get(url).status_code == 404
    speaker.synthetic = True
    speaker.save()
    response: Any = signed_in(other.user).get(url)
    assert b"".join(response.streaming_content)


def test_the_page_contains_the_sentences_to_read_neutral_first(
    client: Any, speaker: Any, neutral: Any, warm: Any, django_assert_max_num_queries: Any
) -> None:
    sentences = [SentenceFactory(sentence_id=f"shxx-{n:02}", position=n) for n in range(30)]
    for n, sentence in enumerate(sentences):
        LabelFactory(sentence=sentence, style=(warm, neutral)[n % 2])
    with django_assert_max_num_queries(15):
        page = client.get(reverse("studio"))
    prompts = page.context["prompts"]
    assert len(prompts) == 20
    assert [style.key for _, style in prompts[:16]] == ["neutral"] * 15 + ["amable"]
    assert page.context["to_record"] == 30
    warm_only = client.get(reverse("studio"), {"style": "amable"}).context["prompts"]
    assert {style.key for _, style in warm_only} == {"amable"}
    asked = client.get(reverse("studio"), {"sentence": "shxx-29", "style": "amable"})
    assert asked.context["prompts"][0] == (sentences[29], warm)


def test_a_person_without_consent_is_redirected_to_give_it() -> None:
    answer: Any = signed_in(PersonFactory(roles=["speaker"])).get(reverse("studio"))
    assert answer.url.startswith(reverse("consent"))


def test_the_page_says_why_there_is_nothing_to_read(
    client: Any, speaker: Any, neutral: Any, warm: Any
) -> None:
    url = reverse("studio")
    assert "No sentence is labelled yet" in empty_page(client)
    label = LabelFactory(style=neutral)
    RecordingFactory(sentence=label.sentence, style=neutral, speaker=speaker)
    assert "Every labelled sentence has a take of yours" in empty_page(client)
    assert "Every sentence labelled with this style" in empty_page(client, style="neutral")
    words = empty_page(client, style="amable")
    assert "No sentence is labelled with this style yet" in words
    assert f'href="{url}"' in words.partition("Labelers choose")[2]
    speaker.user.groups.add(Group.objects.get_or_create(name="labeler")[0])
    assert f'href="{reverse("focus")}"' in empty_page(client, style="amable")


def empty_page(client: Any, **query: str) -> str:
    page = client.get(reverse("studio"), query, headers={"Accept-Language": "en"})
    assert page.context["prompts"] == []
    return str(page.content.decode())
