"""A reviewer's verdicts by keyboard, one undone; the speaker reads the reason."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_a_reviewer_accepts_one_take_and_sends_one_back_by_keyboard(
    at_desk: Visit, desk: Desk
) -> None:
    waiting = [pk for pk, _, state in desk.takes() if state == "pending"]
    page = at_desk("reviewer")
    page.goto("/takes/review/")
    judge_by_key(page, "a")
    page.keyboard.press("r")
    expect(page.get_by_label("Reason to send it back")).to_be_focused()
    page.keyboard.type("The end is cut off.")
    judge_by_key(page, "Enter")
    assert state_of(desk, waiting[:2]) == ["accepted", "rejected"]
    expect(page.get_by_role("form", name="Your last verdict")).to_contain_text("sent back")
    judge_by_key(page, "u")
    assert state_of(desk, waiting[:2]) == ["accepted", "pending"]
    assert page.url.endswith(f"take={waiting[1]}")
    page.keyboard.press("r")
    page.keyboard.type("Cut off: begin again.")
    judge_by_key(page, "Enter")
    verdicts = desk.rows(
        "SELECT state, reason, undoes_id IS NOT NULL FROM corpus_takeverdict"
        " WHERE recording_id = ? ORDER BY id",
        waiting[1],
    )
    assert verdicts == [
        ("rejected", "The end is cut off.", 0),
        ("pending", "", 1),
        ("rejected", "Cut off: begin again.", 0),
    ]
    expect_reason_in_studio(at_desk("speaker"), desk, waiting[1], "Cut off: begin again.")


def judge_by_key(page: Page, key: str) -> None:
    with page.expect_navigation():
        page.keyboard.press(key)


def state_of(desk: Desk, takes: list[int]) -> list[str]:
    return [state for pk, _, state in desk.takes() if pk in takes]


def expect_reason_in_studio(page: Page, desk: Desk, take: int, reason: str) -> None:
    [(sentence, style)] = desk.rows(
        "SELECT s.sentence_id, y.key FROM corpus_recording r"
        " JOIN corpus_sentence s ON s.id = r.sentence_id"
        " JOIN corpus_stylelabel y ON y.id = r.style_id WHERE r.id = ?",
        take,
    )
    page.goto("/studio/")
    prompts = page.locator(f".studio-prompt[data-sentence={sentence}][data-style={style}]")
    expect(prompts).to_have_count(1)  # it waits to be read again
    page.goto(f"/studio/?sentence={sentence}&style={style}")
    expect(page.locator(f"#studio-history [data-take='{take}']")).to_contain_text(reason)
