"""Spanish: every message is translated, and no page contains English."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from babel.messages.mofile import write_mo
from django.apps import apps
from django.conf import settings as configured
from django.contrib.admin import site
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client, override_settings
from django.urls import get_resolver, reverse
from django.urls.converters import UUIDConverter
from django.utils import translation
from django.utils.functional import Promise
from django.utils.html import escape

from corpus.audio.io import encode_wav
from corpus.services.takes import take_measure
from distillation.listening_tests.services.participation import listener_join
from distillation.models import Decision, Deployment, VoicePack
from distillation.wording import FAULTS, explained, fault_words
from tests.conftest import REPOSITORY
from tests.distillation.factories import (
    RunFactory,
    StyleRunFactory,
    finished_run,
    plain_recipe,
)
from tests.distillation.listening_tests.made import listen_through, made_test, run_with_sounds
from tests.factories import (
    LabelFactory,
    PersonFactory,
    RecordingFactory,
    SentenceFactory,
    SpeakerFactory,
    StyleFactory,
)
from tests.signals import speech
from tests.web import words
from tests.web.permissions import PERMISSIONS

SOURCES = ("corpus", "distillation", "voicelab", "templates")
TEMPLATES = REPOSITORY / "templates"
UNTRANSLATED = {"Voice", "Lab", "SHA", "LUFS", "dBFS", "validation", "report", "json", "docs"}
LISTS = ("home", "label", "takes", "consent", "take_upload", "corpus_import", "runs", "voices",
         "playground")  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _compiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The messages of the .po file, even if the .mo file differs."""
    folder = tmp_path_factory.mktemp("locale")
    target = folder / "es" / "LC_MESSAGES" / "django.mo"
    target.parent.mkdir(parents=True)
    with target.open("wb") as file:
        write_mo(file, words.catalog())
    with override_settings(LOCALE_PATHS=[folder]):
        yield


class TestCatalogue:
    def test_every_message_is_translated(self) -> None:
        assert [m.id for m in words.messages() if not all(words.forms(m.string))] == []
        assert [m.id for m in words.messages() if m.fuzzy] == []

    def test_plurals_have_two_forms(self) -> None:
        assert words.catalog().num_plurals == 2
        assert all(len(m.string) == 2 for m in words.messages() if m.pluralizable)

    def test_placeholders_and_markup_are_kept(self) -> None:
        def fixed(text: str) -> list[str]:
            return sorted(words.PLACEHOLDER.findall(text)) + re.findall(r"<[^>]+>", text)

        assert [
            spanish for english, spanish in words.pairs() if fixed(english) != fixed(spanish)
        ] == []

    def test_sentences_have_the_same_ending(self) -> None:
        def end(text: str) -> str:
            return text[-1] if text[-1] in ".:?…" else ""

        assert [spanish for english, spanish in words.pairs() if end(english) != end(spanish)] == []

    @pytest.mark.skipif(not shutil.which("xgettext"), reason="no xgettext (package gettext)")
    def test_the_messages_are_those_of_the_sources(self, tmp_path: Path) -> None:
        for name in SOURCES:
            shutil.copytree(REPOSITORY / name, tmp_path / name)
        shutil.copy(REPOSITORY / "manage.py", tmp_path)
        (tmp_path / "locale").mkdir()
        subprocess.run(
            [sys.executable, "manage.py", "makemessages", "--locale", "es"],
            cwd=tmp_path,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "voicelab.settings",
                "VOICELAB_DATA_DIR": str(tmp_path / "data"),
            },
            check=True,
            capture_output=True,
            timeout=120,
        )
        wanted, there = (
            {(message.context, words.forms(message.id)) for message in words.messages(path)}
            for path in (tmp_path / words.PO.relative_to(REPOSITORY), words.PO)
        )
        advice = "run `make messages` and translate what it adds to locale/es"
        assert (wanted - there, there - wanted) == (set(), set()), advice


class TestNoUntranslatedText:
    @pytest.mark.parametrize(
        "path",
        [pytest.param(p, id=str(p.relative_to(TEMPLATES))) for p in TEMPLATES.rglob("*.html")],
    )
    def test_templates_contain_no_text_outside_gettext(self, path: Path) -> None:
        said = words.literal_words(path.read_text(encoding="utf-8"))
        assert said - UNTRANSLATED == set()

    def test_every_model_field_has_a_translatable_name(self) -> None:
        fields = [
            field
            for model in apps.get_models()
            if model._meta.app_label in ("corpus", "distillation", "listening_tests")
            for field in model._meta.fields
            if field.name != "id"
        ]
        assert [str(f) for f in fields if not isinstance(f.verbose_name, Promise)] == []


@pytest.fixture
def person(db: None, settings: Any, tmp_path: Path) -> Any:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MEDIA_ROOT.mkdir()
    return PersonFactory(username="admin", roles=["admin"], is_staff=True, is_superuser=True)


@pytest.fixture
def things(person: Any) -> dict[str, Any]:
    """One of everything that has a page; the value of its parameter by the address or its start."""
    profile = {"pitch_st": [9.0, 9.5], "rate_ratio": [3.0, 4.0], "energy_db": [9.0, 9.5]}
    speaker: Any = SpeakerFactory(user=person)
    for key in ("neutral", "amable"):
        style: Any = StyleFactory(key=key, profile=profile)
        sentence: Any = SentenceFactory(syllables=10)
        LabelFactory(sentence=sentence, style=style, person=person)
        take: Any = RecordingFactory(sentence=sentence, style=style, speaker=speaker)
        take.wav.save("take.wav", ContentFile(encode_wav(speech(10))))
        take_measure(recording=take)
    SentenceFactory(kind="", text="Nadie la ha etiquetado todavía.")
    run = finished_run("neutral", "amable")
    default_storage.save(run.report.file.name, ContentFile(b"{}"))
    deployment = _deployed(run, person)
    return {
        "takes": take.pk,
        "runs": run.pk,
        "packs": deployment.pack_id,
        "voices": deployment.pk,
        "label": sentence.sentence_id,
        "label_flag_resolve": 1,
        "takes_rescore": speaker.pk,
        "voice_uses": speaker.pk,
        "studio": take.pk,
        "studio_example": "neutral",
        "listening-tests": _listened(person).pk,
    }


def _listened(person: Any) -> Any:
    """A listening test with answers."""
    test = made_test(run_with_sounds("neutral"), person)
    part = listener_join(test=test, person=PersonFactory(roles=["labeler"]))
    listen_through(part, most=3)
    return test


def _deployed(run: Any, person: Any) -> Deployment:
    pack = VoicePack.objects.filter(style_run__run=run, style="neutral").get()
    Decision.objects.create(
        pack=pack, pack_sha256=pack.sha256, verdict="approve", reason="Clara.", person=person
    )
    made = {"pack": pack, "voice": "neutral", "place": "/x", "sha256": pack.sha256}
    earlier, now = (
        Deployment.objects.create(**made, person=person, state="deployed") for _ in range(2)
    )
    Deployment.objects.filter(pk=earlier.pk).update(replaced_by=now)
    return now


def _address(name: str, things: dict[str, Any]) -> str:
    found, _, _, converters = get_resolver().reverse_dict.getlist(name)[0]
    [(route, parameters)] = found
    given = {"style": "neutral", "number": 1, "who": "evolved", "what": "target", "kind": "svg"}
    for key in set(parameters) - set(given):
        unknown = isinstance(converters.get(key), UUIDConverter)
        given[key] = uuid4() if unknown else things.get(name, things.get(route.split("/")[0], 1))
    return reverse(name, kwargs={key: given[key] for key in parameters})


def _in(language: str, person: Any = None) -> Client:
    client = Client(headers={"Accept-Language": language}, raise_request_exception=False)
    if person:
        client.force_login(person)
    return client


def _html(client: Client, address: str) -> str:
    answer = client.get(address)
    answer.close()
    is_page = answer.get("Content-Type", "").startswith("text/html")
    return answer.content.decode() if is_page else ""


class TestPages:
    def test_every_page_is_in_spanish(self, person: Any, things: dict[str, Any]) -> None:
        client, seen = _in("es", person), 0
        for name in set(PERMISSIONS) - {"logout"}:
            html = _html(client, _address(name, things))
            seen += "<h1" in html
            assert words.english_left(html) == [], name
        assert seen >= 14

    def test_pages_of_an_empty_voice_lab_are_in_spanish(self, person: Any) -> None:
        client = _in("es", person)
        for name in LISTS:
            assert words.english_left(_html(client, reverse(name))) == [], name

    def test_the_administration_is_in_spanish(self, person: Any, things: dict[str, Any]) -> None:
        client = _in("es", person)
        for model in site._registry:
            about = f"{model._meta.app_label}_{model._meta.model_name}"
            assert words.english_left(_html(client, reverse(f"admin:{about}_changelist"))) == []
        html = _html(client, reverse("run_launch"))
        assert words.english_left(html) == []
        assert "Estrategia de búsqueda" in html

    @pytest.mark.parametrize("path", ["/login/", "/nowhere/"])
    def test_anonymous_users_get_their_language(self, db: None, path: str) -> None:
        spanish, english = _html(_in("es"), path), _html(_in("en"), path)
        assert words.english_left(spanish) == []
        assert 'lang="es"' in spanish
        assert 'lang="en"' in english
        assert words.text_of(spanish) != words.text_of(english)

    def test_forbidden_pages_are_in_spanish(self, db: None) -> None:
        html = _html(_in("es", PersonFactory(roles=["labeler"])), reverse("takes"))
        assert "Su función no permite esto" in html
        assert words.english_left(html) == []

    def test_dates_and_numbers_follow_the_language(
        self, person: Any, things: dict[str, Any]
    ) -> None:
        report = reverse("report", args=[things["runs"]])
        assert "80,00" in _html(_in("es", person), report)
        assert "80.00" in _html(_in("en", person), report)
        day = Deployment.objects.get(pk=things["voices"]).created_at
        voices = reverse("voices")
        assert f"{day:%d/%m/%Y}" in _html(_in("es", person), voices)
        assert f"{day:%m/%d/%Y}" in _html(_in("en", person), voices)


class TestSwitch:
    @pytest.mark.parametrize("path", ["/login/", "/nowhere/"])
    def test_the_switch_works_before_sign_in(self, db: None, path: str) -> None:
        client = _in("es")
        assert f'action="{reverse("set_language")}"' in _html(client, path)
        answer: Any = client.post(reverse("set_language"), {"language": "en", "next": path})
        assert answer.url == path
        assert client.cookies[configured.LANGUAGE_COOKIE_NAME].value == "en"
        assert 'lang="en"' in _html(client, path)

    def test_every_page_has_the_language_switch(self, person: Any, things: dict[str, Any]) -> None:
        client = _in("es", person)
        for name in set(PERMISSIONS) - {"logout"}:
            html = _html(client, _address(name, things))
            if "<h1" in html and "<html" in html:
                assert reverse("set_language") in html, name

    def test_after_a_refused_form_the_switch_leads_back_to_the_form(
        self, person: Any, things: dict[str, Any]
    ) -> None:
        form = reverse("review", args=[things["runs"]])
        answer = _in("es", person).post(
            reverse("pack_decide", args=[things["packs"]]),
            {"verdict": "approve", "reason": ""},
            headers={"Referer": f"http://testserver{form}"},
        )
        assert answer.status_code == 422
        html = words.joined(answer.content.decode())
        assert f'name="next" value="http://testserver{form}"' in html

    def test_a_server_error_is_shown_in_the_language(
        self, person: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: Any) -> None:
            raise RuntimeError

        monkeypatch.setattr("corpus.models.Sentence.objects.label_counts", broken, raising=False)
        html = _html(_in("en", person), "/")
        assert 'lang="en"' in html
        assert "The server met a fault" in html


class TestFaults:
    def test_the_error_of_a_run_is_shown_in_spanish(self, person: Any) -> None:
        recipe = plain_recipe(*FAULTS).to_json()
        run: Any = RunFactory(
            state="failed", recipe=recipe, error_code="internal", error="details."
        )
        for code in FAULTS:
            StyleRunFactory(run=run, style=code, state="failed", error_code=code, error="details.")
        html = _html(_in("es", person), run.get_absolute_url())
        assert words.english_left(html) == []
        with translation.override("es"):
            assert [code for code in FAULTS if escape(fault_words(code)) not in html] == []

    def test_an_explained_error_keeps_its_code_and_detail(self) -> None:
        assert explained("teacher_busy: 429").endswith(" (teacher_busy: 429)")
        assert explained("neutral: nothing known") == "neutral: nothing known"
