"""Every page on desktop and phone, in both languages, light and dark: it fits and is accessible."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from django.urls import resolve
from playwright.sync_api import Page, expect

from tests.browser.acts import tab_to
from tests.browser.conftest import Site, Visit, Watch
from tests.browser.looks import LOOKS, assert_fit, assert_language
from tests.web.permissions import PERMISSIONS

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

NOWHERE = "/nowhere/"

# Page, who opens it, its address; {judged} and {paused} are the runs of fill.py.
# A new page needs a row here; an address that is not a page needs one in PARTS.
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
    "correct": ("reviewer", "/label/shcc-01/correct/"),
    "import": ("labeler", "/label/import/"),
    "takes": ("admin", "/takes/?style=amable"),
    "take": ("admin", "/takes/1/"),
    "upload": ("admin", "/takes/upload/"),
    "listening": ("reviewer", "/takes/review/"),
    "calibration": ("reviewer", "/takes/calibration/"),
    "rescore": ("reviewer", "/takes/rescore/1/"),
    "export": ("admin", "/takes/export/"),
    "batch": ("admin", "/takes/batch/"),
    "studio": ("admin", "/studio/"),
    "consent": ("admin", "/takes/consent/"),
    "record next": ("admin", "/takes/next/"),
    "runs": ("admin", "/runs/"),
    "run": ("admin", "/runs/{judged}/"),
    "compare": ("admin", "/runs/compare/?run={judged}&run={paused}"),
    "paused run": ("admin", "/runs/{paused}/"),
    "report": ("admin", "/runs/{judged}/report/"),
    "review": ("reviewer", "/runs/{judged}/review/"),
    "voices": ("admin", "/voices/"),
    "voice": ("labeler", "/voices/1/"),
    "playground": ("labeler", "/playground/"),
    "withdrawals": ("admin", "/voices/withdrawn/"),
    "voice uses": ("admin", "/voices/of/1/"),
    "listening tests": ("labeler", "/listening-tests/"),
    "new listening test": ("reviewer", "/listening-tests/new/?run={judged}"),
    "listening test": ("admin", "/listening-tests/1/"),
    "listening results": ("reviewer", "/listening-tests/1/results/"),
    "invitation": ("", "{link}"),
    "listening part": ("", "{part}"),
    "launch": ("admin", "/runs/launch/"),
    "launch again": ("admin", "/runs/launch/?again={judged}"),
    "glossary": ("labeler", "/glossary/"),
    "help": ("speaker", "/help/"),
    "help for reviewers": ("reviewer", "/help/reviewer/"),
    "everybody here": ("admin", "/people/"),
    "operations": ("admin", "/operations/"),
    "audit": ("admin", "/operations/audit/"),
    "password": ("labeler", "/account/password/"),
    "second factor": ("labeler", "/account/second-factor/"),
    "password changed": ("labeler", "/account/password/done/"),
    "forgotten password": ("", "/account/reset/"),
    "link sent": ("", "/account/reset/sent/"),
    "used link": ("", "/account/reset/MQ/used/"),
    "password saved": ("", "/account/reset/done/"),
    "home of a speaker": ("speaker", "/"),
    "fault": ("labeler", NOWHERE),
}

PARTS = {  # files, sounds, drawings and parts of the pages above
    *(
        "favicon",
        *("audit_export", "healthz", "readyz", "metrics", "unattended"),
        *("admin_login", "login_code", "run_launch_takes"),
        "corpus_export",
        "focus_next",
        "take_audio",
        "take_waveform",
        "take_spectrogram",
    ),
    *("studio_history", "studio_take", "studio_example", "run_panel", "run_curve", "report_file"),
    *("style_audio", "held_out_audio", "pack_audio", "pack_waveform", "take_batch_zip"),
    *("pack_sample", "sample_waveform", "listening_test_sound", "listening_test_export"),
    *("run_launch_facts", "playground_history", "playground_state", "playground_sound"),
    *("audit_export", "healthz", "readyz", "metrics", "unattended"),
    "playground_waveform",
    "voice_card",
}


def opened(visit: Visit, site: Site, name: str, **options: Any) -> Page:
    person, address = PAGES[name]
    page = visit(person, **options)
    page.goto(address.format(**asdict(site)))
    return page


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("locale", LOOKS)
def test_the_page_fits_and_is_accessible(
    visit: Visit, site: Site, watch: Watch, name: str, locale: str
) -> None:
    watch.expect(f"status of 404.*{NOWHERE}")
    scheme, size = LOOKS[locale]
    page = opened(visit, site, name, locale=locale, color_scheme=scheme)
    assert_language(page, locale)
    assert_fit(page, size)


def test_every_page_is_checked() -> None:
    known = {
        "link": "/listening-tests/listen/x/",
        "part": f"/listening-tests/listen/as/{UUID(int=0)}/",
    }
    addresses = [
        path.format(judged=1, paused=2, **known) for _, path in PAGES.values() if path != NOWHERE
    ]
    seen = {resolve(urlsplit(address).path).url_name for address in addresses}
    pages = {name for name, (method, _) in PERMISSIONS.items() if "GET" in method} - PARTS
    assert pages <= seen


def test_the_skip_link_skips_the_navigation(visit: Visit) -> None:
    page = visit("admin")
    page.goto("/takes/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_a_run_is_controlled_with_the_keyboard(visit: Visit, site: Site) -> None:
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
