"""A run is launched on its page: presets and their time, what is missing, an error, the run."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.conftest import Visit, Watch
from tests.browser.looks import grave_violations

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
BADLY_FILLED = r"status of 422"
SIZES: dict[str, ViewportSize] = {
    "desktop": {"width": 1280, "height": 800},
    "phone": {"width": 390, "height": 844},
}


@pytest.mark.parametrize(("size", "locale"), [("desktop", "en-US"), ("phone", "es-ES")])
def test_an_admin_chooses_a_preset_corrects_an_error_and_launches(
    visit: Visit, watch: Watch, size: str, locale: str
) -> None:
    watch.expect(BADLY_FILLED)
    page = visit("admin", locale=locale)
    page.set_viewport_size(SIZES[size])
    page.goto("/runs/launch/")
    preset_shows_its_time(page)
    styles_show_what_they_need(page)
    error_opens_its_part(page)
    page.locator("[name=goal]").fill("95")
    page.locator("[name=steps]").fill("2")
    assert grave_violations(page) == []
    page.locator("#launch button.btn-primary").click()
    page.wait_for_url(re.compile(r"/runs/\d+/(#.*)?$"))
    page.goto(f"{page.url.split('/runs/')[0]}/runs/")
    expect(page.locator("main table")).to_contain_text(f"Launched {size}")


def preset_shows_its_time(page: Page) -> None:
    summary = page.locator("#launch-summary b")
    before = summary.inner_text()
    page.locator("[name=preset][value=quick]").check()
    expect(summary).not_to_have_text(before)
    expect(page.locator("#time-quick")).to_contain_text(re.compile(r"\d+ (min|s)"))


def styles_show_what_they_need(page: Page) -> None:
    missing = page.locator("#launch-needs .is-missing")
    before = missing.count()
    empathic = page.locator("[name=styles][value=empatico]")
    empathic.check()
    expect(missing).to_have_count(before + 1)
    empathic.uncheck()
    expect(missing).to_have_count(before)


def error_opens_its_part(page: Page) -> None:
    size = "phone" if page.viewport_size == SIZES["phone"] else "desktop"
    page.locator("[name=name]").fill(f"Launched {size}")
    expect(page.locator("[name=goal]")).not_to_be_visible()
    page.locator("details.advanced > summary").click()
    page.locator("[name=goal]").fill("101")
    page.locator("#launch button.btn-primary").click()
    alert = page.get_by_role("alert")
    expect(alert).to_be_focused()
    alert.get_by_role("link").click()
    expect(page.locator("[name=goal]")).to_be_in_viewport()
    expect(page.locator("[name=name]")).to_have_value(f"Launched {size}")
    expect(page.locator("[name=preset][value=quick]")).to_be_checked()
