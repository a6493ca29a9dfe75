"""Checks layout and accessibility of a page: widths, languages, colour schemes, axe, focus."""

from __future__ import annotations

from typing import Literal

from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Page, ViewportSize, expect

Scheme = Literal["light", "dark"]
SIZES: dict[str, ViewportSize] = {
    "narrow": {"width": 320, "height": 640},  # the width of WCAG's reflow criterion
    "desktop": {"width": 1280, "height": 900},
    "phone": {"width": 360, "height": 740},
}
LOOKS: dict[str, tuple[Scheme, str]] = {  # each language is checked in one scheme at one width
    "es-ES": ("light", "desktop"),
    "en-US": ("dark", "phone"),
}
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
GRAVE = ("serious", "critical")
AXE = AXE_FILE_PATH.read_text()

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

# Controls without a visible focus indicator, on themselves or on the box around them.
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
    """Return the elements that overflow the page at either width."""
    found = {}
    for name, size in SIZES.items():
        page.set_viewport_size(size)
        found[name] = page.evaluate(TOO_WIDE)
    return {name: nodes for name, nodes in found.items() if nodes}


def unseen_focus(page: Page) -> list[str]:
    page.keyboard.press("Tab")  # from here on the focus is shown
    return list(page.evaluate(UNSEEN_FOCUS))


def assert_fit(page: Page, size: str) -> None:
    """Fail on overflow at any width, missing names, invisible focus, or violations found by axe."""
    faults = {"focus": unseen_focus(page), "too wide": too_wide(page)}
    page.set_viewport_size(SIZES[size])
    faults |= {"unnamed": page.evaluate(UNNAMED), "axe": grave_violations(page)}
    assert not any(faults.values()), faults


def assert_language(page: Page, locale: str) -> None:
    expect(page.locator("html")).to_have_attribute("lang", locale[:2])
    expect(page.locator("h1")).to_have_count(1)
