"""The work of the four roles in a browser, from the label to the deployed voice."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from corpus.audio.io import encode_wav
from tests.browser.acts import play_audio, playing, tab_to, until
from tests.browser.conftest import Site, Visit, Watch
from tests.browser.looks import SIZES, assert_fit
from tests.signals import speech

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
BADLY_FILLED = r"status of 422"  # Chromium logs the response to a refused form


def row_of(page: Page, sentence: str) -> Locator:
    return page.locator(f"#row-{sentence}")


def test_a_labeler_labels_accepts_a_suggestion_and_undoes_it(visit: Visit) -> None:
    page = visit("labeler")
    page.goto("/label/?category=pangrams")
    loads: list[str] = []
    page.on("framenavigated", lambda frame: loads.append(frame.url))
    first, second = row_of(page, "shpa-01"), row_of(page, "shpa-02")
    first.get_by_text("Profesional").click()
    expect(first.get_by_text("Saved")).to_be_visible()
    second.get_by_role("button", name="Accept").click()
    expect(second.get_by_text("as suggested")).to_be_visible()
    expect(page.locator("#label-progress .figure-big")).to_contain_text("122")
    assert loads == []
    page.reload()
    expect(first.get_by_role("radio", name="Profesional")).to_be_checked()
    second.get_by_role("button", name="Undo").click()
    expect(second.locator("input[type=radio]:checked")).to_have_count(0)
    page.goto("/label/?category=pangrams&state=done")
    expect(page.locator("[data-sentence]")).to_have_count(1)


def test_the_label_page_is_used_with_the_keyboard(visit: Visit) -> None:
    page = visit("labeler")
    page.goto("/label/?category=pangrams")
    rows = [row_of(page, f"shpa-0{n}") for n in (4, 5, 6)]
    tab_to(page, rows[0].get_by_role("radio").first)
    page.keyboard.press("3")
    expect(rows[1]).to_be_focused()
    page.keyboard.press("Enter")
    expect(rows[2]).to_be_focused()
    expect(rows[0].get_by_text("Saved")).to_be_visible()
    expect(rows[1].get_by_text("as suggested")).to_be_visible()
    expect(rows[2]).to_be_focused()
    page.reload()
    expect(rows[0].get_by_role("radio", name="Empático")).to_be_checked()


def test_a_speaker_agrees_and_sends_a_take_that_a_reviewer_accepts(
    visit: Visit, tmp_path: Path
) -> None:
    page = visit("speaker")
    page.goto("/takes/upload/?sentence=shcc-01")
    give_consent(page)
    send_take(page, tmp_path / "take.wav", encode_wav(speech(14)))
    page.wait_for_url(re.compile(r"/takes/\d+/$"))
    inspect_take(page)
    accept_take(visit("reviewer"), page.url)
    page.reload()
    expect(page.locator("main .badge-good").first).to_contain_text("accepted")


def give_consent(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Before your first take")
    page.get_by_label("I agree").check()
    page.get_by_role("button", name="I agree").click()
    expect(page.locator("blockquote.read")).to_contain_text("gracias por llamar")


def send_take(page: Page, path: Path, data: bytes) -> None:
    path.write_bytes(data)
    page.get_by_label("Sound file").set_input_files(path)
    page.get_by_role("button", name="Send").click()


def inspect_take(page: Page) -> None:
    player = page.locator("sound-player")
    expect(player.locator("svg.waveform .waveform-pitch")).to_be_attached()
    quality = page.locator(".take-quality").inner_text()
    assert 0 < float(quality) <= 1
    for check in ("Overdriven", "Level", "Speech over noise", "Length for its text"):
        expect(page.locator(".bars").get_by_text(check).first).to_be_visible()
    play_audio(player)


def accept_take(page: Page, address: str) -> None:
    page.goto("/takes/?state=pending")
    page.locator(f"a[href='{urlsplit(address).path}']").click()
    page.get_by_label("Reason").fill("Clear and even.")
    page.get_by_label("then show the next").uncheck()
    page.get_by_role("button", name="Accept").click()
    expect(page.locator(".history")).to_contain_text("Clear and even.")


def test_a_file_without_audio_is_refused_and_nothing_is_stored(
    visit: Visit, site: Site, watch: Watch, tmp_path: Path
) -> None:
    watch.expect(BADLY_FILLED)
    page = visit("admin")
    page.goto("/takes/upload/")
    before = stored_files(site)
    send_take(page, tmp_path / "take.wav", b"RIFF, they say, but a shopping list")
    expect(page.get_by_role("alert")).to_contain_text("not a sound file we know")
    assert stored_files(site) == before


def stored_files(site: Site) -> set[Path]:
    return {path for path in site.media.rglob("*") if path.is_file() and "runs" not in path.parts}


@pytest.mark.timeout(420)  # a whole run, beside the other tests
def test_an_admin_launches_a_run_that_ends_as_a_deployed_voice(visit: Visit) -> None:
    admin = visit("admin")
    run = launch_run(admin)
    expect_polling_stops(admin)
    expect_report(admin, run)
    reviewer = visit("reviewer")
    reviewer.goto(f"{run}review/")
    expect_one_sound_at_a_time(reviewer)
    approve_voice(reviewer, "neutral")
    deploy_voice(admin, run, "neutral")
    expect_lineage(admin)
    admin.go_back()
    roll_back_and_retire(admin)


def launch_run(page: Page) -> str:
    """Launch a short run of two styles; return its page's address."""
    page.goto("/runs/")
    page.get_by_role("link", name="Launch a run").click()
    page.get_by_label("Name").fill("Journey")
    page.get_by_text("Advanced", exact=True).click()
    page.get_by_label("Steps per style").fill("6")
    page.get_by_role("button", name="Launch", exact=True).click()
    page.wait_for_url(re.compile(r"/runs/\d+/$"))
    return page.url


def expect_polling_stops(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    finished = page.locator("#run-panel h1 .badge-good")
    expect(finished).to_have_text("finished", timeout=180_000)
    assert any("/panel/" in url for url in asked)
    expect(page.locator(".curve polyline")).to_have_count(10)  # a chart for score, parts, diversity
    asked.clear()
    page.wait_for_timeout(2_500)
    assert asked == []


def expect_report(page: Page, run: str) -> None:
    page.get_by_role("link", name="Report").click()
    expect(page).to_have_url(f"{run}report/")
    expect(page.locator(".report-table").first.locator("tbody tr")).to_have_count(2)
    for bar in page.locator("svg.before-after .fill").all():
        box = bar.bounding_box()
        assert box
        assert box["width"] > 5


def expect_one_sound_at_a_time(page: Page) -> None:
    """Target, start and evolved voice play; starting one stops the other; space toggles."""
    card = page.locator("#neutral")
    target = card.locator("sound-player").first
    start, evolved = (
        card.locator(f"sound-player[data-name='{name}']").first for name in ("Before", "After")
    )
    for player in (target, start, evolved):
        address = play_audio(player)
        assert playing(page) == [address]
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press(" ")
    until(page, "silence", lambda: playing(page) == [])
    page.keyboard.press(" ")
    until(page, "sound", lambda: len(playing(page)) == 1)
    page.keyboard.press(" ")


def approve_voice(page: Page, style: str) -> None:
    """Approve a voice of a search that was too short to pass: red is first, and asks for more."""
    card = page.locator(f"#{style}")
    expect(card.locator(".against")).to_contain_text("Failed checks")
    card.get_by_label("Why", exact=True).fill("Nearer to the target, and steady.")
    card.get_by_label("Why approve it nevertheless").fill("Six steps are a try only.")
    card.get_by_role("button", name="Approve").click()
    expect(card.locator(".badge-good").first).to_have_text("approved")
    expect(card.locator(".history")).to_contain_text("Six steps are a try only")


def deploy_voice(page: Page, run: str, style: str) -> None:
    """What failed is deployed from the review page, with an override that is shown ever after."""
    page.goto("/voices/")
    expect(page.locator("tr", has_text="Journey")).to_contain_text("failed: override")
    page.goto(f"{run}review/")
    card = page.locator(f"#{style}")
    card.get_by_text("Deploy it against the rules").click()
    card.get_by_role("checkbox", name="Deploy it all the same").check()
    card.get_by_label("Why deploy it all the same").fill("To try the pages.")
    card.get_by_role("button", name="Deploy with an override").click()
    expect(page).to_have_url(re.compile(r"/voices/$"))
    card = page.locator("article", has_text="Journey")
    expect(card.locator("h2")).to_contain_text(style, ignore_case=True, timeout=30_000)
    expect(card).to_contain_text("To try the pages.")
    expect(card).to_contain_text("No speech service was reachable", timeout=30_000)


def roll_back_and_retire(page: Page) -> None:
    card = page.locator("article", has_text="Journey")
    card.get_by_text("Roll back to v").click()
    card.get_by_role("button", name="Roll back").click()
    before = page.locator("article", has_text="Judged").first
    expect(before).to_contain_text("in service", timeout=30_000)
    before.get_by_text("Retire", exact=True).first.click()
    before.get_by_role("button", name="Retire").click()
    retired = page.locator("section", has=page.get_by_role("heading", name="Retired"))
    expect(retired).to_be_visible(timeout=30_000)
    retired.locator("summary").click()
    expect(retired).to_contain_text("rolled back to v")


def expect_lineage(page: Page) -> None:
    page.locator("article", has_text="Journey").get_by_role("link", name="came from").click()
    expect(page.locator(".lineage")).to_contain_text("Nearer to the target")
    for heading in ("Takes", "Labels"):
        expect(page.locator(".lineage").get_by_role("heading", name=heading)).to_be_visible()


def test_on_a_phone_in_spanish_a_voice_is_rejected_approved_deployed_and_retired(
    visit: Visit, site: Site
) -> None:
    reviewer, admin = (visit(who, locale="es-ES") for who in ("reviewer", "admin"))
    for page in (reviewer, admin):
        page.set_viewport_size(SIZES["phone"])
        page.goto(f"/runs/{site.judged}/review/")
    judge_in_spanish(reviewer, "amable")
    admin.reload()
    card = admin.locator("#amable")
    card.get_by_text("Desplegarla contra las reglas").click()
    card.locator("[name=override]").check()
    card.locator("[name=override_reason]").fill("Para probarla en el móvil.")
    card.locator(".override button").click()
    expect(admin).to_have_url(re.compile(r"/voices/$"))
    served = admin.locator("article", has_text="Para probarla en el móvil.")
    expect(served).to_contain_text("en servicio", timeout=30_000)
    assert_fit(admin, "phone")
    served.get_by_text("Retirar", exact=True).first.click()
    served.locator(".service-actions .btn-danger").click()
    retired = admin.locator("section", has=admin.get_by_role("heading", name="Retiradas"))
    expect(retired).to_contain_text("amable", ignore_case=True, timeout=30_000)


def judge_in_spanish(page: Page, style: str) -> None:
    """Reject a voice, then approve it all the same: both stay in its history."""
    card = page.locator(f"#{style}")
    card.locator("[name=reason]").fill("Suena metálica.")
    card.get_by_role("button", name="Rechazar").click()
    expect(card.locator(".badge-bad").first).to_be_visible()
    expect(card.locator(".history")).to_contain_text("Suena metálica.")
    card.locator("[name=reason]").fill("Con otros auriculares, no.")
    card.locator("[name=nevertheless]").fill("Ocho pasos: solo es una prueba.")
    card.get_by_role("button", name="Aprobar").click()
    expect(card.locator(".badge-good").first).to_have_text("aprobada")
    assert_fit(page, "phone")
