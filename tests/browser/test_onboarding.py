"""Home leads to the next step; terms are explained by mouse, keyboard, touch; help has pictures."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acts import tab_to
from tests.browser.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
LANGUAGES = ("es-ES", "en-US")


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("width", [1280, 390])
def test_home_leads_a_labeler_to_the_sentences_it_counts(
    visit: Visit, width: int, locale: str
) -> None:
    page = visit("labeler", locale=locale)
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/")
    expect(page.locator(".steps > li")).to_have_count(5)
    todo = page.locator(".step.is-next .todo-item").first
    counted = int(re.findall(r"\d+", todo.inner_text())[0])
    todo.click()
    expect(page.locator("[data-sentence]")).to_have_count(counted)


IN_VIEW = """() => {
  const shown = document.querySelector(".term-text:popover-open");
  const box = shown && shown.getBoundingClientRect();
  return box && box.width > 0 && box.left >= 0 && box.right <= window.innerWidth;
}"""


def expect_explanation(page: Page, words: str) -> None:
    """One explanation is open, inside the window, and says these words."""
    expect(page.locator(".term-text:popover-open")).to_contain_text(words)
    page.wait_for_function(IN_VIEW)


def test_a_term_is_explained_by_mouse_and_keyboard(visit: Visit) -> None:
    page = visit("labeler")
    page.goto("/")
    word = page.locator(".term > button", has_text="Style").first
    shown = page.locator(".term-text:popover-open")
    word.hover()
    expect_explanation(page, "A way of speaking")
    page.mouse.move(2, 2)
    expect(shown).to_have_count(0)
    tab_to(page, word)
    page.keyboard.press("Enter")
    expect_explanation(page, "A way of speaking")
    page.keyboard.press("Escape")
    expect(shown).to_have_count(0)
    expect(word).to_be_focused()


def test_an_explanation_opened_by_key_stays_when_the_mouse_leaves_or_the_page_scrolls(
    visit: Visit,
) -> None:
    page = visit("labeler")
    page.set_viewport_size({"width": 1280, "height": 300})  # so that the page can scroll
    page.goto("/")
    word = page.locator(".term > button", has_text="Style").first
    word.hover()
    expect_explanation(page, "A way of speaking")
    word.focus()
    page.mouse.move(2, 2)  # the explanation is about to close
    page.keyboard.press("Enter")
    page.mouse.wheel(0, 20)
    page.wait_for_function("window.scrollY > 0")
    page.wait_for_timeout(400)  # longer than the pointer's wait
    expect_explanation(page, "A way of speaking")


def test_a_term_is_explained_by_touch_and_leads_to_the_glossary(visit: Visit) -> None:
    page = visit("labeler", has_touch=True)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/")
    page.locator(".way-note .term > button").tap()
    expect_explanation(page, "No ear has judged it")
    page.locator(".term-text:popover-open a").tap()
    page.wait_for_url(re.compile(r"/glossary/#score$"))
    expect(page.locator("dt:target")).to_have_text("score")


@pytest.mark.parametrize("locale", LANGUAGES)
def test_the_help_of_a_role_has_its_pictures(visit: Visit, locale: str) -> None:
    page = visit("reviewer", locale=locale)
    page.goto("/help/")
    page.locator("main section").first.get_by_role("link").first.click()
    pictures = page.locator(".guide img")
    expect(pictures).to_have_count(3)
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("naturalWidth", 1280)
