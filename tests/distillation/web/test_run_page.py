"""The page of a run: curves, progress, voices of the search, warnings, buttons."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import urlencode

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone

from distillation.models import Run, RunState, StyleRun
from distillation.services.run_files import clip_name, sample_name
from distillation.views.runs import remaining_s
from tests.distillation.factories import (
    TEXTS,
    RunFactory,
    StyleRunFactory,
    VoicePackFactory,
    plain_recipe,
    spoken,
)
from tests.distillation.web.conftest import signed_in
from tests.web import words
from voicelab.roles import ADMIN, LABELER, REVIEWER

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


def test_the_panel_stops_its_polling_when_the_run_ended(run: Run) -> None:
    client, panel = signed_in(LABELER), reverse("run_panel", args=[run.pk])
    assert client.get(panel).status_code == 286
    Run.objects.update(state=RunState.PAUSED)
    assert client.get(panel).status_code == 200  # somebody else may resume it
    Run.objects.update(state=RunState.RUNNING)
    StyleRun.objects.update(state=RunState.RUNNING)
    assert client.get(panel).status_code == 200
    assert b"every 2s" in client.get(reverse("run", args=[run.pk])).content


def test_the_page_says_when_no_worker_answers() -> None:
    row: Any = StyleRunFactory()
    page = reverse("run", args=[row.run_id])
    client = signed_in(LABELER)
    assert b"celery -A voicelab" in client.get(page).content
    StyleRun.objects.update(queued_at=timezone.now())
    assert b"celery -A voicelab" not in client.get(page).content


def test_curves_are_drawn_for_the_score_and_its_parts(run: Run) -> None:
    content = signed_in(LABELER).get(reverse("run", args=[run.pk])).content.decode()
    assert content.count("<figure") == 5
    assert content.count("<polyline") == 10
    assert 'style="' not in content


def test_only_admins_see_its_buttons() -> None:
    run = cast(Any, StyleRunFactory(state="running", run__state="running")).run
    page = reverse("run", args=[run.pk])
    assert reverse("run_pause", args=[run.pk]) in signed_in(ADMIN).get(page).content.decode()
    assert reverse("run_pause", args=[run.pk]) not in (
        signed_in(REVIEWER).get(page).content.decode()
    )


def test_the_error_is_shown_with_its_code() -> None:
    run: Any = RunFactory(state="failed", error_code="take_changed", error="La toma cambió.")
    content = signed_in(LABELER).get(reverse("run", args=[run.pk])).content.decode()
    assert "take_changed" in content
    assert "La toma cambió." in content


def test_points_can_be_downloaded(run: Run) -> None:
    lines = signed_in(LABELER).get(reverse("run_curve", args=[run.pk])).content.splitlines()
    assert lines[0].startswith(b"style,step,seconds,score")
    assert len(lines) == 7


def test_the_stop_reason_and_progress_of_a_search_are_shown(run: Run) -> None:
    StyleRun.objects.update(stopped="patience", seconds=90, evaluations=110, diversity=0.123)
    content = signed_in(LABELER, "en").get(reverse("run", args=[run.pk])).content.decode()
    assert "nothing better was found" in content
    assert "2.0 % of the steps" in content  # two of a hundred
    assert "none for 10 steps" in content
    assert "0.123" in content


@pytest.mark.parametrize(("minutes", "wanted"), [(0, 900.0), (10, 500.0), (1, 0.0)])
def test_the_remaining_time_is_the_time_to_the_first_limit(minutes: float, wanted: float) -> None:
    recipe = replace(plain_recipe("neutral"), steps=1000, minutes=minutes)
    row: Any = StyleRunFactory(
        run__recipe=recipe.to_json(), run__state="running", state="running", stage="evolve",
        step=100, steps=1000, evaluations=100, seconds=100.0,
    )  # fmt: skip
    assert remaining_s([row], recipe) == pytest.approx(wanted)


def test_milestone_voices_can_be_played(run: Run) -> None:
    style_run = run.style_runs.get(style="neutral")
    pack: Any = VoicePackFactory(style_run=style_run, kind="milestone", step=25, file="m.pt")
    default_storage.save(sample_name(pack), ContentFile(spoken(TEXTS[0], "pf_luz")))
    client = signed_in(LABELER, "en")
    content = client.get(reverse("run", args=[run.pk])).content.decode()
    said = words.text_of(content)
    assert "At 25 % of the search · step 25" in said
    assert "Best voice · step 100" in said
    sample = reverse("pack_sample", args=[pack.pk])
    assert sample in content
    answer = client.get(sample)
    assert answer.getvalue()[:4] == b"RIFF"
    answer.close()
    assert client.get(reverse("sample_waveform", args=[pack.pk])).status_code == 200
    evolved = style_run.packs.get(kind="evolved")
    assert client.get(reverse("pack_sample", args=[evolved.pk])).status_code == 404


def test_every_clip_of_a_target_can_be_played(run: Run) -> None:
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


def test_milestones_missing_from_an_ended_search_are_not_announced(run: Run) -> None:
    page, promised = reverse("run", args=[run.pk]), "Spoken once the search is there."
    client = signed_in(LABELER, "en")
    assert promised not in client.get(page).content.decode()
    Run.objects.update(state="cancelled")
    StyleRun.objects.update(state="cancelled", stage="evolve", seconds=500, evaluations=50, step=50)
    content = client.get(page).content.decode()
    assert promised not in content
    assert "Search left" not in content
    StyleRun.objects.update(state="failed")
    content = client.get(page).content.decode()
    assert promised in content
    assert "Search left" in content


def test_warnings_about_a_target_are_shown_above_its_search(run: Run) -> None:
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
    assert card.partition("headline")[0].count("<p>") == 2
    assert "only 4.3 s of speech" in card
    assert "310 Hz, higher than every stock voice (up to 244 Hz)" in card
    assert card.index("only 4.3 s") < card.index("80.0") < card.index("<audio")
    assert "solo 4,3 s de habla" in signed_in(LABELER).get(page).content.decode()


def test_the_address_of_its_polling_stays_short(run: Run) -> None:
    for row in run.style_runs.all():
        row.target = f"runs/{run.pk}/reference_audio/{row.style}/target.wav"
        row.target_info = {"clips": 40}
        row.save()
    content = signed_in(REVIEWER).get(reverse("run", args=[run.pk])).content.decode()
    heard = re.findall(r'name="heard" value="([^"]*)"', content)
    assert len(set(heard)) == len(heard) > 80
    assert len(urlencode([("heard", one) for one in heard])) < 4000  # gunicorn takes 4094


def test_a_best_score_not_yet_stored_as_a_point_is_no_stagnation(run: Run) -> None:
    page, client = reverse("run", args=[run.pk]), signed_in(LABELER, "en")
    assert "none for 10 steps" in client.get(page).content.decode()
    StyleRun.objects.update(best_score=85)  # of a slice under way
    assert "none for" not in client.get(page).content.decode()


def test_a_search_that_ended_early_has_full_progress(run: Run) -> None:
    run.report.delete()
    StyleRun.objects.update(stopped="goal", step=10, state="running", report={})
    answer = signed_in(LABELER).get(reverse("run", args=[run.pk]))
    assert '<progress value="1" max="1"' in words.joined(answer.content.decode())


def test_one_listens_first_then_sees_the_curve_and_the_rest_is_folded(run: Run) -> None:
    content = signed_in(LABELER, "en").get(reverse("run", args=[run.pk])).content.decode()
    folded = content.index('<details class="panel"')
    assert content.index("<audio") < content.index("<polyline") < folded
    for what in ("search score, of the texts", "What happened", "Report as JSON", "Recipe"):
        assert content.index(what) > folded, what
    assert content.count("Worse than before") == 0


def test_the_headline_is_of_held_out_sentences_with_its_intervals(run: Run) -> None:
    style = run.report.data["styles"]["neutral"]
    style["similarity"]["over_deployed"] = {"mean": 0.021, "low": -0.004, "high": 0.04}
    style["start"] = {**style["start"], "score": {**style["start"]["score"], "total": 70.5}}
    run.report.save()  # as reports were before the score had intervals
    StyleRun.objects.update(best_score=91.25)
    answer = signed_in(LABELER, "en").get(reverse("run", args=[run.pk]))
    card = answer.content.decode().partition('id="style-neutral"')[2].partition("<audio")[0]
    said = words.text_of(card)
    assert "Score on held-out sentences 80.0 / 100 +9.5 against the start Similarity" in said
    assert "0.861 0.850 to 0.873" in said
    assert "+0.159 against the start +0.140 to +0.178" in said
    served = "+0.021 against the voice in service then −0.004 to +0.040 · may be chance"
    assert served in said
    assert "91.25" not in said


def test_the_score_has_its_interval_wherever_it_is_the_headline(run: Run) -> None:
    intervals = {
        "evolved": {"mean": 80.0, "low": 78.3, "high": 81.7},
        "gain": {"mean": 9.5, "low": 8.0, "high": 11.0},
        "over_deployed": {"mean": -1.0, "low": -2.0, "high": 0.5},
    }
    run.report.data["styles"]["neutral"]["score_intervals"] = intervals
    run.report.save()
    StyleRun.objects.filter(style="neutral").update(report=run.report.data["styles"]["neutral"])
    client = signed_in(REVIEWER, "en")
    served = "−1.0 against the voice in service then"
    for page in (reverse("run", args=[run.pk]), reverse("review", args=[run.pk])):
        said = words.text_of(client.get(page).content.decode())
        assert "80.0 / 100 78.3 to 81.7 +9.5 against the start +8.0 to +11.0" in said
        assert f"{served} −2.0 to +0.5 · may be chance" in said
    for page in (reverse("runs"), reverse("home")):
        said = words.text_of(client.get(page).content.decode())
        assert "80.0 78.3 to 81.7 +9.5 against the start" in said
        assert f"{served} · may be chance" in said
    assert "78.3 to 81.7" in client.get(reverse("report", args=[run.pk])).content.decode()


def test_what_the_polling_brings_is_what_changed(run: Run) -> None:
    Run.objects.update(state=RunState.RUNNING)
    client, panel = signed_in(REVIEWER, "en"), reverse("run_panel", args=[run.pk])
    page = client.get(reverse("run", args=[run.pk])).content.decode()
    known = [("heard", one) for one in re.findall(r'name="heard" value="([^"]*)"', page)]
    same = client.get(f"{panel}?{urlencode(known)}").content.decode()
    assert "<audio" not in same
    assert "<polyline" not in same
    assert "<details" not in same  # an open one stays open
    assert 'id="progress-neutral" hx-swap-oob="true"' in words.joined(same)
    StyleRun.objects.filter(style="neutral").update(step=101)
    assert "<polyline" in client.get(f"{panel}?{urlencode(known)}").content.decode()


def test_the_list_says_the_same_headline_worse_first_and_no_search_score(
    run: Run,
) -> None:
    data = run.report.data
    data["styles"]["amable"] = data["styles"]["amable"] | {"worse": ["total"]}
    run.report.save()
    StyleRun.objects.update(best_score=91.25)
    content = signed_in(LABELER, "en").get(reverse("runs")).content.decode()
    row = words.text_of(content.partition("<tbody>")[2].partition("</tbody>")[0])
    assert row.index("Amable got worse 80.0") < row.index("Neutral 80.0 +0.0")
    assert "91.25" not in row


def test_all_launch_values_are_shown(run: Run) -> None:
    for what in ("launched", *["evolve-finished"] * 14):
        run.events.create(what=what)
    run.events.filter(what="launched").update(created_at=datetime(2026, 3, 7, tzinfo=UTC))
    content = signed_in(LABELER, "en").get(reverse("run", args=[run.pk])).content.decode()
    assert "<b>launched</b>" in content.partition("03/07/2026")[2]


def test_only_admins_launch_again(run: Run) -> None:
    page, again = reverse("run", args=[run.pk]), f"?again={run.pk}"
    assert again in signed_in(ADMIN).get(page).content.decode()
    assert again not in signed_in(REVIEWER).get(page).content.decode()
