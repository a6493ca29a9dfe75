"""Every page, on a desktop and a phone, in both languages, light and dark: fits and is readable."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from django.urls import resolve
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.acts import tab_to
from tests.browser.conftest import Site, Visit, Watch
from tests.web.permissions import PERMISSIONS

Scheme = Literal["light", "dark"]
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SIZES: dict[str, ViewportSize] = {
    "narrow": {"width": 320, "height": 640},  # what WCAG calls reflow
    "desktop": {"width": 1280, "height": 900},
    "phone": {"width": 360, "height": 740},
}
LOOKS: dict[str, tuple[Scheme, str]] = {  # each language is read in one scheme at one width
    "es-ES": ("light", "desktop"),
    "en-US": ("dark", "phone"),
}
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
GRAVE = ("serious", "critical")
AXE = AXE_FILE_PATH.read_text()

NOWHERE = "/nowhere/"

# What is looked at, who opens it, where; {judged} and {paused} are the runs of fill.py.
# A new page needs a row here, what is no page one in PARTS.
PAGES = {
    "login": ("", "/login/"),
    "home": ("admin", "/"),
    "label": ("labeler", "/label/?category=call-center"),
    "label read": ("reviewer", "/label/?category=pangrams"),
    "nothing found": ("labeler", "/label/?q=xyzzy"),
    "focus": ("labeler", "/label/focus/"),
    "accept": ("labeler", "/label/accept/?category=pangrams"),
    "disputes": ("reviewer", "/label/disputes/"),
    "agreement": ("reviewer", "/label/agreement/"),
    "people": ("reviewer", "/label/people/"),
    "sentences": ("labeler", "/label/sentences/"),
    "import": ("labeler", "/label/import/"),
    "takes": ("admin", "/takes/?style=amable"),
    "take": ("admin", "/takes/1/"),
    "upload": ("admin", "/takes/upload/"),
    "listening": ("reviewer", "/takes/review/"),
    "calibration": ("reviewer", "/takes/calibration/"),
    "export": ("admin", "/takes/export/"),
    "batch": ("admin", "/takes/batch/"),
    "studio": ("admin", "/studio/"),
    "consent": ("admin", "/takes/consent/"),
    "runs": ("admin", "/runs/"),
    "run": ("admin", "/runs/{judged}/"),
    "paused run": ("admin", "/runs/{paused}/"),
    "report": ("admin", "/runs/{judged}/report/"),
    "review": ("reviewer", "/runs/{judged}/review/"),
    "voices": ("admin", "/voices/"),
    "voice": ("labeler", "/voices/1/"),
    "withdrawals": ("admin", "/voices/withdrawn/"),
    "voice uses": ("admin", "/voices/of/1/"),
    "fault": ("labeler", NOWHERE),
}

PARTS = {  # files, sounds, drawings and parts of the pages above
    *("favicon", "corpus_export", "focus_next", "take_audio", "take_waveform", "take_spectrogram"),
    *("studio_history", "studio_take", "studio_example", "run_panel", "run_curve", "report_file"),
    *("style_audio", "held_out_audio", "pack_audio", "pack_waveform", "take_batch_zip"),
}

# What does not fit: wider than the window, or cut off where nothing scrolls.
TOO_WIDE = """() => {
  const wide = document.documentElement.clientWidth;
  const clipped = (node) => {
    for (let up = node.parentElement; up; up = up.parentElement)
      if (/auto|scroll|hidden|clip/.test(getComputedStyle(up).overflowX)) return true;
    return false;
  };
  if (document.documentElement.scrollWidth <= wide) return [];
  return [...document.body.querySelectorAll("*")]
    .filter((node) => node.getBoundingClientRect().right > wide + 1 && !clipped(node))
    .map((node) => node.outerHTML.slice(0, 120));
}"""

# Drawings that say something have a name; the others are hidden from screen readers.
UNNAMED = """() => [...document.querySelectorAll("svg, img")].filter((node) =>
    !node.closest("[aria-hidden=true]") && !node.parentElement.closest("svg")
    && !(node.getAttribute("alt") ?? node.getAttribute("aria-label")
         ?? node.querySelector("title")?.textContent))
  .map((node) => node.outerHTML.slice(0, 120))"""

# Controls that show no sign of the focus, on themselves or on the box around them.
UNSEEN_FOCUS = """() => {
  const marked = (node) => {
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(node);
    return (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2) || boxShadow !== "none";
  };
  return [...document.querySelectorAll("a, button, input, select, textarea, summary")]
    .filter((node) => node.checkVisibility() && node.type !== "hidden" && !node.disabled)
    .filter((node) => {
      node.focus();
      return document.activeElement === node && !marked(node) && !marked(node.parentElement);
    })
    .map((node) => node.outerHTML.slice(0, 120));
}"""


def opened(visit: Visit, site: Site, name: str, **options: Any) -> Page:
    person, address = PAGES[name]
    page = visit(person, **options)
    page.goto(address.format(judged=site.judged, paused=site.paused))
    return page


def grave_violations(page: Page) -> list[str]:
    """Return what axe-core finds against WCAG 2.2 AA, a line each."""
    page.evaluate(AXE)
    options = {"runOnly": WCAG, "resultTypes": ["violations"]}
    found = page.evaluate("(options) => axe.run(options)", options)
    return [
        f"{rule['id']}: {node['html'][:160]} {node['failureSummary']}"
        for rule in found["violations"]
        if rule["impact"] in GRAVE
        for node in rule["nodes"][:3]
    ]


def too_wide(page: Page) -> dict[str, list[str]]:
    """Return what stands out of the page at either width."""
    found = {}
    for name, size in SIZES.items():
        page.set_viewport_size(size)
        found[name] = page.evaluate(TOO_WIDE)
    return {name: nodes for name, nodes in found.items() if nodes}


def unseen_focus(page: Page) -> list[str]:
    page.keyboard.press("Tab")  # from here on the focus is shown
    return list(page.evaluate(UNSEEN_FOCUS))


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("locale", LOOKS)
def test_the_page_is_fit_to_read_and_use(
    visit: Visit, site: Site, watch: Watch, name: str, locale: str
) -> None:
    watch.expect(f"status of 404.*{NOWHERE}")
    scheme, size = LOOKS[locale]
    page = opened(visit, site, name, locale=locale, color_scheme=scheme)
    expect(page.locator("html")).to_have_attribute("lang", locale[:2])
    expect(page.locator("h1")).to_have_count(1)
    assert unseen_focus(page) == []
    assert too_wide(page) == {}
    page.set_viewport_size(SIZES[size])
    assert page.evaluate(UNNAMED) == []
    assert grave_violations(page) == []


def test_every_page_is_looked_at() -> None:
    addresses = [path.format(judged=1, paused=2) for _, path in PAGES.values() if path != NOWHERE]
    seen = {resolve(urlsplit(address).path).url_name for address in addresses}
    pages = {name for name, (method, _) in PERMISSIONS.items() if method == "GET"} - PARTS
    assert pages <= seen


def test_the_launch_form_of_the_admin_fits(visit: Visit) -> None:
    """Django's own page: what is on it is named by Django, that it fits is ours."""
    page = visit("admin")
    page.goto("/admin/distillation/run/add/")
    expect(page.locator("h1")).to_have_text("Launch a run")
    assert too_wide(page) == {}


def test_the_skip_link_leads_past_the_navigation(visit: Visit) -> None:
    page = visit("admin")
    page.goto("/takes/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_a_run_is_steered_with_the_keyboard(visit: Visit, site: Site) -> None:
    page = visit("admin")
    page.goto(f"/runs/{site.paused}/")
    for button, then in (("Resume", "Pause"), ("Pause", "Resume")):
        tab_to(page, page.get_by_role("button", name=button))
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name=then)).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    tab_to(page, page.get_by_role("button", name="Cancel"))
    page.keyboard.press("Enter")
    expect(page.locator("#run-panel h1 .badge")).to_have_text("cancelled")
