"""The page of a run: its polling disturbs nobody, its curves say values by keys and pointer."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acts import play_audio, playing, until
from tests.browser.conftest import Site, Visit
from tests.browser.looks import LOOKS, assert_fit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
Change = Callable[[str], None]


@pytest.fixture
def change(site: Site) -> Iterator[Change]:
    """Change rows of the ended run, as if it went on; it is as before afterwards."""
    database = site.media.parent / "db.sqlite3"

    def execute(statement: str) -> None:
        with sqlite3.connect(database, timeout=20) as connection:
            connection.execute(statement, {"run": site.judged})

    execute("update distillation_run set state = 'paused' where id = :run")
    yield execute
    execute("update distillation_run set state = 'finished' where id = :run")
    execute("update distillation_stylerun set step = step - 1 where run_id = :run and step > 8")


def test_polling_keeps_focus_sound_and_open_details(
    visit: Visit, site: Site, change: Change
) -> None:
    page = visit("reviewer")
    page.goto(f"/runs/{site.judged}/")
    for name in ("run-search", "run-happened", "run-parts-box"):
        page.locator(f"#{name} > summary").click()
    best = page.locator("#sound-neutral-best")
    before = best.locator("[name=heard]").input_value()
    best.locator("audio").evaluate("(audio) => { audio.loop = true; }")
    address = play_audio(best.locator("sound-player"))
    slider = page.locator("#curve-score")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    place = slider.input_value()
    change("update distillation_stylerun set step = step + 1 where run_id = :run")
    new = "update distillation_voicepack set sha256 = 'f' || substr(sha256, 2) where kind = "
    change(f"{new} 'evolved' and style = 'neutral'")
    for _ in range(2):
        with page.expect_response("**/panel/**"):
            pass
    expect(page.locator("#progress-neutral")).to_be_visible()
    assert playing(page) == [address]
    expect(slider).to_be_focused()
    expect(slider).to_have_value(place)
    for name in ("run-search", "run-happened", "run-parts-box"):
        assert page.locator(f"#{name}").evaluate("(box) => box.open"), name
    best.get_by_role("button").click()
    slider.focus()  # silent and without the focus, the sound may be replaced
    until(page, "the new sound", lambda: best.locator("[name=heard]").input_value() != before)


@pytest.mark.parametrize("locale", LOOKS)
def test_curves_say_their_values_by_keys_and_pointer(visit: Visit, site: Site, locale: str) -> None:
    scheme, size = LOOKS[locale]
    page = visit("labeler", locale=locale, color_scheme=scheme)
    page.goto(f"/runs/{site.judged}/")
    chart = page.locator("#run-curves [data-chart]")
    at, slider = chart.locator("[data-x]"), chart.locator(".curve-slider")
    last = _values(page)
    slider.focus()
    page.keyboard.press("Home")
    expect(at).to_have_text("0")
    first = _values(page)
    assert all(number <= end for number, end in zip(first, last, strict=True))
    said = slider.get_attribute("aria-valuetext") or ""
    assert said.startswith("pasos 0: " if locale == "es-ES" else "steps 0: ")
    assert "Neutral" in said
    page.keyboard.press("ArrowRight")
    expect(at).to_have_text("1")
    page.keyboard.press("End")
    assert _values(page) == last
    slider.hover(position={"x": 2, "y": 20})
    expect(at).to_have_text("0")
    page.mouse.move(0, 0)
    expect(at).not_to_have_text("0")
    for box in page.locator("main details").all():
        box.evaluate("(box) => { box.open = true; }")
    assert_fit(page, size)


def _values(page: Page) -> list[float]:
    shown = page.locator("#run-curves [data-value]").all_inner_texts()
    return [float(value.replace(",", ".")) for value in shown]
