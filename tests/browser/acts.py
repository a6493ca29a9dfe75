"""User actions shared by several pages: play audio, wait for a page, move with Tab."""

from __future__ import annotations

import time
from typing import Any

from playwright.sync_api import Locator, Page

PLAYING = "() => [...document.querySelectorAll('audio')].filter((a) => !a.paused).map((a) => a.src)"


def until(page: Page, what: str, check: Any, *, seconds: float = 30.0) -> Any:
    """Return the first true result of `check` while the page keeps running."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := check():
            return answer
        page.wait_for_timeout(100)
    raise AssertionError(f"{what} did not come within {seconds} s on {page.url}")


def play_audio(player: Locator) -> str:
    """Play audio and wait until playback advances; return its address."""
    audio = player.locator("audio")
    player.get_by_role("button").click()
    until(player.page, "sound", lambda: audio.evaluate("(a) => !a.paused && a.currentTime > 0.1"))
    return str(audio.evaluate("(a) => a.src"))


def playing(page: Page) -> list[str]:
    return list(page.evaluate(PLAYING))


def tab_to(page: Page, target: Locator, *, presses: int = 60) -> None:
    """Press Tab until the element has the focus."""
    for _ in range(presses):
        page.keyboard.press("Tab")
        if target.evaluate("(node) => node === document.activeElement"):
            return
    raise AssertionError(f"{target} was not reached by {presses} Tabs on {page.url}")
