"""Takes the pictures of the help pages over a site with the rows of fill.py: both languages.

python -m tests.browser.screenshots            # all of them, into static/help
python -m tests.browser.screenshots run voices # only these
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from collections.abc import Collection
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tests.browser.conftest import _chromium, contexts_of, environment, filled, serving
from tests.conftest import REPOSITORY
from tests.processes import free_port, manage

TARGET = REPOSITORY / "static" / "help"
LANGUAGES = {"es": "es-ES", "en": "en-US"}
WIDTH, HEIGHT = 1280, 800
QUALITY = 62  # of WebP: the letters stay sharp, 26 pictures are 0.9 MB

# Picture, who sees it, the address; {judged} is the run of fill.py.
SHOTS = {
    "label": ("labeler", "/label/?category=call-center"),
    "focus": ("labeler", "/label/focus/"),
    "accept": ("labeler", "/label/accept/"),
    "consent": ("speaker", "/takes/consent/"),
    "studio": ("admin", "/studio/"),
    "takes": ("admin", "/takes/"),
    "listening": ("reviewer", "/takes/review/"),
    "disputes": ("reviewer", "/label/disputes/"),
    "review": ("reviewer", "/runs/{judged}/review/"),
    "people": ("admin", "/people/"),
    "launch": ("admin", "/runs/launch/"),
    "run": ("admin", "/runs/{judged}/"),
    "voices": ("admin", "/voices/"),
}


def main(names: Collection[str]) -> None:
    if unknown := set(names) - set(SHOTS):
        sys.exit(f"No picture {', '.join(sorted(unknown))}; there are {', '.join(SHOTS)}.")
    with tempfile.TemporaryDirectory() as folder:
        env = environment(Path(folder), free_port()) | {"BLIND_SHARE": "0"}
        manage("prepare", env=env)
        told = filled(env, "fill.py")
        names_give(Path(folder))
        with serving(env), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=_chromium(), args=["--no-sandbox"])
            pictures_take(browser, env["WEB_PORT"], told, names or SHOTS)


def names_give(folder: Path) -> None:
    """Name the runs as people would."""
    with sqlite3.connect(folder / "db.sqlite3") as base:
        base.execute("UPDATE distillation_run SET name = 'Marina, primavera' WHERE name = 'Judged'")
        base.execute("UPDATE distillation_run SET name = 'Marina, otoño' WHERE name = 'Paused'")


def pictures_take(
    browser: Browser, port: str, told: dict[str, Any], names: Collection[str]
) -> None:
    context_of = contexts_of(browser, f"http://127.0.0.1:{port}", told["passwords"])
    size: ViewportSize = {"width": WIDTH, "height": HEIGHT}
    for language, locale in LANGUAGES.items():
        for name in names:
            person, address = SHOTS[name]
            page = context_of(person, locale=locale, color_scheme="light").new_page()
            page.set_viewport_size(size)
            page.goto(address.format(judged=told["judged"]))
            save(page, TARGET / language / f"{name}.webp")
            page.close()


def save(page: Page, path: Path) -> None:
    page.wait_for_load_state("networkidle")
    path.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(BytesIO(page.screenshot())) as picture:
        picture.convert("RGB").save(path, "WEBP", quality=QUALITY, method=6)
    sys.stdout.write(f"{path.relative_to(REPOSITORY)} {path.stat().st_size // 1024} KiB\n")


if __name__ == "__main__":
    main(sys.argv[1:])
