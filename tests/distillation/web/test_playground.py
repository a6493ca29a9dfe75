"""The playground: what is asked is spoken once, kept for its person, and explained if it fails."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from corpus.audio.io import decode, encode_wav
from distillation import engines, voicepack
from distillation.delivery import PLAIN
from distillation.models import PlaygroundSound, TakeUse, VoicePack
from distillation.services import playground
from distillation.services.candidate_speech import candidate_speak
from distillation.services.queue import work_waits
from distillation.services.recovery import sounds_recover
from distillation.services.run_files import media_path
from tests.distillation.factories import finished_run
from tests.distillation.speech_server import Server, serving
from tests.factories import PersonFactory, RecordingFactory, SpeakerFactory, StyleFactory
from tests.processes import full_disk
from tests.signals import tone
from voicelab.roles import LABELER

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]

SOUND = encode_wav(tone(440.0, 0.2))
VOICES = {
    "voices": [
        {"id": name, "kind": kind, "engine": "praat", "sha256": sha, **PLAIN.to_json()}
        for name, kind, sha in (
            ("amable", "deployed", "a" * 64),
            ("pf_luz", "stock", ""),
            ("alloy", "alias", ""),
        )
    ]
}


@pytest.fixture
def speech(settings: Settings) -> Iterator[Server]:
    """A speech service that has two voices and speaks a tone."""
    with serving((200, {"Content-Type": "audio/wav"}, SOUND)) as server:
        server.listing = json.dumps(VOICES).encode()
        settings.SPEECH_URL = server.url
        yield server


@pytest.fixture
def no_speech(settings: Settings) -> None:
    settings.SPEECH_URL = "http://127.0.0.1:9"


@pytest.fixture
def client() -> Client:
    return signed_in()


@pytest.fixture
def pack() -> VoicePack:
    """An evolved voice of praat, as a search leaves it."""
    StyleFactory(key="amable", name="Amable", colour="style-2")
    finished_run("neutral", "amable")
    row = VoicePack.objects.evolved().get(style="amable")
    path = media_path(row.file.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    student = engines.student("praat")
    row.sha256 = voicepack.save(student.stock_voice(student.stock_voices()[0]), path)
    row.save()
    return row


def signed_in() -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(PersonFactory(roles=[LABELER]))
    return client


def ask(client: Client, voice: str = "voice:amable", **changed: str) -> Any:
    body = {"text": "Buenos días.", "voice": voice, "speed": "1", "format": "wav", **changed}
    return client.post(reverse("playground_speak"), body)


def heard(client: Client, answer: Any) -> bytes:
    sound: Any = client.get(answer.json()["sound"])
    assert sound.status_code == 200
    return b"".join(sound.streaming_content)


def files() -> list[Path]:
    return sorted(media_path("playground").glob("*"))


def test_a_voice_of_the_service_is_streamed_and_then_kept(client: Client, speech: Server) -> None:
    answer = ask(client, speed="1.25")
    assert answer.json()["state"] == "ready"
    assert heard(client, answer) == SOUND
    [(path, _headers, body, _at)] = speech.asked
    assert path == "/v1/audio/speech"
    assert body == {
        "model": "tts-1",
        "voice": "amable",
        "input": "Buenos días.",
        "speed": 1.25,
        "response_format": "wav",
    }
    assert heard(client, answer) == SOUND
    assert len(speech.asked) == 1
    saved = client.get(f"{answer.json()['sound']}?save=1")
    assert saved["Content-Disposition"] == 'attachment; filename="amable.wav"'
    saved.close()


def test_a_sound_is_drawn_once_it_is_stored(client: Client, speech: Server) -> None:
    speech.answers = [(200, {"Content-Type": "audio/wav"}, encode_wav(tone(440.0, 1.0)))]
    answer = ask(client)
    drawn = answer.json()["waveform"]
    assert client.get(drawn).status_code == 204
    assert heard(client, answer)
    assert client.get(drawn).content.startswith(b"<svg")
    assert drawn in client.get(reverse("playground_history")).content.decode()
    assert signed_in().get(drawn).status_code == 404


def test_a_mix_is_spoken_and_listed_with_its_shares(client: Client, speech: Server) -> None:
    answer = ask(client, "voice:amable(3)+pf_luz(1)")
    assert heard(client, answer) == SOUND
    assert speech.asked[0][2]["voice"] == "amable(3)+pf_luz(1)"
    history = client.get(reverse("playground_history")).content.decode()
    assert "amable 75 %, pf_luz 25 %" in history


def test_voices_of_two_engines_do_not_mix(client: Client, speech: Server) -> None:
    speech.listing = json.dumps(VOICES).replace("praat", "kokoro", 1).encode()
    answer = ask(client, "voice:amable(1)+pf_luz(1)")
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "Voices of two engines do not mix."},
    )


def test_an_equal_request_is_spoken_once_for_everybody(client: Client, speech: Server) -> None:
    heard(client, ask(client))
    assert ask(client).json()["id"] == PlaygroundSound.objects.get().pk
    other = signed_in()
    assert heard(other, ask(other)) == SOUND
    assert len(speech.asked) == 1
    assert len(files()) == 1
    ask(client, text="Otra cosa.")
    assert PlaygroundSound.objects.filter(state="ready").count() == 2


@pytest.mark.parametrize(("old", "new"), [("a" * 64, "b" * 64), ('range": 1.0', 'range": 1.2')])
def test_a_new_version_of_a_voice_is_spoken_anew(
    old: str, new: str, client: Client, speech: Server
) -> None:
    heard(client, ask(client))
    speech.listing = json.dumps(VOICES).replace(old, new).encode()
    heard(client, ask(client))
    assert len(speech.asked) == 2


def test_sounds_are_their_persons_own(client: Client, speech: Server) -> None:
    answer = ask(client).json()
    other = signed_in()
    assert other.get(answer["sound"]).status_code == 404
    assert other.get(answer["address"]).status_code == 404


@pytest.mark.usefixtures("no_speech")
def test_a_service_that_is_not_there_is_named_with_what_to_start(client: Client) -> None:
    answer = ask(client)
    assert answer.status_code == 400
    assert "http://127.0.0.1:9" in answer.json()["error"]
    assert "python -m voicelab.tts" in answer.json()["error"]
    assert "python -m voicelab.tts" in client.get(reverse("playground")).content.decode()
    assert not PlaygroundSound.objects.exists()


def test_an_answer_that_is_no_speech_is_explained(client: Client, speech: Server) -> None:
    said = json.dumps({"error": {"message": "17 requests are waiting."}}).encode()
    speech.answers = [(429, {}, said), (200, {}, SOUND)]
    answer = ask(client)
    assert client.get(answer.json()["sound"]).status_code == 502
    assert "busy: 17 requests" in client.get(answer.json()["address"]).json()["error"]
    assert heard(client, ask(client)) == SOUND  # asked again it is spoken
    assert "busy" not in client.get(reverse("playground_history")).content.decode()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"text": "  "}, "Write the text"),
        ({"text": "x" * 1001}, "1001 characters"),
        ({"text": "a\x00b"}, "control characters"),
        ({"speed": "9"}, "0.25 to 4"),
        ({"speed": "nan"}, "0.25 to 4"),
        ({"speed": "fast"}, "0.25 to 4"),
        ({"format": "exe"}, "format"),
        ({"voice": ""}, "Choose a voice"),
        ({"voice": "pack:999"}, "not there any more"),
        ({"voice": "voice:amable(1)+nobody(2)"}, "has no voice “nobody”"),
        ({"voice": "voice:nobody"}, "has no voice “nobody”; it has: amable, pf_luz."),
    ],
)
def test_what_cannot_be_spoken_is_refused_and_nothing_is_stored(
    client: Client, speech: Server, changed: dict[str, str], said: str
) -> None:
    answer = ask(client, **changed)
    assert answer.status_code == 400
    assert said in answer.json()["error"]
    assert not PlaygroundSound.objects.exists()
    assert speech.asked == []


def test_a_candidate_is_spoken_by_a_worker(
    client: Client, pack: VoicePack, no_speech: None, django_capture_on_commit_callbacks: Callable
) -> None:
    with django_capture_on_commit_callbacks() as sent:
        answer = ask(client, f"pack:{pack.pk}", format="mp3")
    assert len(sent) == 1
    assert answer.json()["state"] == "waiting"
    assert client.get(answer.json()["sound"]).status_code == 409
    candidate_speak(sound_id=answer.json()["id"])
    assert client.get(answer.json()["address"]).json()["state"] == "ready"
    assert decode(heard(client, answer)).duration_s > 0.5
    assert "candidate of Prueba" in client.get(reverse("playground_history")).content.decode()


def test_a_candidate_speaks_with_the_speed_it_would_be_deployed_with(pack: VoicePack) -> None:
    person = PersonFactory(roles=[LABELER])

    def seconds(speed: float) -> float:
        row = pack.style_run
        row.report = {**row.report, "delivery": {"speed": speed, "gain_db": 0.0}}
        row.save()
        wanted = {"text": "Buenos días a todos.", "voice": f"pack:{pack.pk}", "speed": 1.0}
        sound = playground.sound_ask(person=person, **wanted, format="wav")
        candidate_speak(sound_id=sound.pk)
        sound.refresh_from_db()
        return decode(media_path(sound.file.name).read_bytes()).duration_s

    assert seconds(1.25) < 0.9 * seconds(1.0)


def test_a_candidate_says_at_most_300_characters(client: Client, pack: VoicePack) -> None:
    answer = ask(client, f"pack:{pack.pk}", text="a" * 301)
    assert "at most 300" in answer.json()["error"]


def test_a_candidate_that_cannot_speak_says_why(client: Client, pack: VoicePack) -> None:
    answer = ask(client, f"pack:{pack.pk}").json()
    media_path(pack.file.name).unlink()
    candidate_speak(sound_id=answer["id"])
    state = client.get(answer["address"]).json()
    assert state["state"] == "failed"
    assert "amable" in state["error"]


def test_a_full_disk_is_said_and_asking_again_speaks(client: Client, pack: VoicePack) -> None:
    answer = ask(client, f"pack:{pack.pk}").json()
    with full_disk(1000):
        candidate_speak(sound_id=answer["id"])
    state = client.get(answer["address"]).json()
    assert (state["state"], "lleno" in state["error"] or "full" in state["error"]) == (
        "failed",
        True,
    )
    assert files() == []
    again = ask(client, f"pack:{pack.pk}").json()
    assert again["id"] != answer["id"]
    candidate_speak(sound_id=again["id"])
    assert client.get(again["address"]).json()["state"] == "ready"


def test_a_candidate_of_a_withdrawn_voice_is_neither_offered_nor_spoken(
    client: Client, pack: VoicePack, no_speech: None
) -> None:
    answer = ask(client, f"pack:{pack.pk}").json()
    take: Any = RecordingFactory(speaker=SpeakerFactory(withdrawn_at="2026-11-01T00:00Z"))
    TakeUse.objects.create(style_run=pack.style_run, recording=take, role="target")
    assert f'value="pack:{pack.pk}"' not in client.get(reverse("playground")).content.decode()
    assert "withdrew" in ask(client, f"pack:{pack.pk}", text="Otra.").json()["error"]
    candidate_speak(sound_id=answer["id"])
    assert "withdrew" in client.get(answer["address"]).json()["error"]


def test_waiting_without_a_worker_is_said(client: Client, pack: VoicePack) -> None:
    answer = ask(client, f"pack:{pack.pk}").json()
    assert not answer["unanswered"]
    row = PlaygroundSound.objects.get()
    PlaygroundSound.objects.update(queued_at=row.asked_at - timedelta(seconds=11))
    assert client.get(answer["address"]).json()["unanswered"]


@pytest.mark.parametrize("by", ["asking again", "any worker"])
def test_a_lost_message_is_sent_again(
    by: str, client: Client, pack: VoicePack, django_capture_on_commit_callbacks: Callable
) -> None:
    """Until it is spoken no worker helps with a search."""
    ask(client, f"pack:{pack.pk}")
    assert work_waits()
    for late_s, times in ((0, 0), (151, 1), (0, 0)):
        late = timedelta(seconds=late_s)
        PlaygroundSound.objects.update(queued_at=timezone.now() - late)
        with django_capture_on_commit_callbacks() as sent:
            sounds_recover() if by == "any worker" else ask(client, f"pack:{pack.pk}")
        assert len(sent) == times


def test_the_last_ten_are_kept_and_the_files_of_others_deleted(
    client: Client, speech: Server
) -> None:
    for number in range(13):
        heard(client, ask(client, text=f"Frase {number}."))
    content = client.get(reverse("playground_history")).content.decode()
    assert content.count("<li") == 10
    assert "Frase 12." in content
    assert "Frase 2." not in content
    assert len(files()) == 10


def test_a_file_is_kept_while_anybody_has_it(client: Client, speech: Server) -> None:
    other = signed_in()
    for one in (client, other):
        heard(one, ask(one, text="La de los dos."))
    for number in range(10):
        heard(client, ask(client, text=f"Frase {number}."))
    assert "La de los dos." in other.get(reverse("playground_history")).content.decode()
    assert len(files()) == 11


def test_new_sounds_are_limited_by_the_minute_and_old_rows_go(
    client: Client, speech: Server
) -> None:
    for number in range(playground.PER_MINUTE):
        assert ask(client, text=f"Frase {number}.").status_code == 200
    refused = ask(client, text="Una más.")
    assert "limit" in refused.json()["error"]
    assert ask(client, text="Frase 29.").status_code == 200  # the same is no new one
    assert ask(signed_in(), text="Una más.").status_code == 200
    earlier = PlaygroundSound.objects.latest("created_at").created_at - timedelta(minutes=2)
    PlaygroundSound.objects.update(created_at=earlier)
    assert ask(client, text="Una más.").status_code == 200
    person = PlaygroundSound.objects.get(text="Frase 29.").person
    assert PlaygroundSound.objects.filter(person=person).count() == 10


def test_the_calls_below_ask_for_the_same(client: Client, speech: Server, tmp_path: Path) -> None:
    text = 'Dijo: "¿Qué tal?" — it\'s \\ $HOME `ls`\nDos líneas.'
    answer = ask(client, text=text, speed="0.9")
    heard(client, answer)
    calls = answer.json()["call"]
    for command in (["bash", "-c", calls["curl"]], [sys.executable, "-c", calls["python"]]):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "speech.wav").read_bytes() == SOUND
        (tmp_path / "speech.wav").unlink()
    web, *programs = [body for _path, _headers, body, _at in speech.asked]
    assert programs == [web, web]


def test_a_key_of_the_service_is_sent_and_not_shown(
    client: Client, speech: Server, settings: Settings
) -> None:
    settings.SPEECH_API_KEY = "secret-key"
    answer = ask(client)
    heard(client, answer)
    [(_path, headers, _body, _at)] = speech.asked
    assert headers["Authorization"] == "Bearer secret-key"
    page = client.get(reverse("playground")).content.decode()
    assert "secret-key" not in answer.content.decode() + page
    assert "$TTS_API_KEY" in page


def test_the_page_offers_deployed_candidates_and_stock(
    client: Client, speech: Server, pack: VoicePack
) -> None:
    content = client.get(f"{reverse('playground')}?b=pack:{pack.pk}").content.decode()
    for value in ("voice:amable", "voice:pf_luz", f"pack:{pack.pk}"):
        assert content.count(f'value="{value}"') == 2
    assert "alloy" not in content
    assert content.count("selected") >= 3
    assert 'data-style="amable"' in content


@pytest.mark.usefixtures("no_speech")
def test_without_any_voice_the_page_says_what_comes_first(client: Client) -> None:
    content = client.get(reverse("playground")).content.decode()
    assert "No voice to play yet" in content
    assert default_storage.exists("playground") is False
