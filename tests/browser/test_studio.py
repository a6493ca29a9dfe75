"""The studio in a browser with a WAV as microphone: no take is lost or stored twice."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, ViewportSize, expect

from corpus.audio.io import read_wav, write_wav
from tests.browser.acts import tab_to
from tests.browser.conftest import BIN, _answers, _chromium, contexts_of, environment, filled
from tests.browser.looks import LOOKS, assert_fit, assert_language
from tests.processes import free_port, manage, running, wait_for
from tests.signals import speech

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
TAKE_S = 1.2
VIEWS: dict[str, ViewportSize] = {
    "desktop": {"width": 1280, "height": 800},
    "phone": {"width": 390, "height": 844},
}
VERDICT_MS = 10_000  # 3 s on an idle machine
PLAYS = """() => {
  window.plays = [];
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    window.plays.push(this.src);
    return play.call(this);
  };
}"""


@dataclass
class Studio:
    """A web server that can be killed and started again, and what its database holds."""

    folder: Path
    port: int
    passwords: dict[str, str]
    stack: ExitStack

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        web = [str(BIN / "gunicorn"), "voicelab.wsgi", "--bind", f"127.0.0.1:{self.port}"]
        web += ["--threads", "4", "--worker-class", "voicelab.patches.fair_worker.FairWorker"]
        web += ["--no-control-socket"]
        log = self.folder / "web.log"
        self.web = self.stack.enter_context(running(web, log=log, env=self.env))
        wait_for("the web server", lambda: _answers(f"{self.url}/login/"), seconds=30)

    def kill(self) -> None:
        subprocess.run(["kill", "-9", "--", f"-{self.web.pid}"], check=True)
        self.web.wait(10)

    @property
    def env(self) -> dict[str, str]:
        return environment(self.folder, self.port)

    def takes(self) -> list[tuple[str, int]]:
        """(uuid, sentence) of every stored take, oldest first."""
        with sqlite3.connect(self.folder / "db.sqlite3") as base:
            rows = base.execute("SELECT uuid, sentence_id FROM corpus_recording ORDER BY id")
            return list(rows)

    def files(self) -> list[Path]:
        return sorted((self.folder / "media" / "recordings").glob("*.wav"))


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    _chromium()
    with ExitStack() as stack:
        site = Studio(tmp_path_factory.mktemp("studio"), free_port(), {}, stack)
        manage("prepare", env=site.env)
        site.passwords = filled(site.env, "fill_studio.py")
        site.start()
        yield site


@pytest.fixture(scope="module")
def signed_in(
    studio: Studio, launch: Callable[..., Browser], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    """A Chromium whose microphone is a WAV, signed in as the speaker."""
    sound = tmp_path_factory.mktemp("microphone") / "voice.wav"
    write_wav(sound, speech(14, lead_s=0.4, sr=48_000))
    flags = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    flags.append(f"--use-file-for-fake-audio-capture={sound}")
    with launch(*flags) as chromium:
        yield contexts_of(chromium, studio.url, studio.passwords)("speaker", locale="en-US")


@pytest.fixture
def page(signed_in: BrowserContext) -> Iterator[Page]:
    page, errors = watched(signed_in)
    opened(page)
    yield page
    page.close()
    assert errors == []


def watched(context: BrowserContext) -> tuple[Page, list[str]]:
    """Open a page; errors of its scripts are added to the list."""
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    return page, errors


def opened(page: Page) -> None:
    """Open the studio and turn the microphone on, by key."""
    page.goto("/studio/")
    page.keyboard.press("Space")
    in_state(page, "ready")


def in_state(page: Page, state: str) -> None:
    expect(page.locator("#studio")).to_have_attribute("data-state", state)


def queue_says(page: Page, words: str, seconds: float = 40) -> None:
    expect(page.locator("#studio-queue")).to_contain_text(words, timeout=1000 * seconds)


def record(page: Page) -> str:
    """Record a take by key; return the address of the sentence read."""
    page.keyboard.press("Space")
    in_state(page, "recording")
    page.wait_for_timeout(1000 * TAKE_S)
    page.keyboard.press("Space")
    in_state(page, "done")
    return shown(page)


def shown(page: Page) -> str:
    """Return the address of the sentence to read."""
    prompt = page.locator(".studio-prompt:visible")
    sentence, style = (prompt.get_attribute(f"data-{name}") for name in ("sentence", "style"))
    return f"/studio/?sentence={sentence}&style={style}"


def following(page: Page) -> None:
    page.keyboard.press("n")
    in_state(page, "ready")


def test_the_microphone_is_checked(page: Page) -> None:
    expect(page.locator("#studio-processing")).to_contain_text("are off")
    expect(page.locator("#studio-floor")).to_contain_text("quiet enough")
    expect(page.locator("#studio-clip")).to_have_text("none so far")
    expect(page.locator("#studio-format")).to_contain_text(re.compile(r"\d{5} Hz, 16 bit"))
    level = "(meter) => meter.value > -40"
    page.wait_for_function(f"({level})(document.getElementById('studio-level'))")


def test_audio_processing_that_the_browser_leaves_on_is_reported(signed_in: BrowserContext) -> None:
    page = signed_in.new_page()
    page.add_init_script("""
      const told = MediaStreamTrack.prototype.getSettings;
      MediaStreamTrack.prototype.getSettings = function () {
        return { ...told.call(this), noiseSuppression: true };
      };
    """)
    opened(page)
    expect(page.locator("#studio-processing")).to_contain_text("keeps on")
    expect(page.locator("#studio-processing")).to_contain_text("noise suppression")
    expect(page.locator("#studio-processing")).not_to_contain_text("gain control")
    page.close()


def test_five_takes_through_a_restart_of_the_server(page: Page, studio: Studio) -> None:
    before = len(studio.takes())
    record(page)
    stopped = time.monotonic()
    expect(page.locator(".studio-coach")).to_contain_text(re.compile(r"\d"), timeout=VERDICT_MS)
    print(f"verdict {time.monotonic() - stopped:.2f} s after stopping and half a second")
    expect(page.locator("svg.contour .contour-pitch")).to_be_attached()
    expect(page.locator("#studio-history [data-take]")).to_have_count(1)
    following(page)
    record(page)
    queue_says(page, "All takes are on the server")
    studio.kill()
    for _ in range(2):
        following(page)
        record(page)
    queue_says(page, "2 takes wait for the connection")
    studio.start()
    queue_says(page, "All takes are on the server")
    following(page)
    record(page)
    queue_says(page, "All takes are on the server")
    takes = studio.takes()[before:]
    assert len(takes) == len(set(takes)) == 5
    assert len({sentence for _, sentence in takes}) == 5
    audio = read_wav(studio.files()[0])
    assert TAKE_S + 0.5 < audio.duration_s < TAKE_S + 2.5  # with half a second at both ends


def test_an_interrupted_response_leaves_the_page_unchanged(page: Page) -> None:
    page.evaluate("() => { Response.prototype.text = () => Promise.reject(new TypeError('cut')); }")
    with page.expect_response(re.compile("/studio/takes/")) as answer:
        record(page)
    answer.value.finished()
    queue_says(page, "All takes are on the server")
    expect(page.locator("#studio-verdict")).not_to_contain_text(re.compile(r"\d"))


def test_a_take_is_recorded_played_repeated_and_skipped_by_keyboard_alone(
    page: Page, studio: Studio
) -> None:
    before = len(studio.takes())
    page.evaluate(PLAYS)
    read = record(page)
    page.keyboard.press("l")
    page.wait_for_function("window.plays.length === 1")
    assert page.evaluate("window.plays[0]").startswith("blob:")
    page.keyboard.press("l")
    page.keyboard.press("r")
    in_state(page, "recording")
    expect(page.locator("#studio-said")).to_have_text("Recording. Press space to stop.")
    page.wait_for_timeout(1000 * TAKE_S)
    page.keyboard.press("Space")
    in_state(page, "done")
    queue_says(page, "All takes are on the server")
    expect(page.locator("#studio-history [data-take]")).to_have_count(2)
    following(page)
    assert shown(page) != read
    takes = studio.takes()[before:]
    assert len(set(takes)) == 2
    assert len({sentence for _, sentence in takes}) == 1


def test_the_buttons_are_reached_with_tab_and_keep_the_focus(page: Page) -> None:
    button = page.locator("#studio-record")
    tab_to(page, button)
    for state in ("recording", "done"):
        page.keyboard.press("Enter")
        in_state(page, state)
        expect(button).to_be_focused()
    for name in ("listen", "redo", "next"):
        tab_to(page, page.locator(f"#studio-{name}"), presses=2)
    page.keyboard.press("Enter")
    in_state(page, "ready")
    expect(page.locator("#studio-next")).to_be_focused()
    queue_says(page, "All takes are on the server")


@pytest.mark.parametrize("size", VIEWS)
def test_sentence_level_and_record_are_always_in_view(page: Page, size: str) -> None:
    page.set_viewport_size(VIEWS[size])
    seen_whole(page)
    record(page)
    expect(page.locator(".studio-coach")).to_be_attached(timeout=VERDICT_MS)
    page.locator("#studio-verdict details").evaluate("(box) => { box.open = true; }")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    seen_whole(page)
    page.evaluate("scrollTo(0, 0)")
    for prompt in page.locator(".studio-prompt").all():
        page.evaluate("document.querySelector('.studio-prompt:not([hidden])').hidden = true")
        prompt.evaluate("(prompt) => { prompt.hidden = false; }")
        seen_whole(page)
    queue_says(page, "All takes are on the server")


def seen_whole(page: Page) -> None:
    for place in (".studio-prompt:visible blockquote", "#studio-level", "#studio-record"):
        expect(page.locator(place)).to_be_in_viewport(ratio=0.99)


def test_the_microphone_check_is_one_line_once_passed_and_opens_again(page: Page) -> None:
    box = page.locator("#studio-check")
    expect(page.locator("#studio-check-state")).to_have_text("passed")
    expect(box).not_to_have_attribute("open", "")
    assert box.evaluate("(box) => box.clientHeight") < 45
    box.locator("summary").click()
    page.wait_for_timeout(600)
    expect(box).to_have_attribute("open", "")  # what the reader opened stays open
    expect(page.locator("#studio-device")).to_be_visible()


def test_on_a_phone_no_key_is_named(page: Page) -> None:
    page.set_viewport_size(VIEWS["phone"])
    page.locator("#studio-record").click()
    in_state(page, "recording")
    expect(page.locator("#studio-said")).to_have_text("Recording. Tap Stop.")
    expect(page.locator(".studio-controls kbd:visible")).to_have_count(0)
    page.wait_for_timeout(1000 * TAKE_S)
    page.locator("#studio-record").click()
    queue_says(page, "All takes are on the server")


@pytest.mark.parametrize("locale", LOOKS)
def test_the_studio_in_use_fits_and_is_accessible(
    signed_in: BrowserContext, studio: Studio, locale: str
) -> None:
    scheme, size = LOOKS[locale]
    state = signed_in.storage_state()
    look = {"locale": locale, "color_scheme": scheme, "base_url": studio.url}
    context = signed_in.browser.new_context(storage_state=state, **look)
    page = context.new_page()
    opened(page)
    assert_language(page, locale)
    page.keyboard.press("Space")
    in_state(page, "recording")
    assert_fit(page, size)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Space")
    expect(page.locator(".studio-coach")).to_be_visible(timeout=VERDICT_MS)
    page.locator("#studio-verdict details").evaluate("(box) => { box.open = true; }")
    assert_fit(page, size)
    context.close()


def test_a_take_is_stored_once_when_the_response_is_lost(page: Page, studio: Studio) -> None:
    before, lost = len(studio.takes()), []

    def lose(route: Route) -> None:
        lost.append(route.fetch().status)
        route.abort()

    page.route("**/studio/store/", lose, times=2)
    record(page)
    queue_says(page, "All takes are on the server")
    assert lost == [200, 200]
    assert len(studio.takes()) == before + 1


def test_a_take_waits_in_the_browser_while_the_server_has_no_storage(
    page: Page, studio: Studio
) -> None:
    before, media = len(studio.takes()), studio.folder / "media"
    away = media.rename(studio.folder / "unmounted")
    record(page)
    queue_says(page, "The server has no room: 1 kept in this browser")
    assert len(studio.takes()) == before
    away.rename(media)
    queue_says(page, "All takes are on the server")
    assert len(studio.takes()) == before + 1


def test_a_take_survives_a_lost_connection_and_a_closed_tab(
    signed_in: BrowserContext, studio: Studio
) -> None:
    before = len(studio.takes())
    page = signed_in.new_page()
    opened(page)
    signed_in.set_offline(True)
    read = record(page)
    queue_says(page, "1 take waits for the connection")
    page.close()
    signed_in.set_offline(False)
    again = signed_in.new_page()
    again.goto("/studio/")
    queue_says(again, "All takes are on the server")
    assert len(studio.takes()) == before + 1
    again.goto(read)
    expect(again.locator("#studio-history [data-take]")).to_have_count(1)
    again.close()


def test_a_refused_take_stays_until_the_speaker_discards_it(page: Page, studio: Studio) -> None:
    before = len(studio.takes())
    refusal = json.dumps({"refused": "The recording is silent."})
    answer: dict[str, Any] = {"status": 422, "content_type": "application/json", "body": refusal}
    page.route("**/studio/store/", lambda route: route.fulfill(**answer), times=1)
    record(page)
    refused = page.locator("#studio-refused")
    expect(refused).to_contain_text("The recording is silent.")
    expect(page.locator("#studio-said")).to_contain_text("The recording is silent.")
    refused.get_by_role("button", name="Send again").click()
    queue_says(page, "All takes are on the server")
    expect(refused).to_be_hidden()
    assert len(studio.takes()) == before + 1


def test_with_nothing_to_read_the_page_still_sends_waiting_takes(signed_in: BrowserContext) -> None:
    page, errors = watched(signed_in)
    page.goto("/studio/?style=profesional")
    queue_says(page, "All takes are on the server")
    page.keyboard.press("Space")
    expect(page.get_by_role("link", name="All styles")).to_be_visible()
    in_state(page, "off")
    assert errors == []
    page.close()
