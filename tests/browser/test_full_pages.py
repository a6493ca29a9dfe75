"""The pages of labels and takes with many rows: they fit and are as accessible as empty ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit, Watch
from tests.browser.desk import Desk
from tests.browser.looks import LOOKS, assert_fit, assert_language
from tests.browser.test_batch import FILES, TRAPS, expect_counts, zipped

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

BOTH = ("desktop", "phone")  # each language at both widths
# Page, who opens it, its address, and what must be present first.
FULL = {
    "labels, disputed": ("labeler", "/label/?category=minimal-pairs", ".badge-warn"),
    "one by one": ("second", "/label/focus/", "#focus-recent li >> nth=9"),
    "disputes": ("reviewer", "/label/disputes/", ".settled details"),
    "agreement": ("reviewer", "/label/agreement/", "#agreement table .mark"),
    "people": ("reviewer", "/label/people/", ".stacked .piece >> nth=5"),
    "takes sent back": ("speaker", "/takes/?state=rejected", ".takes .badge-bad"),
    "take, judged": ("reviewer", "/takes/5/", ".history form"),
    "review": ("reviewer", "/takes/review/", "#judge"),
    "calibration": ("reviewer", "/takes/calibration/", ".calibration-precision"),
    "studio, own takes": ("speaker", "{sent_back}", "#studio-history blockquote"),
}


@pytest.mark.parametrize("locale", LOOKS)
@pytest.mark.parametrize("name", FULL)
def test_a_full_page_fits_and_is_accessible(
    at_desk: Visit, desk: Desk, name: str, locale: str
) -> None:
    scheme, _ = LOOKS[locale]
    person, address, there = FULL[name]
    page = at_desk(person, locale=locale, color_scheme=scheme)
    page.goto(address.format(sent_back=_sent_back(desk)))
    page.locator(there).first.wait_for(state="attached")
    for box in page.locator("details:not(.account)").all():
        box.evaluate("(box) => { box.open = true; }")
    assert_language(page, locale)
    for size in BOTH:
        assert_fit(page, size)


@pytest.mark.parametrize("locale", LOOKS)
def test_the_file_list_of_a_batch_fits_and_is_accessible(
    at_desk: Visit, watch: Watch, tmp_path: Path, locale: str
) -> None:
    scheme, size = LOOKS[locale]
    page = at_desk("speaker", locale=locale, color_scheme=scheme)
    page.goto("/takes/batch/")
    path = tmp_path / "takes.zip"
    path.write_bytes(zipped({name: content for name, (content, _) in (FILES | TRAPS).items()}))
    page.locator("#id_zip").set_input_files(path)
    page.locator("form.panel button").click()
    expect_counts(page, ready=3, fault=7)
    assert_language(page, locale)
    assert_fit(page, size)


def test_messages_are_announced_to_screen_readers(at_desk: Visit) -> None:
    """Live regions exist before they announce, and errors interrupt."""
    page = at_desk("reviewer")
    page.goto("/label/disputes/")
    page.locator(".settled summary").first.click()
    form = page.locator(".settled form").first
    form.get_by_role("radio").first.check()
    form.get_by_role("textbox").fill(" ")
    form.get_by_role("button").click()
    expect(page.get_by_role("alert")).to_contain_text("Say why")
    assert_live_region(page)


def assert_live_region(page: Page) -> None:
    toasts = page.locator("#toasts")
    expect(toasts).to_have_attribute("aria-live", "polite")
    expect(toasts).to_have_role("status")


def _sent_back(desk: Desk) -> str:
    [(sentence, style)] = desk.rows(
        "SELECT s.sentence_id, y.key FROM corpus_recording r"
        " JOIN corpus_sentence s ON s.id = r.sentence_id"
        " JOIN corpus_stylelabel y ON y.id = r.style_id"
        " WHERE r.state = 'rejected' AND r.id <= 5 ORDER BY r.id DESC LIMIT 1"
    )
    return f"/studio/?sentence={sentence}&style={style}"
