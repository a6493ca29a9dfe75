"""Creating tests, their results, exports, and what other pages say of them."""

from __future__ import annotations

import csv
import json
import re
from io import StringIO
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from corpus.audio.io import write_wav
from distillation.listening_tests.models import ListeningTest
from distillation.listening_tests.scales import Kind
from distillation.listening_tests.services import participation
from distillation.listening_tests.services.findings import notes_of, summary_of
from distillation.listening_tests.services.results import result_of
from distillation.listening_tests.services.sources import sources_of
from distillation.models import Deployment, Run, TakeUse, VoicePack
from distillation.services.run_files import held_out_name, media_path
from tests.distillation.listening_tests.made import (
    LEVELS,
    listen_through,
    made_test,
    run_with_sounds,
)
from tests.factories import (
    PersonFactory,
    RecordingFactory,
    SentenceFactory,
    SpeakerFactory,
    StyleFactory,
)
from tests.signals import speech
from tests.web import words


def browser(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def roles_offered(run: Any, person: Any) -> list[str]:
    return [source.role.value for source in sources_of([run], "neutral", person)]


def heard_by(test: ListeningTest, count: int, **wanted: Any) -> list[Any]:
    people = [PersonFactory(roles=["labeler"]) for _ in range(count)]
    parts = [participation.listener_join(test=test, person=person) for person in people]
    for part in parts:
        listen_through(part, **wanted)
        participation.listener_finish(listener=part)
    return people


class TestCreating:
    def test_what_lies_in_the_media_is_offered(self, run, admin) -> None:
        assert roles_offered(run, admin) == list(LEVELS)
        for number in (1, 2):
            default_storage.delete(held_out_name(run.pk, "neutral", number, "deployed"))
        assert "deployed" not in roles_offered(run, admin)

    def test_the_same_voice_twice_is_offered_once(self, run, admin) -> None:
        for number in (1, 2):
            names = [held_out_name(run.pk, "neutral", number, who) for who in ("stock", "start")]
            media_path(names[1]).write_bytes(media_path(names[0]).read_bytes())
        assert "start" not in roles_offered(run, admin)

    @pytest.mark.parametrize("withdrawn", [False, True])
    def test_accepted_takes_of_consenting_speakers_are_offered(self, run, admin, withdrawn) -> None:
        speaker = SpeakerFactory(withdrawn_at=timezone.now() if withdrawn else None)
        style = StyleFactory(key="neutral")
        for text in run.run_recipe.held_out_texts:
            sentence = SentenceFactory(text=text)
            take: Any = RecordingFactory(
                sentence=sentence, style=style, speaker=speaker, state="accepted"
            )
            media_path(take.wav.name).parent.mkdir(parents=True, exist_ok=True)
            write_wav(media_path(take.wav.name), speech(9))
        assert ("human" in roles_offered(run, admin)) is not withdrawn

    def test_human_takes_are_those_of_the_targets_speaker(self, run, admin) -> None:
        style, own, other = StyleFactory(key="neutral"), SpeakerFactory(), SpeakerFactory()
        names = {}
        for text in run.run_recipe.held_out_texts:
            sentence = SentenceFactory(text=text)
            for speaker, quality in ((own, 0.5), (other, 0.9)):
                take: Any = RecordingFactory(
                    sentence=sentence, style=style, speaker=speaker, state="accepted",
                    quality=quality,
                )  # fmt: skip
                names[speaker, text] = take.wav.name
                media_path(take.wav.name).parent.mkdir(parents=True, exist_ok=True)
                write_wav(media_path(take.wav.name), speech(9 + len(names)))
        used: Any = RecordingFactory(speaker=own, style=style)
        TakeUse.objects.create(style_run=run.style_runs.get(), role="take", recording=used)
        [human] = [one for one in sources_of([run], "neutral", admin) if one.role == "human"]
        assert human.files == {text: name for (who, text), name in names.items() if who == own}

    def test_a_run_with_one_voice_says_that_there_is_nothing_to_compare(self, run, admin) -> None:
        bare = run_with_sounds("amable", roles=("evolved",))
        page = browser(admin).get(f"/listening-tests/new/?run={bare.pk}")
        assert page.status_code == 200
        assert b'class="stack new-test"' not in page.content

    def test_it_takes_two_clicks(self, run, admin) -> None:
        client = browser(admin)
        assert (
            f"/listening-tests/new/?run={run.pk}" in client.get(f"/runs/{run.pk}/").content.decode()
        )
        address = f"/listening-tests/new/?run={run.pk}"
        html = client.get(address).content.decode()
        ticked = re.findall(r'value="([^"]+)"[^>]*checked', html)
        voices = [value for value in ticked if "-" in value]
        given = {"kind": "preference", "voices": voices, "sentences": 2, "results_shown": "on"}
        answer: Any = client.post(address, given)
        test = ListeningTest.objects.get()
        assert answer.url == test.get_absolute_url()
        assert [voice.role for voice in test.voices.all()] == ["evolved", "deployed"]

    @pytest.mark.parametrize(
        ("kind", "roles"),
        [
            ("preference", ["evolved"]),
            ("abx", ["evolved", "target"]),
        ],
    )
    def test_too_few_voices_are_refused_with_advice(self, run, admin, kind, roles) -> None:
        keys = [f"{run.style_runs.get().pk}-{role}" for role in roles]
        answer = browser(admin).post(
            f"/listening-tests/new/?run={run.pk}", {"kind": kind, "voices": keys, "sentences": 2}
        )
        assert answer.status_code == 422
        assert not ListeningTest.objects.exists()

    def test_an_abx_has_the_target_without_a_tick(self, run, admin) -> None:
        keys = [f"{run.style_runs.get().pk}-{role}" for role in ("evolved", "stock")]
        browser(admin).post(
            f"/listening-tests/new/?run={run.pk}", {"kind": "abx", "voices": keys, "sentences": 2}
        )
        reference = ListeningTest.objects.get().voices.get(is_reference=True)
        assert reference.role == "target"

    def test_runs_are_compared_by_their_evolved_voices(self, run, admin) -> None:
        other = run_with_sounds("neutral", roles=("start", "evolved"))
        offered = sources_of([run, other], "neutral", admin)
        evolved = [one.style_run.run for one in offered if one.role.value == "evolved"]
        assert evolved == [run, other]


class TestResults:
    def test_they_say_which_voice_is_preferred(self, run, admin) -> None:
        test = made_test(run, admin)
        heard_by(test, 4)
        result = result_of(test)
        assert result
        [effect] = result.figures["kept"]["effects"]
        assert effect["value"] == 1.0
        assert effect["low"] > 0.3
        assert (effect["votes"], effect["listeners"], effect["sentences"]) == (8, 4, 2)
        page = browser(admin).get(reverse("listening_test_results", args=[test.pk]))
        assert page.status_code == 200

    def test_newer_votes_are_measured_anew_and_only_these(self, run, admin) -> None:
        test = made_test(run, admin)
        assert result_of(test) is None
        heard_by(test, 1)
        assert result_of(test) == result_of(test)
        heard_by(test, 1, prefers="stock")
        result = result_of(test)
        assert result
        assert result.figures["kept"]["effects"][0]["value"] == 0.5
        assert test.results.count() == 2

    def test_who_is_listening_sees_no_results(self, run, admin) -> None:
        test = made_test(run, admin)
        part = participation.listener_join(test=test, person=admin)
        client = browser(admin)
        results = reverse("listening_test_results", args=[test.pk])
        export = reverse("listening_test_export", args=[test.pk, "json"])
        assert "First your own answers" in _english(client, results)
        assert client.get(export).status_code == 403
        participation.listener_finish(listener=part)
        assert "First your own answers" not in _english(client, results)
        assert client.get(export).status_code == 200

    @pytest.mark.parametrize("shown", [True, False])
    def test_listeners_see_them_if_the_creator_allows_it(self, run, admin, shown) -> None:
        test = made_test(run, admin, results_shown=shown)
        [person] = heard_by(test, 1)
        results = reverse("listening_test_results", args=[test.pk])
        assert ("not shown to listeners" in _english(browser(person), results)) is not shown
        stranger = browser(PersonFactory(roles=["labeler"]))
        assert stranger.get(results).status_code == 403

    def test_every_kind_has_a_page_of_results(self, run, admin) -> None:
        for kind in Kind:
            test = made_test(run, admin, "evolved", "stock", "target", kind=kind)
            heard_by(test, 2)
            page = browser(admin).get(reverse("listening_test_results", args=[test.pk]))
            assert page.content.count(b"<svg role") >= 1


def _english(client: Client, address: str) -> str:
    return client.get(address, headers={"Accept-Language": "en"}).content.decode()


class TestExport:
    def test_csv_has_a_row_a_vote(self, run, admin) -> None:
        test = made_test(run, admin)
        [person] = heard_by(test, 1)
        person.first_name = "=cmd()"
        test.listeners.update(name="=cmd()")
        answer = browser(admin).get(reverse("listening_test_export", args=[test.pk, "csv"]))
        rows = list(csv.DictReader(StringIO(answer.content.decode())))
        assert len(rows) == test.listeners.get().trials.count()
        assert rows[0]["name"] == "'=cmd()"
        assert {row["purpose"] for row in rows} == {"real", "repeat", "degraded"}
        assert {row["a"] for row in rows} <= {
            f"run {run.pk} {who}"
            for who in ("evolved", "stock", "evolved degraded", "stock degraded")
        }

    def test_json_has_voices_sounds_listeners_results_and_votes(self, run, admin) -> None:
        test = made_test(run, admin)
        heard_by(test, 2)
        answer = browser(admin).get(reverse("listening_test_export", args=[test.pk, "json"]))
        found = json.loads(answer.content)
        assert len(found["votes"]) == sum(one["done"] for one in found["listeners"])
        assert found["results"]["kept"]["effects"][0]["value"] == 1.0
        assert {voice["role"] for voice in found["voices"]} == {"evolved", "stock"}


class TestFindings:
    @pytest.fixture
    def run(self, run) -> Run:
        """A run with enough sentences for a verdict."""
        return run_with_sounds("neutral", sentences=6)

    @pytest.fixture
    def deployment(self, run, admin) -> Deployment:
        pack = VoicePack.objects.get(style_run__run=run)
        return Deployment.objects.create(
            pack=pack, voice="neutral", place="/x", sha256=pack.sha256, person=admin,
            state="deployed",
        )  # fmt: skip

    def test_a_voice_has_a_summary_against_what_it_would_replace(self, run, admin) -> None:
        pack = VoicePack.objects.get(style_run__run=run)
        assert summary_of(pack) is None
        test = made_test(run, admin, "evolved", "deployed", "stock")
        assert summary_of(pack) is None
        heard_by(test, 4)
        found = summary_of(pack)
        assert found
        assert (found.against.role, found.value, found.listeners) == ("deployed", 1.0, 4)
        assert found.verdict == "better"

    def test_the_page_of_a_voice_shows_its_summary(self, run, deployment, admin) -> None:
        client = Client()
        client.force_login(admin)
        heard_by(made_test(run, admin, "evolved", "deployed", "stock"), 4)
        for page in (reverse("voice", args=[deployment.pk]), reverse("voices")):
            said = words.text_of(client.get(page).content.decode())
            assert "Voz en servicio · 1,00" in said
            assert "4 oyentes" in said

    def test_whoever_may_not_see_results_sees_no_summary(self, run, deployment, admin) -> None:
        test = made_test(run, admin, "evolved", "deployed", "stock", results_shown=True)
        [done, *_] = heard_by(test, 4)
        listening = PersonFactory(roles=["reviewer"])
        participation.listener_join(test=test, person=listening)
        stranger = PersonFactory(roles=["labeler"])
        for person, sees in ((done, True), (listening, False), (stranger, False)):
            for page in (reverse("voice", args=[deployment.pk]), reverse("voices")):
                said = words.text_of(browser(person).get(page).content.decode())
                assert ("4 oyentes" in said) is sees

    def test_a_best_base_voice_that_is_the_start_has_its_score(self, run, admin) -> None:
        row = run.style_runs.get()
        row.report["start"] = {**row.report["start"], "score": {"total": 90.0}}
        row.report["evolved"] = {**row.report["evolved"], "score": {"total": 80.0}}
        row.report["score_intervals"] = {"deployed": {"mean": 85.0}}
        row.report["similarity"].pop("best_base", None)
        row.save()
        heard_by(made_test(run, admin, "evolved", "stock"), 8)
        heard_by(made_test(run, admin, "evolved", "deployed"), 8)
        assert {note.other_score for note in notes_of(run)} == {90.0, 85.0}

    @pytest.mark.parametrize("prefers", ["start", "evolved"])
    def test_a_run_has_a_note_where_ear_and_score_disagree(self, run, admin, prefers) -> None:
        row = run.style_runs.get()
        row.report["start"] = {**row.report["start"], "score": {"total": 60.0}}
        row.report["evolved"] = {**row.report["evolved"], "score": {"total": 80.0}}
        row.save()
        heard_by(made_test(run, admin, "evolved", "start", kind=Kind.CMOS), 1, prefers=prefers)
        assert notes_of(run) == []  # one listener refutes no score
        test = made_test(run, admin, "evolved", "start")
        heard_by(test, 8, prefers=prefers)
        notes = notes_of(run)
        assert [note.preferred.role for note in notes] == (["start"] if prefers == "start" else [])
        page = _english(browser(admin), f"/runs/{run.pk}/")
        assert ("Doubt the score" in page) is (prefers == "start")
        assert "Doubt the score" not in _english(
            browser(PersonFactory(roles=["labeler"])), f"/runs/{run.pk}/"
        )
