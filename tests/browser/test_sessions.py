"""What was typed when a session had ended comes back after sign-in; a missing cookie says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site, Watch

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@contextmanager
def signed_in(browser: Browser, site: Site, watch: Watch, person: str) -> Iterator[Page]:
    """Sign in with a session of its own, which the test may end."""
    context = browser.new_context(base_url=site.url, locale="en-US")
    page = context.new_page()
    watch.listen(page)
    sign_in(page, site, person, at="/login/")
    yield page
    context.close()


def sign_in(page: Page, site: Site, person: str, at: str = "") -> None:
    if at:
        page.goto(at)
    page.fill("[name=username]", person)
    page.fill("[name=password]", site.passwords[person])
    page.click("main button.btn-primary")
    page.wait_for_url(lambda url: "/login/" not in url)


def session_ends(page: Page) -> None:
    page.context.clear_cookies(name="sessionid")


def test_a_label_chosen_too_late_is_saved_after_signing_in(
    browser: Browser, site: Site, watch: Watch
) -> None:
    with signed_in(browser, site, watch, "labeler") as page:
        page.goto("/label/?category=pangrams")
        row = page.locator("[data-sentence]").last
        row_id = row.get_attribute("id")
        session_ends(page)
        row.get_by_role("radio", name="Amable").click(force=True)  # the row may be gone then
        expect(page.locator("#draft-kept")).to_be_visible()
        sign_in(page, site, "labeler")
        expect(page.locator(f"#{row_id}").get_by_text("Saved")).to_be_visible()
        page.reload()
        expect(page.locator(f"#{row_id}").get_by_role("radio", name="Amable")).to_be_checked()


def test_what_was_saved_is_not_sent_again_after_signing_out_and_in(
    browser: Browser, site: Site, watch: Watch
) -> None:
    with signed_in(browser, site, watch, "labeler") as page:
        page.goto("/label/?category=numbers")
        row_id = page.locator("[data-sentence]").last.get_attribute("id")
        row = page.locator(f"#{row_id}")
        for style in ("Amable", "Neutral"):
            with page.expect_response("**/label/*/"):
                row.get_by_role("radio", name=style).click(force=True)
            page.wait_for_function("sessionStorage.getItem('voicelab-draft') === null")
            expect(row.get_by_role("radio", name=style)).to_be_checked()
        session_ends(page)
        page.goto("/label/?category=numbers")  # leads to the page to sign in
        expect(page.locator("#draft-kept")).to_be_hidden()


def test_a_reason_for_a_verdict_comes_back_though_it_was_refused_before(
    browser: Browser, site: Site, watch: Watch
) -> None:
    watch.expect(r"status of 422")
    with signed_in(browser, site, watch, "reviewer") as page:
        page.goto("/takes/?state=pending")
        page.locator("main a.takes-text").first.click()
        page.get_by_role("button", name="Send back").click()  # refused: a reason is wanted
        page.wait_for_url("**/judge/")
        session_ends(page)
        page.locator("#id_reason").fill("A door slams at the end.")
        page.get_by_role("button", name="Send back").click()
        sign_in(page, site, "reviewer")
        expect(page.get_by_text("What you typed is back")).to_be_focused()
        expect(page.locator("#id_reason")).to_have_value("A door slams at the end.")


def test_a_launch_comes_back_with_its_advanced_part_open(
    browser: Browser, site: Site, watch: Watch
) -> None:
    with signed_in(browser, site, watch, "admin") as page:
        page.goto("/runs/launch/")
        page.locator("[name=name]").fill("Typed before the session ended")
        page.locator("[name=preset][value=thorough]").check()
        page.locator("details.advanced > summary").click()
        page.locator("[name=goal]").fill("97")
        page.locator("[name=goal]").blur()
        page.wait_for_load_state("networkidle")  # times and requirements are fetched again
        session_ends(page)
        page.locator("#launch button.btn-primary").click()
        sign_in(page, site, "admin")
        expect(page.locator("[name=name]")).to_have_value("Typed before the session ended")
        expect(page.locator("[name=preset][value=thorough]")).to_be_checked()
        expect(page.locator("[name=goal]")).to_have_value("97")
        expect(page.locator("[name=goal]")).to_be_visible()


def test_another_person_does_not_see_what_was_typed(
    browser: Browser, site: Site, watch: Watch
) -> None:
    with signed_in(browser, site, watch, "reviewer") as page:
        page.goto("/takes/review/")
        session_ends(page)
        page.locator("#id_reason").fill("Not for others.")
        page.locator("#reject").click()
        sign_in(page, site, "admin")
        expect(page.locator("#id_reason")).to_have_value("")
        assert page.evaluate("sessionStorage.getItem('voicelab-draft')") is None


def test_a_browser_without_cookies_is_told_so(browser: Browser, site: Site, watch: Watch) -> None:
    watch.expect(r"status of 403")
    context = browser.new_context(base_url=site.url, locale="en-US")
    page = context.new_page()
    watch.listen(page)
    page.goto("/login/")
    context.clear_cookies()
    page.fill("[name=username]", "labeler")
    page.fill("[name=password]", "x")
    page.click("main button.btn-primary")
    expect(page.locator("h1")).to_have_text("Your browser sent no cookie")
    page.get_by_role("link", name="Open the page again").click()
    expect(page.locator("[name=username]")).to_be_visible()
    context.close()
