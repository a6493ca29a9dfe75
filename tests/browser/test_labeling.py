"""Labeling by keyboard: sentence by sentence, with a blind disagreement and its adjudication."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.acts import tab_to, until
from tests.browser.conftest import Visit
from tests.browser.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
STYLES = {"1": "neutral", "2": "amable", "3": "empatico", "4": "profesional"}


def open_focus_view(page: Page, category: str) -> None:
    page.goto(f"/label/focus/?category={category}")
    expect(page.locator("#focus-card")).to_be_visible()


def current_sentence(page: Page) -> str:
    """Return the sentence in the card; on a slow machine keys may overtake prefetching."""
    expect(page.locator("#focus-card")).to_be_visible()
    return page.locator("#focus-card [data-part=id]").inner_text()


def status(page: Page) -> Locator:
    """Return what a screen reader announces."""
    return page.get_by_role("status").and_(page.locator("#focus-saving"))


def test_sentences_that_cannot_be_fetched_are_asked_for_every_few_seconds(at_desk: Visit) -> None:
    page, asked = at_desk("labeler"), list[str]()

    def spoil(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=200, body="no JSON")

    def skip_one() -> bool:
        page.keyboard.press("s")
        return bool(asked)

    page.route("**/label/focus/next/**", spoil)
    page.goto("/label/focus/")
    expect(page.locator("#focus-card")).to_be_visible()
    until(page, "a request", skip_one)
    page.wait_for_timeout(1_500)
    assert len(asked) <= 2  # one more key may have come before the first answer
    page.unroute("**/label/focus/next/**")
    with page.expect_response("**/label/focus/next/**"):
        expect(page.locator("#focus-card")).to_be_visible()


def test_twenty_sentences_are_labelled_by_keyboard_and_the_last_ten_undone(
    at_desk: Visit, desk: Desk
) -> None:
    page = at_desk("labeler")
    open_focus_view(page, "lists")
    expect_key_help(page)
    skipped = current_sentence(page)
    page.keyboard.press("s")
    expect(status(page)).to_have_text("Skipped")
    before = len(desk.decisions("labeler"))
    labelled = []
    for key in "1234" * 5:
        labelled.append((current_sentence(page), STYLES[key], "person"))  # the next appears at once
        page.keyboard.press(key)
    until(page, "20 labels", lambda: len(desk.decisions("labeler")) == before + 20)
    assert desk.decisions("labeler")[before:] == labelled
    assert len({sentence for sentence, _, _ in labelled}) == 20
    assert skipped not in {sentence for sentence, _, _ in labelled}
    expect(status(page)).to_have_text("Saved")
    undo_at_once(page, desk, labelled[-1][0])
    page.goto("/label/")
    undo_ten(page, desk, [sentence for sentence, _, _ in reversed(labelled[-10:])])
    assert [desk.label(sentence) for sentence, _, _ in labelled[:10]] == [
        style for _, style, _ in labelled[:10]
    ]


def expect_key_help(page: Page) -> None:
    box = page.get_by_role("dialog", name="Keys")
    page.keyboard.press("?")
    expect(box).to_be_visible()
    page.keyboard.press("1")  # plays it aloud, does not label
    page.keyboard.press("?")
    expect(box).to_be_hidden()


def undo_at_once(page: Page, desk: Desk, sentence: str) -> None:
    page.keyboard.press("u")
    expect(page.locator("#focus-card [data-part=id]")).to_have_text(sentence)
    expect(status(page)).to_have_text("Taken back")
    assert desk.decisions("labeler")[-1] == (sentence, None, "undo")
    page.keyboard.press("2")
    until(page, "label", lambda: desk.decisions("labeler")[-1] == (sentence, "amable", "person"))


def undo_ten(page: Page, desk: Desk, sentences: list[str]) -> None:
    """Return to the focus view and undo ten, newest first."""
    open_focus_view(page, "lists")
    for sentence in sentences:
        page.keyboard.press("u")
        expect(page.locator("#focus-card [data-part=id]")).to_have_text(sentence)
    decisions = desk.decisions("labeler")[-10:]
    assert decisions == [(sentence, None, "undo") for sentence in sentences]
    assert {desk.label(sentence) for sentence in sentences} == {None}


def test_the_next_sentence_appears_while_the_previous_one_is_saved(at_desk: Visit) -> None:
    page = at_desk("labeler")
    open_focus_view(page, "lists")
    before, after = page.evaluate("""() => {
      const shown = () => document.querySelector("#focus-card [data-part=id]").textContent;
      const before = shown();
      document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "1", bubbles: true }));
      return [before, shown()];
    }""")
    assert before != after
    expect(status(page)).to_have_text("Saved")


def test_skipped_sentences_return_at_the_end(at_desk: Visit) -> None:
    page = at_desk("labeler")
    open_focus_view(page, "pangrams")
    skipped = current_sentence(page)
    page.keyboard.press("s")
    for _ in range(6):
        assert current_sentence(page) != skipped
        page.keyboard.press("Enter")
    assert current_sentence(page) == skipped
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Nothing is left here")).to_be_visible()


def test_a_filter_makes_one_request_and_is_kept_in_the_address_and_the_other_view(
    at_desk: Visit,
) -> None:
    page = at_desk("labeler")
    page.goto("/label/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    box = page.get_by_label("List", exact=True)
    box.focus()
    box.select_option("lista_02")
    expect(page.locator("[data-sentence]")).to_have_count(10)
    expect(box).to_be_focused()
    page.wait_for_timeout(500)
    assert len([url for url in asked if "/label/" in url]) == 1
    assert "list=lista_02" in page.url
    page.get_by_label("Search").fill("sh02-03")
    expect(page.locator("[data-sentence]")).to_have_count(1)
    page.get_by_role("link", name="One by one").click()
    expect(page).to_have_url(re.compile(r"/label/focus/\?.*list=lista_02"))
    expect(page).to_have_url(re.compile(r"[?&]q=sh02-03"))
    expect(page.locator("#focus-card")).to_be_visible()
    page.go_back()
    expect(page.locator("[data-sentence]")).to_have_count(1)
    expect(page.get_by_label("Search")).to_have_value("sh02-03")
    page.go_back()
    expect(page.locator("[data-sentence]")).to_have_count(10)


def test_two_labelers_disagree_blindly_and_a_third_adjudicates_with_a_reason(
    at_desk: Visit, desk: Desk
) -> None:
    for person, key in (("labeler", "1"), ("second", "2")):
        page = at_desk(person)
        open_focus_view(page, "numbers")
        sentence = current_sentence(page)
        expect(page.locator("#focus-card [data-mark=label]:visible")).to_have_count(0)
        page.keyboard.press(key)
        expect(status(page)).to_have_text("Saved")
    assert desk.label(sentence) is None
    adjudicate_by_keyboard(at_desk("reviewer"), sentence)
    [(style, person, reason)] = desk.rows(
        "SELECT y.key, u.username, a.reason FROM corpus_adjudication a"
        " JOIN corpus_stylelabel y ON y.id = a.style_id JOIN auth_user u ON u.id = a.person_id"
        " JOIN corpus_sentence s ON s.id = a.sentence_id WHERE s.sentence_id = ?",
        sentence,
    )
    assert (style, person, reason) == ("empatico", "reviewer", "The guide: it apologises.")
    assert desk.label(sentence) == "empatico"
    assert [d[1] for d in desk.decisions("second") if d[0] == sentence] == ["amable"]
    page = at_desk("labeler")
    page.goto(f"/label/?q={sentence}")
    expect(page.locator(f"#row-{sentence}")).to_contain_text("adjudicated")


def adjudicate_by_keyboard(page: Page, sentence: str) -> None:
    page.goto("/label/disputes/")
    card = page.locator(f"#dispute-{sentence}")
    expect(card.get_by_role("listitem")).to_have_count(2)
    tab_to(page, card.get_by_role("radio").first)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    page.keyboard.type("The guide: it apologises.")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="is settled")).to_contain_text(sentence)
    expect(card).to_have_count(0)
