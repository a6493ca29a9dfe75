"""The label table: one click, keys, selection, flags, another's choice, a server out of reach."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.acts import until
from tests.browser.conftest import Visit, Watch
from tests.browser.desk import Desk
from tests.browser.looks import assert_fit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
REFUSED = r"status of 409"  # Chromium logs the response to a save that came too late
UNREACHED = r"ERR_FAILED|ERR_INTERNET_DISCONNECTED"
LABELLED = "/label/?category=diphthongs"


def row(page: Page, n: int) -> Locator:
    return page.locator("tr[data-sentence]").nth(n)


def sentence(page: Page, n: int) -> str:
    return str(row(page, n).get_attribute("id")).removeprefix("row-")


def choose(page: Page, n: int, style: str) -> None:
    row(page, n).locator(".choice", has_text=style).click()


def chosen(page: Page, n: int, style: str) -> None:
    expect(row(page, n).get_by_role("radio", name=style)).to_be_checked()


def test_the_second_is_asked_and_keeps_replaces_or_disputes(
    at_desk: Visit, desk: Desk, watch: Watch
) -> None:
    watch.expect(REFUSED)
    first, second = at_desk("labeler"), at_desk("second")
    for page in (first, second):
        page.goto(LABELLED)
    ids = [sentence(first, n) for n in range(3)]
    for n in range(3):
        choose(first, n, "Neutral")
        expect(row(first, n)).to_contain_text("Saved")
        choose(second, n, "Amable")
        expect(row(second, n).get_by_role("alert")).to_contain_text(
            "Elena Ruiz chose “Neutral” here"
        )
        chosen(second, n, "Neutral")
    row(second, 0).get_by_role("button", name="Keep theirs").click()
    expect(row(second, 0).get_by_role("alert")).to_have_count(0)
    row(second, 1).get_by_role("button", name="Replace it by mine").click()
    chosen(second, 1, "Amable")
    row(second, 2).get_by_role("button", name="Make it a dispute").click()
    expect(row(second, 2).locator(".labels-state")).to_contain_text("disputed")
    assert [desk.label(key) for key in ids] == ["neutral", "amable", None]
    page = at_desk("reviewer")
    page.goto("/label/disputes/")
    expect(page.locator(f"#dispute-{ids[2]}")).to_contain_text("1 person")
    expect(page.locator(f"#dispute-{ids[2]}")).not_to_contain_text("Elena")


def test_rows_are_walked_labelled_selected_and_flagged_by_key(at_desk: Visit, desk: Desk) -> None:
    page = at_desk("labeler")
    page.goto("/label/?category=lists")
    ids = [sentence(page, n) for n in range(6)]
    page.keyboard.press("j")
    page.keyboard.press("4")
    expect(row(page, 1)).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("x")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("x")
    expect(page.locator("#selection")).to_contain_text("2 selected")
    page.keyboard.press("2")
    expect(page.locator("#label-done")).to_contain_text("2 labels set.")
    assert [desk.label(key) for key in ids[:5]] == ["profesional", None, "amable", "amable", None]
    page.get_by_role("button", name="Take all of them back").click()
    until(page, "undo", lambda: [desk.label(key) for key in ids[2:4]] == [None, None])
    row(page, 4).get_by_role("radio").first.focus()
    page.keyboard.press("ArrowRight")  # moves, saves nothing
    page.keyboard.press("f")
    page.keyboard.type("Falta una coma.")
    page.keyboard.press("Enter")
    expect(row(page, 4).locator(".flags")).to_contain_text("Falta una coma.")
    assert desk.label(ids[4]) is None
    page.goto("/label/?state=flagged")
    expect(page.locator("tr[data-sentence]")).to_have_count(1)
    row(page, 0).get_by_role("button", name="Resolve").click()
    expect(row(page, 0).locator(".flags")).to_have_count(0)


def test_a_range_is_selected_with_shift(at_desk: Visit) -> None:
    page = at_desk("labeler")
    page.goto("/label/?category=lists")
    row(page, 1).get_by_role("checkbox").click()
    row(page, 4).locator(".labels-text").click(modifiers=["Shift"])
    expect(page.locator("#selection")).to_contain_text("4 selected")
    row(page, 2).locator(".labels-text").click()
    expect(page.locator("#selection")).to_contain_text("3 selected")
    page.get_by_role("button", name="Select none").click()
    expect(page.locator("#selection")).to_be_hidden()


@pytest.mark.parametrize("fault", ["offline", "failed"])
def test_what_was_not_saved_goes_back_and_says_so(
    at_desk: Visit, desk: Desk, watch: Watch, fault: Literal["offline", "failed"]
) -> None:
    watch.expect(f"{UNREACHED}|status of 500|htmx")
    page = at_desk("labeler")
    page.goto("/label/?category=hard-sequences")
    key = sentence(page, 0)
    before = desk.label(key)

    def answer(route: object) -> None:
        route.abort() if fault == "offline" else route.fulfill(status=500)  # type: ignore[attr-defined]

    page.route(f"**/label/{key}/", answer)
    choose(page, 0, "Profesional")
    expect(row(page, 0).locator(".labels-state")).to_contain_text("Not saved")
    expect(row(page, 0).locator("input[type=radio]:checked")).to_have_count(0 if not before else 1)
    expect(row(page, 0).get_by_role("radio", name="Profesional")).not_to_be_checked()
    assert desk.label(key) == before


@pytest.mark.parametrize(("locale", "size"), [("es-ES", "desktop"), ("en-US", "phone")])
def test_the_table_in_use_fits_and_is_accessible(
    at_desk: Visit, watch: Watch, locale: str, size: str
) -> None:
    watch.expect(REFUSED)
    page = at_desk("second", locale=locale)
    page.goto("/label/?category=call-center")
    row(page, 0).get_by_role("checkbox").check()
    row(page, 1).locator("input[type=radio]:not(:checked)").first.click(force=True)
    expect(row(page, 1).locator(".taken")).to_be_visible()
    row(page, 2).locator("details.flag summary").click()
    assert_fit(page, size)


def test_filters_are_folded_on_a_phone_and_say_how_many_are_set(at_desk: Visit) -> None:
    page = at_desk("labeler")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/label/?category=lists&state=open")
    fold = page.get_by_role("button", name="Filters")
    expect(fold).to_contain_text("2")
    expect(page.locator("#filters")).to_be_hidden()
    fold.click()
    expect(page.get_by_label("Category")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(fold).to_be_hidden()
    expect(page.get_by_label("Category")).to_be_visible()
