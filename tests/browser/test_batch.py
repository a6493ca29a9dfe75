"""Batches of takes as folder and ZIP, with good and bad files: each gets a result."""

from __future__ import annotations

import io
import re
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from playwright.sync_api import Page, expect

from corpus.audio.io import encode_wav
from tests.browser.acts import tab_to
from tests.browser.conftest import Visit
from tests.browser.desk import Desk
from tests.signals import speech

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

# Names and bytes of a batch, and the result for each.
GOOD = encode_wav(speech(14, f0_hz=170, lead_s=0.5))
OTHER = encode_wav(speech(12, f0_hz=150, lead_s=0.5))
FILES = {
    "shcc-10_neutral.wav": (GOOD, "stored"),
    "shcc-11_neutral.wav": (OTHER, "stored"),
    "shcc-12_amable.wav": (b"RIFF, they say, but a shopping list", "not a sound file we know"),
    "shcc-10_alegre.wav": (GOOD, "no style of this name"),
    "nobody-99_amable.wav": (GOOD, "no sentence of this id"),
    "shcc-13_neutral.txt": (b"notes", "Not a sound file by its name"),
    "shcc-14_neutral.wav": (b"", "The file is empty"),
}
TRAPS = {
    "../../shcc-15_neutral.wav": (GOOD, "leads out of the folder"),
    "shcc-15_amable.wav": (bytes(30_000_000), "far more than sound can"),
    "more.zip": (b"PK\x05\x06" + bytes(18), "An archive inside"),
}


def test_a_folder_is_previewed_then_stored_with_a_result_for_every_file(
    at_desk: Visit, desk: Desk, tmp_path: Path
) -> None:
    folder = tmp_path / "takes"
    folder.mkdir()
    for name, (content, _) in FILES.items():
        (folder / name).write_bytes(content)
    page = at_desk("speaker")
    page.goto("/takes/batch/")
    before = desk.takes()
    page.get_by_label("A folder").set_input_files(folder)
    expect_counts(page, ready=3, stored=0, fault=4)
    assert desk.takes() == before
    store_all(page, files=3)
    expect_results(page, FILES)
    expect_counts(page, ready=0, stored=2, fault=5)
    assert [row[1:] for row in desk.takes()[len(before) :]] == [
        ("shcc-10", "pending"),
        ("shcc-11", "pending"),
    ]


def test_unsafe_files_of_a_zip_are_refused_and_a_second_upload_adds_no_duplicates(
    at_desk: Visit, desk: Desk, tmp_path: Path
) -> None:
    page = at_desk("speaker")
    before, sounds = desk.takes(), desk.sounds()
    bad = {name: FILES[name] for name in ("shcc-12_amable.wav", "shcc-14_neutral.wav")}
    expected = TRAPS | bad | {"shcc-13_neutral.wav": (OTHER, "stored")}
    path = tmp_path / "takes.zip"
    path.write_bytes(zipped({name: content for name, (content, _) in expected.items()}))
    for once in (True, False):
        preview(page, path)
        expect_counts(page, ready=2, stored=0, fault=4)
        store_all(page, files=2)
        expect_results(
            page, expected if once else bad | {"shcc-13_neutral.wav": (OTHER, "there already")}
        )
        expect_counts(page, ready=0, stored=int(once), same=int(not once), fault=5)
    assert [row[1:] for row in desk.takes()[len(before) :]] == [("shcc-13", "pending")]
    [sound] = desk.sounds() - sounds
    assert sound.parent == desk.folder / "media" / "recordings"


def preview(page: Page, path: Path) -> None:
    page.goto("/takes/batch/")
    page.get_by_label("A ZIP").set_input_files(path)
    page.get_by_role("button", name="Look into it").click()


def zipped(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def expect_counts(page: Page, **counts: int) -> None:
    for state, n in counts.items():
        expect(page.locator(f"[data-count={state}]")).to_have_text(str(n))


def store_all(page: Page, *, files: int) -> None:
    """Start by key; the progress bar and the live region count every file."""
    tab_to(page, page.get_by_role("button", name="Store them"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text=f"{files} / {files}")).to_be_attached()
    assert page.get_by_role("progressbar", name="Stored").evaluate("(bar) => bar.value") == files


def expect_results(page: Page, files: dict[str, tuple[bytes, str]]) -> None:
    for name, (_, said) in files.items():
        row = page.locator(".batch tbody tr").filter(has_text=re.compile(re.escape(name)))
        expect(row).to_contain_text(said)
