"""Which voices the demo approves and deploys, and what its reviewer says of a small loss."""

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from distillation import engines, voicepack
from distillation.models import Run
from distillation.services.run_files import field_path
from tests.distillation.factories import finished_run
from tests.factories import PersonFactory
from voicelab.demo.run import packs_ship

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


def run_with_loss(*, one_sentence_decides: bool) -> Run:
    """Return a finished run whose style `amable` lost a little by the second encoder."""
    run, student = finished_run("neutral", "amable"), engines.student("praat")
    stock = iter(student.stock_voices())
    for style_run in run.style_runs.all():
        pack = style_run.packs.get()
        pack.file.name, path = field_path(pack, "file")
        pack.sha256 = voicepack.save(student.stock_voice(next(stock)), path)
        pack.save()
    styles = run.report.data["styles"]
    for style in styles.values():
        style["worse"] = []
    styles["amable"]["worse"] = ["second_measure"]
    styles["amable"]["second_measure"] = {"one_sentence_decides": one_sentence_decides}
    run.report.save()
    return run


@pytest.mark.parametrize("decides", [True, False])
def test_only_a_loss_that_may_be_chance_is_approved(
    settings: Settings, tmp_path: Path, decides: bool
) -> None:
    settings.VOICES_DIR = tmp_path / "voices"
    run = run_with_loss(one_sentence_decides=decides)
    people = PersonFactory(roles=["reviewer"]), PersonFactory(roles=["admin"])
    packs = packs_ship(run, reviewer=people[0], admin=people[1])
    said = {pack.style: pack.decisions.get().nevertheless for pack in packs}
    assert set(said) == ({"neutral", "amable"} if decides else {"neutral"})
    assert not said["neutral"]
    assert bool(said.get("amable")) == decides
