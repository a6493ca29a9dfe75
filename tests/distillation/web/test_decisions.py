"""Decisions: not by who launched the run, bound to pack and report, two people for what is red."""

from typing import Any, cast

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.urls import reverse

from distillation.models import Decision, Deployment, Run, VoicePack
from distillation.services.decisions import approval_check, pack_decide
from distillation.services.errors import RunError
from tests.distillation.factories import approve, finished_run
from tests.factories import PersonFactory, StyleFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


def evolved(**changes: Any) -> Any:
    """Return the pack of a finished run; `changes` are made to its style's report."""
    run = finished_run("neutral")
    style_changed(run, **changes)
    return VoicePack.objects.get(style_run__run=run)


def style_changed(run: Run, **changes: Any) -> None:
    run.report.data["styles"]["neutral"] |= changes
    run.report.save()


def verdict(pack: VoicePack) -> str | None:
    return cast(Any, VoicePack.objects.with_verdict().get(pk=pack.pk)).verdict


def refused(pack: VoicePack, override: str = "") -> str:
    with pytest.raises(RunError) as caught:
        approval_check(VoicePack.objects.get(pk=pack.pk), override)
    return caught.value.code


FAILED = {
    "checks": [
        {"name": "self_similarity", "value": 0.2, "threshold": 0.8, "passed": False, "reason": "x"}
    ]
}


class TestRules:
    def test_who_launched_the_run_does_not_decide_on_its_voices(self) -> None:
        pack = evolved()
        launcher = pack.style_run.run.created_by
        for said in ("approve", "reject"):
            with pytest.raises(RunError) as caught:
                pack_decide(pack=pack, person=launcher, verdict=said, reason="Bien.")
            assert caught.value.code == "own_run"
            assert "Give a second person the reviewer's role" in str(caught.value)
        PersonFactory(roles=["reviewer"])
        with pytest.raises(RunError, match="another reviewer decides"):
            pack_decide(pack=pack, person=launcher, verdict="approve", reason="Bien.")
        assert not Decision.objects.exists()

    def test_one_approval_suffices_where_nothing_speaks_against_the_voice(self) -> None:
        pack = evolved()
        assert refused(pack) == "not_approved"
        decision = approve(pack, nevertheless="Nothing to explain.")
        assert (decision.needs_second, decision.nevertheless) == (False, "")
        assert verdict(pack) == "approve"
        approval_check(pack)

    def test_a_worse_voice_needs_two_different_people(self) -> None:
        pack = evolved(worse=["total", "naturalness"])
        first = approve(pack)
        assert (first.needs_second, verdict(pack)) == (True, "second")
        assert refused(pack) == "second_missing"
        pack_decide(pack=pack, person=first.person, verdict="approve", reason="Otra vez.")
        assert verdict(pack) == "second"
        approve(pack)
        assert verdict(pack) == "approve"
        approval_check(pack)

    def test_or_one_who_says_why_nevertheless(self) -> None:
        pack = evolved(worse=["self"])
        approve(pack, nevertheless="Los oyentes la prefieren.")
        assert verdict(pack) == "approve"

    def test_a_voice_under_the_one_in_service_needs_them_too(self) -> None:
        over = {"mean": -0.05, "low": -0.08, "high": -0.02}
        assert approve(evolved(similarity={"over_deployed": over})).needs_second
        over = {"mean": -0.05, "low": -0.12, "high": 0.02}
        assert not approve(evolved(similarity={"over_deployed": over})).needs_second

    def test_a_rejection_ends_earlier_approvals(self) -> None:
        pack = evolved(worse=["total"])
        approve(pack)
        approve(pack, verdict="reject")
        assert (verdict(pack), refused(pack), refused(pack, "x")) == ("reject", *2 * ["rejected"])
        approve(pack)
        assert verdict(pack) == "second"

    def test_what_failed_a_check_needs_an_override_although_approved(self) -> None:
        pack = evolved(**FAILED)
        approve(pack, nevertheless="Se entiende bien.")
        assert refused(pack) == "failed_checks"
        approval_check(pack, "Solo para la demostración.")

    def test_an_approval_does_not_outlive_its_pack_or_report(self) -> None:
        pack = evolved()
        approve(pack)
        style_changed(pack.style_run.run, gain={"total": 9.0})
        assert refused(pack) == "approval_outdated"
        assert verdict(pack) is None
        approve(pack)
        approval_check(pack)
        VoicePack.objects.filter(pk=pack.pk).update(sha256="e" * 64)
        assert refused(pack) == "approval_outdated"

    def test_older_decisions_are_not_bound_to_a_report(self) -> None:
        pack = evolved()
        approve(pack)
        Decision.objects.update(report_sha256="")
        style_changed(pack.style_run.run, gain={"total": 9.0})
        approval_check(pack)
        Decision.objects.update(person=pack.style_run.run.created_by)
        assert refused(pack) == "approval_outdated"


class TestPage:
    @pytest.fixture(autouse=True)
    def style(self) -> None:
        StyleFactory(key="neutral")

    def page(self, pack: VoicePack, person: Any) -> str:
        client = Client(headers={"accept-language": "en"})
        client.force_login(person)
        address = reverse("review", args=[pack.style_run.run_id])
        return " ".join(client.get(address).content.decode().split())

    def test_what_speaks_against_a_voice_comes_first(self) -> None:
        pack = evolved(worse=["total"], **FAILED)
        page = self.page(pack, PersonFactory(roles=["reviewer"]))
        red = page.index("Worse than before the search")
        assert page.index("Failed checks") < page.index("Score on held-out sentences")
        assert red < page.index("Score on held-out sentences")
        assert "self-similarity 0.200 · at least 0.80 is wanted" in page
        assert "Why approve it nevertheless" in page
        assert "Deploy it against the rules" not in page

    def test_nothing_red_asks_for_no_second_reason(self) -> None:
        page = self.page(evolved(), PersonFactory(roles=["reviewer"]))
        assert "Why approve it nevertheless" not in page
        assert 'class="message error' not in page

    def test_who_launched_the_run_gets_no_form(self) -> None:
        pack = evolved()
        page = self.page(pack, pack.style_run.run.created_by)
        assert "nobody else here may review" in page
        assert reverse("pack_decide", args=[pack.pk]) not in page
        assert "Deploy it against the rules" in page  # they are an admin

    def test_a_decision_on_another_report_is_shown_as_such(self) -> None:
        pack, reviewer = evolved(), PersonFactory(roles=["reviewer"])
        approve(pack)
        assert "> approved<" in self.page(pack, reviewer).replace(">approved<", "> approved<")
        style_changed(pack.style_run.run, gain={"total": 9.0})
        page = self.page(pack, reviewer)
        assert "changed since it was decided" in page
        assert "the report changed since: does not count" in page
        Decision.objects.update(report_sha256="")
        assert "not bound to a report" in self.page(pack, reviewer)

    def test_the_voice_in_service_and_a_stock_voice_are_played(self) -> None:
        pack = evolved()
        audio = [
            {**one, "deployed": "d", "stock": "s"}
            for one in pack.style_run.run.report.data["styles"]["neutral"]["audio"]
        ]
        style_changed(pack.style_run.run, audio=audio)
        page = self.page(pack, PersonFactory(roles=["labeler"]))
        for name in ("Before", "After", "In service", "Stock voice"):
            assert page.count(f'data-name="{name}"') == 2
        assert f"/runs/{pack.style_run.run_id}/audio/neutral/1/deployed.wav" in page


@pytest.mark.django_db(transaction=True)
def test_a_database_of_before_is_upgraded() -> None:
    executor = MigrationExecutor(connection)
    try:
        before = executor.migrate([("distillation", "0013_delivery")]).apps
        _rows_of_before(before)
    finally:
        MigrationExecutor(connection).migrate(executor.loader.graph.leaf_nodes())

    assert list(Deployment.objects.order_by("pk").values_list("version", flat=True)) == [
        1, 2, None, 1, 1,
    ]  # fmt: skip
    assert [row.needs_second for row in Decision.objects.order_by("pk")] == [False, True]


def _rows_of_before(apps: Any) -> None:
    """Two voices, one of them worse than its start, and five deployments."""

    def make(name: str, **values: Any) -> Any:
        return apps.get_model("distillation", name).objects.create(**values)

    person = apps.get_model("auth", "User").objects.create(username="before")
    run = make("Run", recipe={}, created_by=person)
    packs = []
    for n, style in enumerate(("neutral", "amable")):
        report = {"passed": True, "worse": ["total"] * n}
        style_run = make("StyleRun", run=run, style=style, report=report)
        pack = make("VoicePack", style_run=style_run, style=style, engine="praat", sha256=style)
        make("Decision", pack=pack, pack_sha256=style, verdict="approve", person=person)
        packs.append(pack)
    for pack, state, speed in (
        (packs[0], "deployed", 1.0),
        (packs[0], "deployed", 1.1),
        (packs[0], "failed", 1.2),
        (packs[0], "deployed", 1.0),
        (packs[1], "deployed", 1.0),
    ):
        make("Deployment", pack=pack, voice=pack.style, state=state, speed=speed, place="/x",
             sha256=pack.sha256, person=person)  # fmt: skip
