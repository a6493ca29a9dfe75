"""Own password, reset by mail, one-time links by an admin, forms of ended sessions."""

import re
from typing import Any

import pytest
from django.core import mail
from django.core.cache import caches
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from corpus.audio.io import encode_wav
from distillation.models import VoicePack
from tests.distillation.factories import finished_run
from tests.factories import LabelFactory, PersonFactory, RecordingFactory, SpeakerFactory
from tests.signals import tone
from tests.web import words

pytestmark = pytest.mark.django_db
LOCMEM = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture(autouse=True)
def _no_counts() -> None:
    caches["counts"].clear()


@pytest.fixture
def _mail(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail server is set; the mails are kept."""
    monkeypatch.setattr("voicelab.accounts.mail_is_set", lambda: True)


def client_of(**person: Any) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(PersonFactory(**person))
    return client


def text(answer: Any) -> str:
    return words.text_of(answer.content.decode())


def choose(client: Client, link: str, password: str) -> Any:
    form: Any = client.get(link, follow=True)
    fields = {"new_password1": password, "new_password2": password}
    return client.post(form.request["PATH_INFO"], fields)


def test_a_person_changes_their_password_and_stays_signed_in() -> None:
    person: Any = PersonFactory(roles=[])
    person.set_password("old-and-long-1")
    person.save()
    client = Client()
    client.force_login(person)
    new = {"new_password1": "new-and-long-1", "new_password2": "new-and-long-1"}
    wrong = client.post(reverse("password_change"), {"old_password": "no", **new})
    assert wrong.status_code == 200
    done = client.post(reverse("password_change"), {"old_password": "old-and-long-1", **new})
    assert done.status_code == 302
    assert client.get(reverse("home")).status_code == 200
    person.refresh_from_db()
    assert person.check_password("new-and-long-1")


def test_without_a_mail_server_the_page_says_whom_to_ask() -> None:
    client = Client(headers={"accept-language": "en"})
    assert "no mail server is set" in text(client.get(reverse("password_reset")))
    client.post(reverse("password_reset"), {"email": "a@example.org"})
    assert mail.outbox == []


@pytest.mark.usefixtures("_mail")
def test_a_link_by_mail_sets_a_password_once() -> None:
    person: Any = PersonFactory(roles=[], email="ana@example.org")
    person.set_password("old-and-long-1")
    person.save()
    client = Client(headers={"accept-language": "en"})
    assert client.post(reverse("password_reset"), {"email": "ana@example.org"}).status_code == 302
    assert client.post(reverse("password_reset"), {"email": "no@example.org"}).status_code == 302
    [sent] = mail.outbox
    assert sent.subject == "Voice Lab: choose a password"
    [link] = re.findall(r"http://testserver(/account/reset/\S+)", sent.body)
    assert choose(client, link, "new-and-long-1").url == reverse("password_reset_complete")
    person.refresh_from_db()
    assert person.check_password("new-and-long-1")
    assert "works no more" in text(Client(headers={"accept-language": "en"}).get(link))


@pytest.mark.usefixtures("_mail")
@override_settings(EMAIL_BACKEND=LOCMEM)
def test_requests_for_mails_are_limited() -> None:
    PersonFactory(roles=[], email="ana@example.org", password="x")
    codes = [
        Client().post(reverse("password_reset"), {"email": "ana@example.org"}).status_code
        for _ in range(4)
    ]
    assert codes == [302, 302, 302, 429]
    codes = [
        Client().post(reverse("password_reset"), {"email": f"{n}@example.org"}).status_code
        for n in range(20)
    ]
    assert codes[-1] == 429


def test_an_admin_adds_a_person_and_hands_on_the_link() -> None:
    client = client_of(roles=["admin"])
    form = {"username": "nuria", "first_name": "Nuria", "roles": ["labeler", "speaker"]}
    assert client.post(reverse("people"), {**form, "roles": []}).status_code == 422
    answer: Any = client.post(reverse("people"), form)
    link = answer.context["link"].removeprefix("http://testserver")
    stranger = Client()
    assert choose(stranger, link, "new-and-long-1").status_code == 302
    person = answer.context["person"]
    assert set(person.groups.values_list("name", flat=True)) == {"labeler", "speaker"}


def test_an_admin_makes_a_link_for_everybody_but_a_superuser() -> None:
    client = client_of(roles=["admin"])
    person: Any = PersonFactory(roles=["labeler"])
    above: Any = PersonFactory(roles=["admin"], is_superuser=True)
    link = client.post(reverse("person_link", args=[person.pk])).context["link"]
    assert "/account/reset/" in link
    for name in ("person_link", "person_active"):
        assert client.post(reverse(name, args=[above.pk])).status_code == 403


def test_a_closed_account_is_opened_again() -> None:
    client = client_of(roles=["admin"])
    person: Any = PersonFactory(roles=["labeler"])
    for is_active in (False, False, True):  # the second time from a page that is an old one
        client.post(reverse("person_active", args=[person.pk]), {"active": int(is_active)})
        person.refresh_from_db()
        assert person.is_active == is_active
    assert client.post(reverse("person_active", args=[person.pk])).status_code == 400
    person.refresh_from_db()
    assert person.is_active


def test_after_signing_in_a_refused_form_leads_to_its_page() -> None:
    for referer, back in (
        ("http://testserver/runs/3/review/?x=1", "/runs/3/review/%3Fx%3D1"),
        ("http://elsewhere.org/runs/3/", "/"),
    ):
        answer: Any = Client().post(reverse("pack_decide", args=[1]), headers={"Referer": referer})
        assert answer.url == f"{reverse('login')}?next={back}"


def test_a_missing_cookie_and_an_old_form_are_told_apart() -> None:
    client = Client(enforce_csrf_checks=True, headers={"accept-language": "en"})
    referer = {"Referer": "http://testserver/label/"}
    answer = client.post(reverse("login"), {"username": "x"}, headers=referer)
    assert answer.status_code == 403
    assert answer["X-Fault"] == "csrf"
    assert "Your browser sent no cookie" in text(answer)
    assert 'href="/label/"' in answer.content.decode()
    client.get(reverse("login"))
    old = {"csrfmiddlewaretoken": "a" * 64}
    assert "This form has expired" in text(client.post(reverse("login"), old))


def test_an_address_that_answers_a_form_with_a_page_leads_to_the_forms_page() -> None:
    """It is where signing in again, or changing the language, leads."""
    pack = VoicePack.objects.evolved().get(style_run__run=finished_run("neutral"))
    take: Any = RecordingFactory(state="pending")
    default_storage.save(take.wav.name, ContentFile(encode_wav(tone(220.0, 1.0))))
    label: Any = LabelFactory()
    person: Any = PersonFactory()
    client = client_of(roles=["admin"])
    SpeakerFactory(user_id=client.session["_auth_user_id"], consented_at=timezone.now())
    review = reverse("review", args=[pack.style_run.run_id])
    forms: list[tuple[str, list[Any], dict[str, Any], str]] = [
        ("pack_decide", [pack.pk], {"verdict": "reject"}, f"{review}#neutral"),
        ("take_judge", [take.pk], {"state": "rejected"}, reverse("take", args=[take.pk])),
        ("take_batch_send", [], {}, reverse("take_batch")),
        ("label_save", [label.sentence.sentence_id], {}, reverse("label")),
        ("person_link", [person.pk], {}, reverse("people")),
    ]
    for name, args, refused, page in forms:
        address = reverse(name, args=args)
        assert client.post(address, refused).status_code in (200, 302, 422), name
        answer: Any = client.get(address)
        assert (answer.status_code, answer.url) == (302, page), name
        assert client.get(page).status_code == 200, name
        assert client.put(address).status_code == 405
