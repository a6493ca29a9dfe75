"""Teacher http with a real server on loopback: requests, retries, error messages."""

import base64
import socket
import threading
import time
from contextlib import suppress

import numpy as np
import pytest

from corpus.audio.io import encode_wav, read_wav, write_wav
from distillation.engines import EngineError, Prompt, teacher
from distillation.stages.style_runner import make_teacher
from tests.distillation.speech_server import serving
from tests.distillation.voices import recipe
from tests.signals import glide

BARE = Prompt(style="amable")
VOICE = glide(120, 2, 1.0)


WAV = (200, {"Content-Type": "audio/wav"}, encode_wav(VOICE))


def fault(server, **options):
    with pytest.raises(EngineError) as caught:
        teacher("http", {"url": server.url, **options}).synthesize("Hola.", BARE)
    return caught.value


@pytest.mark.parametrize("tail", ["", "/", "/v1", "/v1/"])
def test_it_uses_the_openai_api(tail):
    with serving(WAV) as server:
        engine = teacher("http", {"url": server.url + tail, "model": "m", "voice": "v"})
        audio = engine.synthesize("¿Qué tal?", BARE, speed=0.95, seed=3)
    path, headers, body, _ = server.asked[0]
    assert path == "/v1/audio/speech"
    assert "Authorization" not in headers
    assert body == {
        "model": "m", "voice": "v", "input": "¿Qué tal?", "speed": 0.95, "seed": 3,
        "response_format": "wav",
    }  # fmt: skip
    assert np.allclose(audio.y, VOICE.y, atol=1e-4)


def test_a_key_goes_to_its_own_address_alone(tmp_path):
    with serving(WAV) as server, serving(WAV) as other:
        for address in (server.url, other.url):
            made = recipe(teacher="http", teacher_options={"url": address})
            make_teacher(made, tmp_path, keys={server.url: "secret"}).synthesize("Hola.", BARE)
            assert "secret" not in str(made.to_json())
    assert server.asked[0][1]["Authorization"] == "Bearer secret"
    assert "Authorization" not in other.asked[0][1]


def test_a_missing_key_is_named():
    with serving(
        (401, {"Content-Type": "application/json"}, b'{"error": {"message": "No."}}')
    ) as server:
        error = fault(server)
    assert error.code == "teacher_refused"
    assert "No." in str(error)
    assert "TTS_URL_KEY" in str(error)


def test_the_prompt_is_sent_as_wav(tmp_path):
    write_wav(tmp_path / "voz.wav", VOICE)
    prompt = Prompt(style="x", audio=tmp_path / "voz.wav", transcript="Esto digo.")
    with serving(WAV) as server:
        teacher("http", {"url": server.url, "api_key": "secret"}).synthesize("Hola.", prompt)
    _, headers, body, _ = server.asked[0]
    assert headers["Authorization"] == "Bearer secret"
    assert body["reference_text"] == "Esto digo."
    (tmp_path / "sent.wav").write_bytes(base64.b64decode(body["reference_audio"]))
    assert np.array_equal(read_wav(tmp_path / "sent.wav").y, read_wav(tmp_path / "voz.wav").y)


@pytest.mark.parametrize(
    ("listing", "voice"),
    [
        (b'{"voices": [{"id": "amable"}]}', "amable"),
        (b'{"voices": ["amable"]}', "amable"),
        (b'{"voices": [{"id": "neutral"}]}', "alloy"),
        (b'{"voices": [{"id": "pf_luz"}], "default": "pf_luz"}', "pf_luz"),  # ours, on praat
        (b'{"voices": ["pf_luz", "alloy"], "default": "pf_luz"}', "alloy"),
        (b'{"voices": ["pf_luz"], "default": null}', "alloy"),
        (b'["amable"]', "alloy"),
        (b"<h1>", "alloy"),
        (b"", "alloy"),
    ],
)
def test_a_voice_named_after_the_style_is_used_if_the_server_has_it(listing, voice):
    with serving(WAV) as server:
        server.listing = listing
        teacher("http", {"url": server.url}).synthesize("Hola.", BARE)
    assert server.asked[0][2]["voice"] == voice


def test_a_busy_server_is_retried_after_the_time_it_asks_for():
    busy = (429, {"Retry-After": "0.3"}, b"")
    away = (503, {"Retry-After": "0"}, b"")
    with serving(busy, away, WAV) as server:
        teacher("http", {"url": server.url}).synthesize("Hola.", BARE)
    times = [asked[3] for asked in server.asked]
    assert len(times) == 3
    assert times[1] - times[0] >= 0.3
    assert times[2] - times[1] < 0.3


def test_a_server_that_stays_busy_is_reported():
    with serving((503, {"Retry-After": "0"}, b'{"error": {"message": "queue full"}}')) as server:
        error = fault(server)
    assert error.code == "teacher_busy"
    assert "queue full" in str(error)
    assert len(server.asked) == 4


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error": {"message": "voice zoe\\nunknown"}}', "voice zoe unknown"),
        (b'{"error": "no such voice"}', "no such voice"),
        (b"<h1>Not here</h1>", "Not here"),
        (b"", "no words"),
        (b"\xff\xfe[", "404"),
    ],
)
def test_a_refusal_contains_the_servers_message(body, message):
    with serving((404, {}, body)) as server:
        error = fault(server, api_key="secret")
    assert error.code == "teacher_refused"
    assert message in str(error)
    assert server.url in str(error)
    assert "secret" not in str(error)
    assert len(server.asked) == 1


def test_the_timeout_covers_the_whole_response():
    """A server that sent a byte now and then used to block a worker indefinitely."""
    listener = socket.create_server(("127.0.0.1", 0))

    def drip():
        line, _ = listener.accept()
        line.recv(2**16)
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        with suppress(OSError):
            for _ in range(50):
                line.sendall(b"R")
                time.sleep(0.1)
        line.close()

    thread = threading.Thread(target=drip)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(EngineError) as caught:
        teacher("http", {"url": url, "voice": "v", "timeout_s": 0.5}).synthesize("Hola.", BARE)
    assert caught.value.code == "teacher_timeout"
    assert thread.is_alive()
    thread.join()
    listener.close()


def test_an_endless_response_is_aborted(monkeypatch):
    monkeypatch.setattr("distillation.engines.http.teacher.MAX_BYTES", 2**20)
    with serving((200, {}, bytes(2**21))) as server:
        error = fault(server)
    assert error.code == "teacher_not_audio"
    assert "more than 1 MB" in str(error)


@pytest.mark.parametrize("key", ["secret\nx", "secreto-ñ"])
def test_a_key_that_cannot_be_sent_is_not_shown(key):
    with pytest.raises(EngineError, match="api_key: ") as caught:
        teacher("http", {"url": "http://127.0.0.1", "api_key": key})
    assert (caught.value.code, "secret" in str(caught.value)) == ("bad_option", False)


def test_the_trailing_newline_of_a_key_is_removed():
    with serving(WAV) as server:
        teacher("http", {"url": server.url, "api_key": "secret\n"}).synthesize("Hola.", BARE)
    assert server.asked[0][1]["Authorization"] == "Bearer secret"


@pytest.mark.parametrize("content", [b"", b"<html>hello</html>", encode_wav(VOICE)[:2000]])
def test_a_response_that_is_not_audio_is_reported(content):
    with serving((200, {"Content-Type": "text/html"}, content)) as server:
        error = fault(server)
    assert error.code == "teacher_not_audio"
    assert "text/html" in str(error)


def test_a_server_that_hangs_is_reported():
    with serving(("hang", {}, 0.5)) as server:
        error = fault(server, timeout_s="0.2")
    assert error.code == "teacher_timeout"


def test_an_unreachable_server_is_reported():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(EngineError, match=f"127.0.0.1:{port}.*start the server") as caught:
        teacher("http", {"url": f"http://127.0.0.1:{port}"}).synthesize("Hola.", BARE)
    assert caught.value.code == "teacher_unreachable"


@pytest.mark.parametrize(
    "options", [{}, {"url": "tts:8001"}, {"url": "http://x", "timeout_s": "long"}]
)
def test_unsupported_options_are_refused(options):
    with pytest.raises(EngineError) as caught:
        teacher("http", options)
    assert caught.value.code == "bad_option"


def test_a_missing_prompt_file_is_reported(tmp_path):
    prompt = Prompt(style="x", audio=tmp_path / "gone.wav")
    with serving(WAV) as server, pytest.raises(EngineError, match=r"gone\.wav") as caught:
        teacher("http", {"url": server.url}).synthesize("Hola.", prompt)
    assert caught.value.code == "bad_take"
    assert not server.asked
