"""What a listener can do: hear, vote, undo, resume; and what the server refuses."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import soundfile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from corpus.audio.io import read_wav
from corpus.audio.loudness import integrated_lufs
from distillation.listening_tests.models import Listener, ListeningVote, PreparedSound, Trial
from distillation.listening_tests.scales import Kind
from distillation.listening_tests.services import participation
from distillation.listening_tests.services.access import tests_waiting as count_waiting
from distillation.listening_tests.services.creation import (
    listening_test_close,
    listening_test_reopen,
)
from distillation.listening_tests.services.errors import ListeningError
from distillation.models import TakeUse
from distillation.services.run_files import media_path
from tests.distillation.listening_tests.made import answer, listen_through, made_test, play_all
from tests.factories import PersonFactory, RecordingFactory, SpeakerFactory


@pytest.fixture
def listener(run: Any, admin: Any) -> Listener:
    labeler = PersonFactory(roles=["labeler"])
    return participation.listener_join(test=made_test(run, admin), person=labeler)


def client_of(listener: Listener) -> Client:
    client = Client()
    client.force_login(listener.user)
    return client


def state_of(client: Client, listener: Listener) -> dict[str, Any]:
    html = client.get(reverse("listening_test_listen", args=[listener.key])).content.decode()
    found = re.search(r'<script id="state"[^>]*>(.*?)</script>', html)
    assert found
    return json.loads(found[1])


def refusal(trial: Trial, value: int) -> str:
    with pytest.raises(ListeningError) as refused:
        participation.vote_cast(trial=trial, value=value)
    return refused.value.code


class TestSounds:
    def test_they_are_equally_loud_and_those_of_a_sentence_equally_long(self, run, admin) -> None:
        test = made_test(run, admin, "evolved", "stock", "target", kind=Kind.MOS)
        sounds = PreparedSound.objects.filter(voice__test=test)
        audios = [read_wav(media_path(sound.file.name)) for sound in sounds]
        measured = [integrated_lufs(audio) for audio in audios]
        assert max(measured) - min(measured) < 0.5
        for sentence in range(2):
            assert len({one.duration_s for one in sounds if one.sentence == sentence}) == 1

    def test_an_answer_tells_nothing_but_the_sound(self, listener) -> None:
        client = client_of(listener)
        trial = state_of(client, listener)["trial"]
        answers = [client.get(side["src"]) for side in trial["sides"]]
        headers = [{**one.headers, "X-Request-ID": "drawn anew"} for one in answers]
        assert headers[0] == headers[1]
        assert headers[0]["Cache-Control"] == "no-store"
        assert not {"ETag", "Last-Modified", "Content-Disposition"} & set(headers[0])
        info = [soundfile.info(BytesIO(one.content)) for one in answers]
        assert len({(one.samplerate, one.frames, one.subtype) for one in info}) == 1

    def test_addresses_tell_no_voice_and_differ_in_every_trial(self, listener) -> None:
        client, seen = client_of(listener), set[str]()
        for _ in range(listener.trials.count()):
            state = state_of(client, listener)["trial"]
            sources = {side["src"] for side in state["sides"]}
            assert not sources & seen
            seen |= sources
            words = json.dumps(state)
            assert not re.search("evolved|stock|degraded|repeat|real|trap", words)
            trial = participation.trial_current(listener)
            assert trial
            play_all(trial)
            participation.vote_cast(trial=trial, value=answer(trial))

    def test_another_persons_part_is_refused(self, listener) -> None:
        src = state_of(client_of(listener), listener)["trial"]["sides"][0]["src"]
        other = Client()
        assert other.get(src).status_code == 302
        other.force_login(PersonFactory(roles=["admin"]))
        assert other.get(src).status_code == 403

    def test_a_withdrawn_consent_ends_the_test(self, listener) -> None:
        client = client_of(listener)
        speaker: Any = SpeakerFactory()
        take: Any = RecordingFactory(speaker=speaker)
        src = state_of(client, listener)["trial"]["sides"][0]["src"]
        TakeUse.objects.create(
            style_run=listener.test.run.style_runs.get(), recording=take, role="take"
        )
        assert client.get(src).status_code == 200
        assert count_waiting(listener.user) == 1
        speaker.withdrawn_at = timezone.now()
        speaker.save()
        assert client.get(src).status_code == 404
        assert count_waiting(listener.user) == 0


class TestVotes:
    def test_it_is_refused_before_every_side_was_played(self, listener) -> None:
        trial = participation.trial_current(listener)
        assert trial
        assert refusal(trial, 1) == "not_played"
        participation.sound_send(trial=trial, side="a")
        trial.opened_at = timezone.now() - timedelta(minutes=1)
        trial.save()
        participation.sound_played(trial=trial, side="a")
        assert refusal(trial, 1) == "not_played"
        play_all(trial)
        participation.vote_cast(trial=trial, value=1)
        assert participation.votes_standing(listener)[trial.pk].value == 1

    def test_nobody_can_have_played_what_was_not_sent(self, listener) -> None:
        trial = participation.trial_current(listener)
        assert trial
        with pytest.raises(ListeningError) as refused:
            participation.sound_played(trial=trial, side="a")
        assert refused.value.code == "not_sent"

    def test_the_next_sounds_are_sent_ahead_and_count_as_played_only_once_they_are_shown(
        self, listener
    ) -> None:
        client = client_of(listener)
        state = state_of(client, listener)
        assert len(state["ahead"]) == 2
        for src in state["ahead"]:
            assert client.get(src).status_code == 200
        trial = listener.trials.exclude(pk=participation.trial_current(listener).pk).first()
        assert str(trial.key) in state["ahead"][0]
        played = reverse("listening_test_played", args=[listener.key, trial.key])
        assert client.post(played, {"side": "a"}).json()["code"] == "not_sent"
        assert trial.playings.filter(played_at=None).count() == 2
        vote = reverse("listening_test_vote", args=[listener.key, trial.key])
        assert client.post(vote, {"value": "1"}).json()["code"] == "elsewhere"

    def test_nobody_can_have_played_it_faster_than_it_is(self, listener) -> None:
        client = client_of(listener)
        state = state_of(client, listener)["trial"]
        client.get(state["sides"][0]["src"])
        answer = client.post(state["played"], {"side": "a"})
        assert answer.status_code == 409
        assert answer.json()["code"] == "too_soon"

    @pytest.mark.parametrize("value", ["2", "9", "x", "", "-"])
    def test_a_value_outside_the_scale_is_refused(self, listener, value) -> None:
        client = client_of(listener)
        trial = participation.trial_current(listener)
        assert trial
        play_all(trial)
        answer = client.post(state_of(client, listener)["trial"]["vote"], {"value": value})
        assert answer.status_code == 409
        assert not ListeningVote.objects.exists()

    def test_sent_again_it_counts_once(self, listener) -> None:
        trial = participation.trial_current(listener)
        assert trial
        play_all(trial)
        for _ in range(2):
            participation.vote_cast(trial=trial, value=1)
        assert ListeningVote.objects.count() == 1
        assert refusal(trial, -1) == "elsewhere"

    def test_the_last_one_is_taken_back_and_its_trial_comes_again(self, listener) -> None:
        listen_through(listener, most=3)
        last = listener.trials.get(position=2)
        client = client_of(listener)
        answer = client.post(reverse("listening_test_undo", args=[listener.key]))
        state = answer.json()["state"]
        assert state["done"] == 2
        assert str(last.key) in state["trial"]["vote"]
        assert all(side["played"] for side in state["trial"]["sides"])
        values = last.votes.values_list("value", flat=True)
        assert list(values)[1:] == [None]

    def test_another_device_goes_on_at_the_same_place(self, listener) -> None:
        listen_through(listener, most=4)
        states = [state_of(client_of(listener), listener) for _ in range(2)]
        assert states[0] == states[1]
        assert states[0]["done"] == 4

    def test_nothing_follows_the_end(self, listener) -> None:
        listen_through(listener, most=2)
        client = client_of(listener)
        page = client.post(reverse("listening_test_finish", args=[listener.key]), follow=True)
        assert page.status_code == 200
        assert client.post(reverse("listening_test_undo", args=[listener.key])).status_code == 410

    def test_a_reopened_test_goes_on_without_those_who_may_have_seen_its_results(
        self, listener
    ) -> None:
        test = listener.test
        listening_test_close(test=test)
        listening_test_reopen(test=test)
        listener.refresh_from_db()
        with pytest.raises(ListeningError):
            participation.vote_cast(trial=listener.trials.first(), value=-1)
        other = PersonFactory(roles=["labeler"])
        assert (count_waiting(other), count_waiting(listener.user)) == (1, 0)
        assert participation.listener_join(test=test, person=other).finished_at is None

    def test_those_who_could_not_see_the_results_go_on_in_a_reopened_test(
        self, listener, admin
    ) -> None:
        hidden = made_test(listener.test.run, admin, results_shown=False)
        person = PersonFactory(roles=["labeler"])
        part = participation.listener_join(test=hidden, person=person)
        listening_test_close(test=hidden)
        listening_test_reopen(test=hidden)
        part.refresh_from_db()
        assert part.finished_at is None

    def test_opening_an_open_test_again_ends_nobodys_part(self, listener) -> None:
        listening_test_reopen(test=listener.test)
        listener.refresh_from_db()
        assert listener.finished_at is None

    def test_a_long_name_is_cut(self, listener) -> None:
        person = PersonFactory(roles=["labeler"], first_name="M" * 90, last_name="N" * 90)
        part = participation.listener_join(test=listener.test, person=person)
        part.full_clean(exclude=["user", "invitation"])
        assert part.name == "M" * 60

    def test_a_closed_test_takes_no_votes_and_no_listeners(self, listener) -> None:
        trial = participation.trial_current(listener)
        assert trial
        play_all(trial)
        listening_test_close(test=listener.test)
        assert refusal(trial, 1) == "closed"
        client = Client()
        client.force_login(PersonFactory(roles=["speaker"]))
        answer = client.post(reverse("listening_test_join", args=[listener.test_id]))
        assert answer.status_code == 410


class TestInvitations:
    @pytest.fixture
    def link(self, run, admin) -> str:
        test = made_test(run, admin)
        client = Client()
        client.force_login(admin)
        page = client.post(reverse("listening_test_invite", args=[test.pk]), follow=True)
        found = re.search(r'value="http://testserver([^"]+)"', page.content.decode())
        assert found
        return found[1]

    def enter(self, link: str, name: str = "Eva", client: Client | None = None) -> Any:
        return (client or Client()).post(link, {"name": name})

    def test_a_name_is_all_it_takes(self, link) -> None:
        client = Client(enforce_csrf_checks=True)
        client.get(link)
        assert self.enter(link, client=client).status_code == 403
        token = client.cookies["csrftoken"].value
        answer: Any = client.post(link, {"name": " Eva  Gil ", "csrfmiddlewaretoken": token})
        listener = Listener.objects.get()
        assert answer.url == reverse("listening_test_listen", args=[listener.key])
        assert listener.name == "Eva Gil"
        assert client.get(answer.url).status_code == 200
        assert state_of(Client(), listener)["done"] == 0  # on another device

    def test_it_stops_when_revoked_for_those_who_came_too(self, link, admin) -> None:
        self.enter(link)
        listener = Listener.objects.get()
        client = Client()
        client.force_login(admin)
        invite = reverse("listening_test_invite", args=[listener.test_id])
        client.post(invite, {"revoke": "1"})
        assert Client().get(link).status_code == 410
        page = Client().get(reverse("listening_test_listen", args=[listener.key]))
        assert page.status_code == 410

    def test_it_expires(self, link) -> None:
        self.enter(link)
        listener = Listener.objects.get()
        invitation = listener.invitation
        assert invitation
        invitation.expires_at = timezone.now()
        invitation.save()
        assert Client().get(link).status_code == 410
        assert not participation.can_listen(listener)

    def test_a_forged_link_leads_nowhere(self, link) -> None:
        forged = link.replace("/listen/", "/listen/x")
        assert Client().get(forged).status_code == 404

    def test_names_are_throttled(self, link) -> None:
        answers = [self.enter(link, f"Eva {n}").status_code for n in range(11)]
        assert answers == [302] * 10 + [429]

    def test_a_name_is_taken_once(self, link) -> None:
        assert self.enter(link).status_code == 302
        assert self.enter(link, "eva").status_code == 422
        assert self.enter(link, "  ").status_code == 422
        assert Listener.objects.count() == 1
