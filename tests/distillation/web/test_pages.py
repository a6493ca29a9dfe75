"""Pages of runs, reports, reviews and voices: who may, what they show, how much they ask."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import urlencode

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from distillation.models import Decision, Deployment, Run, RunState, StyleRun, VoicePack
from distillation.services.run_files import clip_name, held_out_name, sample_name
from distillation.templatetags.distilling import as_time
from distillation.urls import urlpatterns
from distillation.views.runs import remaining_s
from tests.distillation.factories import (
    TEXTS,
    RunFactory,
    StyleRunFactory,
    VoicePackFactory,
    approve,
    finished_run,
    plain_recipe,
    spoken,
)
from tests.factories import PersonFactory, StyleFactory
from tests.web import words
from tests.web.permissions import PERMISSIONS
from voicelab.roles import ADMIN, LABELER, REVIEWER, ROLES, SPEAKER

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


@pytest.fixture
def run() -> Run:
    for number, key in enumerate(("neutral", "amable")):
        StyleFactory(key=key, name=key.capitalize(), colour=f"style-{number + 1}")
    run = finished_run("neutral", "amable")
    wav = ContentFile(spoken("Gracias por llamar.", "pf_luz"))
    for number in (1, 2):
        for who in ("start", "evolved"):
            default_storage.save(held_out_name(run.pk, "neutral", number, who), wav)
    default_storage.save(run.report.file.name, ContentFile(b"{}"))
    return run


@pytest.fixture
def deployment(run: Run) -> Deployment:
    pack = VoicePack.objects.filter(style="neutral").get()
    return Deployment.objects.create(
        pack=pack, voice="neutral", place="/x", sha256=pack.sha256, person=run.created_by,
        state="deployed",
    )  # fmt: skip


def signed_in(role: str, language: str = "es") -> Client:
    headers = {"accept-language": language}
    client, person = Client(headers=headers), cast(Any, PersonFactory(roles=[role]))
    client.force_login(person)
    return client


def address(name: str, run: Run, deployment: Deployment) -> str:
    pack = deployment.pack_id
    arguments: dict[str, list[Any]] = {
        "runs": [], "compare": [],
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
        method, allowed = PERMISSIONS[name]
        answer = client.generic(method, address(name, run, deployment))
        assert (answer.status_code != 403) == (role in allowed), name
        assert answer.status_code < 500
        answer.close()


@pytest.mark.parametrize(
    ("name", "queries"),
    [("runs", 8), ("run", 11), ("run_panel", 13), ("report", 6), ("review", 8), ("voices", 12)],
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


class TestRunPage:
    def test_the_panel_stops_its_polling_when_the_run_ended(self, run: Run) -> None:
        client, panel = signed_in(LABELER), reverse("run_panel", args=[run.pk])
        assert client.get(panel).status_code == 286
        Run.objects.update(state=RunState.PAUSED)
        assert client.get(panel).status_code == 200  # somebody else may resume it
        Run.objects.update(state=RunState.RUNNING)
        StyleRun.objects.update(state=RunState.RUNNING)
        assert client.get(panel).status_code == 200
        assert b"every 2s" in client.get(reverse("run", args=[run.pk])).content

    def test_the_page_says_when_no_worker_answers(self) -> None:
        row: Any = StyleRunFactory()
        page = reverse("run", args=[row.run_id])
        client = signed_in(LABELER)
        assert b"celery -A voicelab" in client.get(page).content
        StyleRun.objects.update(queued_at=timezone.now())
        assert b"celery -A voicelab" not in client.get(page).content

    def test_curves_are_drawn_for_the_score_and_its_parts(self, run: Run) -> None:
        content = signed_in(LABELER).get(reverse("run", args=[run.pk])).content.decode()
        assert content.count("<figure") == 5
        assert content.count("<polyline") == 10
        assert 'style="' not in content

    def test_only_admins_see_its_buttons(self) -> None:
        run = cast(Any, StyleRunFactory(state="running", run__state="running")).run
        page = reverse("run", args=[run.pk])
        assert reverse("run_pause", args=[run.pk]) in signed_in(ADMIN).get(page).content.decode()
        assert reverse("run_pause", args=[run.pk]) not in (
            signed_in(REVIEWER).get(page).content.decode()
        )

    def test_the_error_is_shown_with_its_code(self) -> None:
        run: Any = RunFactory(state="failed", error_code="take_changed", error="La toma cambió.")
        content = signed_in(LABELER).get(reverse("run", args=[run.pk])).content.decode()
        assert "take_changed" in content
        assert "La toma cambió." in content

    def test_points_can_be_downloaded(self, run: Run) -> None:
        lines = signed_in(LABELER).get(reverse("run_curve", args=[run.pk])).content.splitlines()
        assert lines[0].startswith(b"style,step,seconds,score")
        assert len(lines) == 7

    def test_the_stop_reason_and_progress_of_a_search_are_shown(self, run: Run) -> None:
        StyleRun.objects.update(stopped="patience", seconds=90, evaluations=110, diversity=0.123)
        content = signed_in(LABELER, "en").get(reverse("run", args=[run.pk])).content.decode()
        assert "nothing better was found" in content
        assert "2.0 % of the steps" in content  # two of a hundred
        assert "none for 10 steps" in content
        assert "0.123" in content

    @pytest.mark.parametrize(("minutes", "wanted"), [(0, 900.0), (10, 500.0), (1, 0.0)])
    def test_the_remaining_time_is_the_time_to_the_first_limit(
        self, minutes: float, wanted: float
    ) -> None:
        recipe = replace(plain_recipe("neutral"), steps=1000, minutes=minutes)
        row: Any = StyleRunFactory(
            run__recipe=recipe.to_json(), run__state="running", state="running", stage="evolve",
            step=100, steps=1000, evaluations=100, seconds=100.0,
        )  # fmt: skip
        assert remaining_s([row], recipe) == pytest.approx(wanted)

    def test_milestone_voices_can_be_played(self, run: Run) -> None:
        style_run = run.style_runs.get(style="neutral")
        pack: Any = VoicePackFactory(style_run=style_run, kind="milestone", step=25, file="m.pt")
        default_storage.save(sample_name(pack), ContentFile(spoken(TEXTS[0], "pf_luz")))
        client = signed_in(LABELER, "en")
        content = client.get(reverse("run", args=[run.pk])).content.decode()
        assert "25 % · step 25" in content
        assert "100 % · step 100" in content
        sample = reverse("pack_sample", args=[pack.pk])
        assert sample in content
        answer = client.get(sample)
        assert answer.getvalue()[:4] == b"RIFF"
        answer.close()
        assert client.get(reverse("sample_waveform", args=[pack.pk])).status_code == 200
        evolved = style_run.packs.get(kind="evolved")
        assert client.get(reverse("pack_sample", args=[evolved.pk])).status_code == 404

    def test_every_clip_of_a_target_can_be_played(self, run: Run) -> None:
        style_run = run.style_runs.get(style="neutral")
        style_run.target = f"runs/{run.pk}/reference_audio/neutral/target.wav"
        style_run.target_info = {"clips": 2, "duration_s": 9.0, "loudness_lufs": -23.0}
        style_run.save()
        wav = ContentFile(spoken(TEXTS[0], "pf_luz"))
        for number in (1, 2):
            default_storage.save(clip_name(style_run.target.name, number), wav)
        client = signed_in(LABELER, "en")
        content = client.get(reverse("run", args=[run.pk])).content.decode()
        assert "2 clips" in content
        second = reverse("style_audio", args=[run.pk, "neutral", "target-2", "wav"])
        assert second in content
        answer = client.get(second)
        assert answer.getvalue()[:4] == b"RIFF"
        answer.close()
        assert client.get(second.replace("target-2", "target-3")).status_code == 404

    def test_milestones_missing_from_an_ended_search_are_not_announced(self, run: Run) -> None:
        page, promised = reverse("run", args=[run.pk]), "Spoken once the search is there."
        client = signed_in(LABELER, "en")
        assert promised not in client.get(page).content.decode()
        Run.objects.update(state="cancelled")
        StyleRun.objects.update(
            state="cancelled", stage="evolve", seconds=500, evaluations=50, step=50
        )
        content = client.get(page).content.decode()
        assert promised not in content
        assert "Search left" not in content
        StyleRun.objects.update(state="failed")
        content = client.get(page).content.decode()
        assert promised in content
        assert "Search left" in content

    def test_warnings_about_a_target_are_shown_above_its_search(self, run: Run) -> None:
        page, row = reverse("run", args=[run.pk]), run.style_runs.get(style="neutral")
        assert "message warning" not in signed_in(LABELER).get(page).content.decode()
        row.target_info = {
            "warnings": [
                {"code": "target_short", "value": 4.27, "limit": 6.0},
                {"code": "pitch_outside", "value": 310.4, "limit": 244.1},
                {"code": "of_a_later_version", "value": 1.0, "limit": 2.0},
            ]
        }
        row.save()
        content = signed_in(LABELER, "en").get(page).content.decode()
        card = content.partition('id="style-neutral"')[2].partition("<article")[0]
        assert card.count("<p>") == 2
        assert "only 4.3 s of speech" in card
        assert "310 Hz, higher than every stock voice (up to 244 Hz)" in card
        assert card.index("only 4.3 s") < card.index("<progress") < content.index("<polyline")
        assert "solo 4,3 s de habla" in signed_in(LABELER).get(page).content.decode()

    def test_the_address_of_its_polling_stays_short(self, run: Run) -> None:
        for row in run.style_runs.all():
            row.target = f"runs/{run.pk}/reference_audio/{row.style}/target.wav"
            row.target_info = {"clips": 40}
            row.save()
        content = signed_in(REVIEWER).get(reverse("run", args=[run.pk])).content.decode()
        heard = re.findall(r'name="heard" value="([^"]*)"', content)
        assert len(set(heard)) == len(heard) > 80
        assert len(urlencode([("heard", one) for one in heard])) < 4000  # gunicorn takes 4094

    def test_a_best_score_not_yet_stored_as_a_point_is_no_stagnation(self, run: Run) -> None:
        page, client = reverse("run", args=[run.pk]), signed_in(LABELER, "en")
        assert "none for 10 steps" in client.get(page).content.decode()
        StyleRun.objects.update(best_score=85)  # of a slice under way
        assert "none for" not in client.get(page).content.decode()

    def test_a_search_that_ended_early_has_full_progress(self, run: Run) -> None:
        StyleRun.objects.update(stopped="goal", step=10)
        for name in ("run", "runs"):
            args = [run.pk] if name == "run" else []
            answer = signed_in(LABELER).get(reverse(name, args=args))
            content = words.joined(answer.content.decode())
            assert '<progress value="1" max="1"' in content

    def test_all_launch_values_are_shown(self, run: Run) -> None:
        for what in ("launched", *["evolve-finished"] * 14):
            run.events.create(what=what)
        run.events.filter(what="launched").update(created_at=datetime(2026, 3, 7, tzinfo=UTC))
        content = signed_in(LABELER, "en").get(reverse("run", args=[run.pk])).content.decode()
        assert "<b>launched</b>" in content.partition("03/07/2026")[2]

    def test_only_admins_launch_again(self, run: Run) -> None:
        page, again = reverse("run", args=[run.pk]), f"?again={run.pk}"
        assert again in signed_in(ADMIN).get(page).content.decode()
        assert again not in signed_in(REVIEWER).get(page).content.decode()


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
        table = page.partition("Naturalidad, frases reservadas</h2>")[2].partition("</table>")[0]
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
    assert reverse("admin:distillation_run_add") in client.get(reverse("runs")).content.decode()
    assert reverse("runs") in client.get(reverse("voices")).content.decode()
    run = cast(Any, StyleRunFactory()).run
    for name in ("report", "review"):
        page = client.get(reverse(name, args=[run.pk])).content.decode()
        assert reverse("run", args=[run.pk]) in page
