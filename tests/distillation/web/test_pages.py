"""Pages of reports, reviews and voices, and of all: permissions, content, number of queries."""

from collections.abc import Callable
from typing import Any, cast

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse

from distillation.models import Decision, Deployment, Run, VoicePack
from distillation.templatetags.distilling import as_time
from distillation.urls import urlpatterns
from tests.distillation.factories import (
    StyleRunFactory,
    approve,
    finished_run,
)
from tests.distillation.web.conftest import signed_in
from tests.web.permissions import PERMISSIONS
from voicelab.roles import ADMIN, LABELER, REVIEWER, ROLES, SPEAKER

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


@pytest.fixture
def deployment(run: Run) -> Deployment:
    pack = VoicePack.objects.filter(style="neutral").get()
    return Deployment.objects.create(
        pack=pack, voice="neutral", place="/x", sha256=pack.sha256, person=run.created_by,
        state="deployed",
    )  # fmt: skip


def address(name: str, run: Run, deployment: Deployment) -> str:
    pack = deployment.pack_id
    arguments: dict[str, list[Any]] = {
        "runs": [], "compare": [], "run_launch": [], "run_launch_facts": [],
        "record_next": [], "playground": [], "playground_speak": [], "playground_history": [],
        "voices": [], "withdrawals": [], "deploy": [],
        "voice": [deployment.pk], "voice_card": [deployment.pk],
        "voice_retire": [deployment.pk], "voice_roll_back": [deployment.pk],
        "pack_audio": [pack], "pack_waveform": [pack],
        "pack_sample": [pack], "sample_waveform": [pack],
        "pack_decide": [pack], "style_audio": [run.pk, "neutral", "preview", "wav"],
        "held_out_audio": [run.pk, "neutral", 1, "evolved", "wav"],
    }  # fmt: skip
    return reverse(name, args=arguments.get(name, [run.pk]))


@pytest.mark.parametrize("role", ROLES)
def test_pages_open_for_the_roles_of_the_table(role: str, run: Run, deployment: Deployment) -> None:
    client = signed_in(role)
    for name in (str(pattern.name) for pattern in urlpatterns):
        methods, allowed = PERMISSIONS[name]
        method = methods.split()[0]
        answer = client.generic(method, address(name, run, deployment))
        assert (answer.status_code != 403) == (role in allowed), name
        assert answer.status_code < 500
        answer.close()


@pytest.mark.parametrize(
    ("name", "queries"),
    [("runs", 11), ("run", 15), ("run_panel", 13), ("report", 9), ("review", 13), ("voices", 18)],
)
def test_pages_make_no_more_queries_for_more_styles(
    name: str,
    queries: int,
    run: Run,
    deployment: Deployment,
    django_assert_max_num_queries: Callable,
) -> None:
    client = signed_in(ADMIN)
    client.get(reverse("voices"))
    with django_assert_max_num_queries(queries):
        assert client.get(address(name, run, deployment)).status_code in (200, 286)


class TestReport:
    def test_means_are_shown_under_their_style_in_any_key_order(self, run: Run) -> None:
        data = run.report.data
        data["differentiation"]["axes"]["pitch_mean_hz"]["style_means"] = [101.0, 102.0]
        data["styles"] = dict(reversed(data["styles"].items()))  # as PostgreSQL may
        run.report.save()
        answer = signed_in(LABELER, "en").get(reverse("report", args=[run.pk]))
        assert list(answer.context["styles"]) == ["neutral", "amable"]
        table = answer.content.decode().partition("Prosody, mean of the evolved voice</th>")[2]
        places = [table.index(word) for word in ("Neutral", "Amable", "101.00", "102.00")]
        assert places == sorted(places)

    def test_naturalness_of_every_voice_with_its_interval(self, run: Run) -> None:
        page = signed_in(LABELER).get(reverse("report", args=[run.pk])).content.decode()
        table = page.rpartition("Naturalidad, frases reservadas")[2].partition("</table>")[0]
        for shown in ("Mejor voz base", "4,25", "4,00 – 4,50", "4,12", "pf_luz", "sus clips"):
            assert shown in table
        assert "≥ 4,06" in page

    def test_a_check_that_was_not_made_is_shown_as_such_and_not_as_passed(self, run: Run) -> None:
        for style in run.report.data["styles"].values():
            style["naturalness"] = None
            style["checks"][-1] |= {"value": None, "threshold": None, "passed": False}
        run.report.save()
        client = signed_in(LABELER, "en")
        for name in ("report", "review"):
            page = client.get(reverse(name, args=[run.pk])).content.decode()
            check = page.partition("naturalness, 1-5</span>")[2].partition("</div>")[0]
            assert "make .venv installs it" in check
            assert "not checked" in check
            assert "is-good" not in check
            assert "Naturalness, held-out sentences" not in page

    def test_reports_without_naturalness_open(self, run: Run) -> None:
        for style in run.report.data["styles"].values():
            del style["naturalness"]
            del style["checks"][-1]
        run.report.save()
        client = signed_in(LABELER, "en")
        for name in ("report", "review"):
            page = client.get(reverse(name, args=[run.pk])).content.decode()
            assert "aturalness" not in page.partition("<details")[0]

    def test_the_review_shows_the_naturalness_of_each_sentence(self, run: Run) -> None:
        page = signed_in(REVIEWER, "en").get(reverse("review", args=[run.pk])).content.decode()
        assert "4.20 → <b>4.12</b>" in page
        for figure in ("4.00", "4.50", "4.01", "4.23"):
            assert f"· naturalness {figure}</span>" in page

    def test_a_single_style_has_no_differentiation(self) -> None:
        content = (
            signed_in(LABELER, "en")
            .get(reverse("report", args=[finished_run("neutral").pk]))
            .content.decode()
        )
        assert "and the styles differ" not in content
        assert "largest coefficient of variation" not in content

    def test_missing_or_damaged_files_are_not_found(self) -> None:
        run = finished_run("neutral")
        row = run.style_runs.get()
        row.target.save("target.wav", ContentFile(b"RIFF"))
        client = signed_in(REVIEWER)
        assert client.get(reverse("report_file", args=[run.pk])).status_code == 404
        for pk in (run.pk, 10**30):
            drawn = reverse("style_audio", args=[pk, "neutral", "target", "svg"])
            assert client.get(drawn).status_code == 404


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "—"), (45, "45 s"), (59.7, "1 min"), (200, "3 min"), (3599, "1 h 0 min"),
     (4800, "1 h 20 min"), (7190, "2 h 0 min")],
)  # fmt: skip
def test_durations_are_formatted(seconds: float | None, words: str) -> None:
    assert as_time(seconds) == words


class TestReview:
    def test_a_decision_is_bound_to_the_file(self, run: Run) -> None:
        pack = VoicePack.objects.all()[0]
        url = reverse("pack_decide", args=[pack.pk])
        client = signed_in(REVIEWER)
        client.post(url, {"verdict": "approve", "reason": "Clara."})
        client.post(url, {"verdict": "reject", "reason": "Metálica."})
        assert Decision.objects.count() == 2
        assert cast(Any, VoicePack.objects.with_verdict().get(pk=pack.pk)).verdict == "reject"
        assert not VoicePack.objects.approved().exists()
        Decision.objects.filter(verdict="reject").update(pack_sha256="0" * 64)
        assert VoicePack.objects.approved().get() == pack

    @pytest.mark.parametrize("state", ["failed", "cancelled"])
    def test_finished_styles_of_a_failed_run_are_reviewed(self, run: Run, state: str) -> None:
        run.report.delete()
        run.style_runs.filter(style="amable").update(state=state)
        pages = [reverse(name, args=[run.pk]) for name in ("review", "run")]
        Run.objects.update(state="running")
        client = signed_in(REVIEWER)
        assert not client.get(pages[0]).context["cards"]
        assert pages[0] not in client.get(pages[1]).content.decode()
        Run.objects.update(state=state)
        packs = [card["pack"] for card in client.get(pages[0]).context["cards"]]
        assert [pack.style for pack in packs] == ["neutral"]
        assert pages[0] in client.get(pages[1]).content.decode()
        url = reverse("pack_decide", args=[packs[0].pk])
        client.post(url, {"verdict": "approve", "reason": "Clara."})
        assert packs[0] in VoicePack.objects.waiting()

    def test_without_a_reason_no_decision_is_stored(self, run: Run) -> None:
        pack = VoicePack.objects.all()[0]
        answer = signed_in(REVIEWER).post(
            reverse("pack_decide", args=[pack.pk]), {"verdict": "approve", "reason": "  "}
        )
        assert answer.status_code == 422
        assert not Decision.objects.exists()

    def test_audio_is_sent_completely_or_as_a_range(self, run: Run) -> None:
        url = reverse("held_out_audio", args=[run.pk, "neutral", 1, "evolved", "wav"])
        client = signed_in(SPEAKER)
        whole, part = client.get(url), client.get(url, headers={"Range": "bytes=0-3"})
        assert whole.getvalue()[:4] == part.getvalue() == b"RIFF"
        assert (whole.status_code, part.status_code) == (200, 206)
        whole.close()
        part.close()
        drawn = client.get(url.replace(".wav", ".svg"))
        assert drawn["Content-Type"] == "image/svg+xml"
        assert client.get(url.replace("evolved", "secret")).status_code == 404


class TestVoices:
    def test_only_approved_voices_can_be_deployed(self, run: Run) -> None:
        pack = VoicePack.objects.filter(style="neutral").get()
        default_storage.save(pack.file.name, ContentFile(b"x"))
        client, page = signed_in(ADMIN), reverse("voices")
        assert b"checkbox" not in client.get(page).content
        approve(pack)
        assert b"checkbox" in client.get(page).content
        client.post(reverse("deploy"), {"pack": [pack.pk]})
        assert not Deployment.objects.exists()  # the file is not the one that was judged

    def test_a_voice_page_links_to_its_origin(self, run: Run, deployment: Deployment) -> None:
        approve(deployment.pack)
        content = signed_in(LABELER).get(reverse("voice", args=[deployment.pk])).content.decode()
        for name in ("run", "report", "review"):
            assert reverse(name, args=[run.pk]) in content
        assert "Una frase." in content
        assert "Bien." in content


def test_empty_pages_say_what_to_do_next() -> None:
    client = signed_in(ADMIN)
    assert reverse("run_launch") in client.get(reverse("runs")).content.decode()
    assert reverse("runs") in client.get(reverse("voices")).content.decode()
    run = cast(Any, StyleRunFactory()).run
    for name in ("report", "review"):
        page = client.get(reverse(name, args=[run.pk])).content.decode()
        assert reverse("run", args=[run.pk]) in page
