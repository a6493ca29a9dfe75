"""A listening test in a browser: made in two clicks, listened to with keys, resumed elsewhere."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acts import until
from tests.browser.conftest import Site, Visit
from tests.browser.looks import grave_violations

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SIZES = {"es-ES": {"width": 1280, "height": 800}, "en-US": {"width": 390, "height": 844}}


def play_to_the_end(page: Page, side: str) -> None:
    button = page.locator(f"[data-side={side}]")
    for _ in range(4):  # a machine under load may swallow the end of a sound
        page.keyboard.press(side)
        with suppress(AssertionError):
            expect(button).to_have_class(re.compile("is-heard"), timeout=10_000)
            return
    expect(button).to_have_class(re.compile("is-heard"))


def answer(page: Page, key: str) -> None:
    done = int(page.locator("#done").inner_text())
    for side in ("a", "b"):
        play_to_the_end(page, side)
    expect(page.locator("[data-key='1']")).to_have_attribute("aria-disabled", "false")
    page.keyboard.press(key)
    expect(page.locator("#done")).to_have_text(str(done + 1))


@pytest.mark.parametrize("locale", SIZES)
def test_a_test_is_made_in_two_clicks_and_listened_to_with_the_keyboard(
    visit: Visit, site: Site, locale: str
) -> None:
    page = visit("reviewer", locale=locale)
    page.set_viewport_size(SIZES[locale])
    page.goto(f"/runs/{site.judged}/")
    page.locator("#to-listening-test").click()
    page.locator("main button.btn-primary").click()
    page.wait_for_url(re.compile(r"/listening-tests/\d+/$"))
    sounds: set[str] = set()
    page.on("response", lambda got: sounds.add(got.url) if got.url.endswith(".wav") else None)
    page.locator("main .page-head button.btn-primary").click()
    expect(page.locator("#trial")).to_be_visible()
    expect(page.locator("[data-key='1']")).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("1")
    expect(page.locator("#done")).to_have_text("0")
    until(page, "the next sentence's sounds", lambda: len(sounds) == 4)
    answer(page, "1")
    page.keyboard.press("u")
    expect(page.locator("#done")).to_have_text("0")
    expect(page.locator("[data-key='1']")).to_have_attribute("aria-disabled", "false")
    page.keyboard.press("3")
    expect(page.locator("#done")).to_have_text("1")
    assert grave_violations(page) == []


def test_sounds_are_switched_at_the_same_position(visit: Visit, site: Site) -> None:
    page = visit("")
    page.goto(site.part)
    page.locator("#loop").check()
    page.keyboard.press("a")
    position = page.locator("#position")
    page.wait_for_function("() => document.getElementById('position').value > 200")
    before = int(position.input_value())
    page.keyboard.press("b")
    expect(page.locator("[data-side=b]")).to_have_attribute("aria-pressed", "true")
    assert int(position.input_value()) >= before
    page.keyboard.press(" ")
    expect(page.locator("#play-name")).to_have_text("Play")


def test_whoever_has_the_link_listens_and_goes_on_elsewhere(visit: Visit, site: Site) -> None:
    page = visit("", locale="es-ES")
    page.goto(site.link)
    page.fill("[name=name]", "Luis")
    page.locator("main button").click()
    expect(page.locator("#trial")).to_be_visible()
    answer(page, "2")
    other = visit("", locale="en-US")
    other.goto(page.url)
    expect(other.locator("#done")).to_have_text("1")
    expect(other.get_by_role("heading", level=1)).to_have_text("Which of the two sounds better?")
