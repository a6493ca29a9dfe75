"""The playground in a browser: a candidate without the speech service, two voices with it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.acts import playing, until
from tests.browser.conftest import Site, Visit, Watch
from tests.browser.looks import LOOKS, assert_fit, assert_language
from tests.processes import running, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
WIDTHS = {"es-ES": {"width": 1280, "height": 800}, "en-US": {"width": 390, "height": 844}}


@pytest.fixture(scope="module")
def speech(site: Site) -> Iterator[str]:
    """The speech service of the site, with the voice that was deployed."""
    url = f"http://127.0.0.1:{site.env['SPEECH_PORT']}"
    log = Path(site.env["VOICELAB_DATA_DIR"]) / "speech.log"
    with running([sys.executable, "-m", "voicelab.tts"], log=log, env=site.env):
        wait_for("the speech service", lambda: _is_ready(url), seconds=60)
        yield url


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/ready").is_success
    except httpx.HTTPError:
        return False


def test_without_the_service_a_worker_speaks_a_candidate(visit: Visit) -> None:
    page = visit("labeler")
    page.goto("/playground/")
    expect(page.get_by_role("status").first).to_contain_text("python -m voicelab.tts")
    expect(page.locator("optgroup")).to_have_count(2)  # candidates, for each of the two voices
    page.get_by_label("Text").fill("Un momento, por favor.")
    page.get_by_role("button", name="Play A").click()
    side = page.locator("[data-side=a]")
    until(page, "speech", lambda: side.locator("audio").count() and playing(page), seconds=60)
    expect(side.locator("[data-status]")).to_contain_text("first sound after")
    expect(page.locator("#call-note")).to_be_visible()
    with page.expect_download() as download:
        side.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.endswith(".mp3")
    assert download.value.path().stat().st_size > 2000
    page.reload()
    expect(page.locator("#history li")).to_have_count(1)
    expect(page.get_by_label("Text")).to_have_value("Un momento, por favor.")


@pytest.mark.parametrize("locale", LOOKS)
def test_two_voices_speak_in_turn_by_keyboard(visit: Visit, speech: str, locale: str) -> None:
    page = visit("reviewer", locale=locale)
    page.set_viewport_size(WIDTHS[locale])
    page.goto("/playground/")
    text = f"Buenas tardes. Dijo «sí» en {locale}."
    page.locator("#text").fill(text)
    style = page.locator("button[data-style=amable]")
    style.click()
    expect(style).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#voice-a")).to_have_value(re.compile(r"voice:amable|pack:\d+"))
    page.locator("#voice-a").select_option("voice:pm_teo")
    page.locator("#voice-b").select_option("voice:pf_luz")
    page.locator("#text").focus()
    page.keyboard.press("Control+Enter")
    heard = [_next_sound(page, set())]
    heard.append(_next_sound(page, set(heard)))
    expect(page.locator("#history li")).to_have_count(2 if locale == "es-ES" else 4)
    _calls_match(page, text)
    until(page, "silence", lambda: playing(page) == [])
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press(" ")  # the same again, without asking anew
    assert _next_sound(page, set()) == heard[0]


def _next_sound(page: Page, before: set[str]) -> str:
    found = until(page, "sound", lambda: set(playing(page)) - before, seconds=60)
    return str(found.pop())


def _calls_match(page: Page, text: str) -> None:
    """The calls below name the first voice and say what was asked."""
    curl = page.locator("#call-curl").inner_text()
    body = json.loads(curl.partition("-d '")[2].partition("' \\\n")[0])
    assert (body["voice"], body["input"]) == ("pm_teo", text)
    assert f'input="{text}"' in page.locator("#call-python").inner_text()
    page.locator("[data-copy=call-curl]").click()
    expect(page.locator("[data-copy=call-curl] span").first).to_have_text(
        "Copiado" if page.locator("html").get_attribute("lang") == "es" else "Copied"
    )


@pytest.mark.parametrize("locale", LOOKS)
def test_a_used_playground_fits_and_is_accessible(visit: Visit, speech: str, locale: str) -> None:
    scheme, size = LOOKS[locale]
    page = visit("reviewer", locale=locale, color_scheme=scheme)
    page.goto("/playground/")
    page.locator("#voice-b").select_option("mix")
    second = page.locator("[data-side=b]")
    expect(second.locator("output")).to_have_text([re.compile(r"^50\s?%$")] * 2)
    second.locator("input").first.press("End")
    expect(second.locator("output").first).to_have_text(re.compile(r"^91\s?%$"))
    page.get_by_role("button", name="Oír B" if locale == "es-ES" else "Play B").click()
    _next_sound(page, set())
    expect(second.locator(".player-wave > svg")).to_be_visible()
    assert_language(page, locale)
    assert_fit(page, size)


def test_what_cannot_be_spoken_is_said_beside_the_voice(
    visit: Visit, speech: str, watch: Watch
) -> None:
    watch.expect("status of 400")
    page = visit("reviewer")
    page.goto("/playground/")
    page.get_by_label("Text").fill(" ")
    page.get_by_role("button", name="Play A").click()
    expect(page.get_by_role("alert")).to_have_text("Write the text to speak.")
    expect(page.get_by_label("Text")).to_be_focused()
    page.locator("#voice-a").select_option("mix")
    alike = page.locator("[data-side=a] .mix-part select")
    alike.last.select_option(alike.first.input_value())
    page.get_by_label("Text").fill("Hola.")
    page.get_by_role("button", name="Play A").click()
    expect(page.locator("[data-side=a] [data-status]")).to_contain_text("different voices")
    candidate = page.locator("#voice-a option[value^='pack:']").first.get_attribute("value")
    page.locator("#voice-a").select_option(candidate)
    page.get_by_label("Text").fill("a" * 301)
    expect(page.locator("#text-count")).to_have_text("301 / 300")
    page.get_by_role("button", name="Play A").click()
    expect(page.locator("[data-side=a] [data-status]")).to_contain_text("at most 300")
