"""The page that compares runs."""

import re
from collections.abc import Callable
from typing import Any, cast

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from distillation.models import Run, StyleRun
from tests.conftest import REPOSITORY
from tests.distillation.factories import RunFactory, StyleRunFactory, finished_run
from tests.factories import PersonFactory, StyleFactory
from tests.web import words
from voicelab.roles import ADMIN, LABELER

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


@pytest.fixture
def runs() -> list[Run]:
    for number, key in enumerate(("neutral", "amable")):
        StyleFactory(key=key, name=key.capitalize(), colour=f"style-{number + 1}")
    made = [finished_run("neutral", "amable"), finished_run("neutral")]
    Run.objects.filter(pk=made[1].pk).update(
        recipe={**made[1].recipe, "seed": 5, "weights": {**made[1].recipe["weights"], "self": 0.3}}
    )
    return made


def signed_in(role: str) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(PersonFactory(roles=[role]))
    return client


def page(role: str, *asked: object, client: Client | None = None) -> str:
    query = "&".join(f"run={one}" for one in asked)
    answer = (client or signed_in(role)).get(f"{reverse('compare')}?{query}")
    assert answer.status_code == 200
    return words.joined(answer.content.decode())


def test_curves_of_one_style_share_a_chart(runs: list[Run]) -> None:
    content = page(LABELER, runs[0].pk, runs[1].pk)
    assert content.count("<figure") == 4  # two styles, over evaluations and over minutes
    assert content.count("<polyline") == 6  # the second run has no amable
    assert 'class="run-1"' in content
    assert 'class="run-2"' in content
    assert 'style="' not in content


def test_only_differences_are_in_the_table(runs: list[Run]) -> None:
    content = page(LABELER, runs[0].pk, runs[1].pk)
    assert "weight · self-similarity" in content
    assert "search strategy</th>" not in content
    equal = page(LABELER, runs[1].pk, runs[1].pk, finished_run("neutral").pk)
    assert "seed" in equal


def test_long_lists_are_collapsed_and_count_their_own_items(runs: list[Run]) -> None:
    texts = runs[0].recipe["held_out_texts"]
    changed = [*texts[1:], "Una frase que ninguna otra ejecución reserva, y bastante larga."]
    Run.objects.filter(pk=runs[1].pk).update(recipe={**runs[1].recipe, "held_out_texts": changed})
    content = page(LABELER, runs[0].pk, runs[1].pk)
    assert content.count("1 not in all") == 2
    assert f'<li class="own">{escape(changed[-1])}</li>' in content
    assert f"<li>{escape(texts[1])}</li>" in content


def test_scores_that_are_not_comparable_are_marked(runs: list[Run]) -> None:
    warned = "the scores measure different things"
    assert warned in page(LABELER, runs[0].pk, runs[1].pk)  # other weights
    Run.objects.filter(pk=runs[1].pk).update(recipe={**runs[0].recipe, "seed": 5})
    assert warned not in page(LABELER, runs[0].pk, runs[1].pk)


def test_equal_recipes_are_reported_as_equal(runs: list[Run]) -> None:
    assert "these recipes are equal" in page(
        LABELER, runs[0].pk, finished_run("neutral", "amable").pk
    )


def test_figures_and_the_stop_reason_are_shown(runs: list[Run]) -> None:
    StyleRun.objects.filter(run=runs[1]).update(
        stopped="minutes", evaluations=120, seconds=60.0, best_score=91.25
    )
    content = page(LABELER, runs[0].pk, runs[1].pk)
    for figure in ("its minutes are over", ">120<", ">2.0<", "80.0"):
        assert figure in content
    assert "91.25" not in content  # the search's own score is on its run's page


def test_colours_of_runs_are_none_of_a_style() -> None:
    tokens = (REPOSITORY / "static" / "css" / "tokens.css").read_text()
    colours = dict(re.findall(r"--((?:style|run)-\d): (light-dark\(.*?\));", tokens))
    assert len([name for name in colours if name.startswith("run-")]) == 6
    assert len(set(colours.values())) == len(colours)
    compare = (REPOSITORY / "static" / "css" / "compare.css").read_text()
    dashes = re.findall(r"polyline\.run-\d { stroke-dasharray: (.*?); }", compare)
    assert len(set(dashes)) == 5  # the first is solid


def test_one_listens_before_the_curve_and_the_recipes_are_folded(runs: list[Run]) -> None:
    content = page(LABELER, runs[0].pk, runs[1].pk)
    folded = content.index('<details class="panel')
    assert content.index("Score on held-out sentences") < content.index("<polyline") < folded
    assert content.index("weight · self-similarity") > folded


@pytest.mark.parametrize("asked", [(), ("x", "-1"), (99999, "9" * 40)])
def test_with_fewer_than_two_runs_the_page_says_what_to_do(asked: tuple[object, ...]) -> None:
    content = page(LABELER, *asked)
    assert "Choose two runs or more" in content
    assert reverse("runs") in content


def test_a_run_that_has_not_started_is_not_an_error(runs: list[Run]) -> None:
    waiting = cast(Any, StyleRunFactory()).run
    content = page(ADMIN, runs[0].pk, waiting.pk)
    assert "played here once the search has ended" in content
    assert f"?again={waiting.pk}" in content


def test_at_most_six_runs_are_compared_with_a_constant_number_of_queries(
    runs: list[Run], django_assert_max_num_queries: Callable
) -> None:
    more = [finished_run("neutral").pk for _ in range(6)]
    client = signed_in(LABELER)
    with django_assert_max_num_queries(9):
        content = page(LABELER, *more, runs[0].pk, client=client)
    assert 'class="run-6"' in content
    assert "run-7" not in content
    assert f"#{runs[0].pk}<" not in content


def test_runs_are_chosen_in_their_list(runs: list[Run]) -> None:
    answer = signed_in(LABELER).get(f"{reverse('runs')}?with={runs[1].pk}")
    content = words.joined(answer.content.decode())
    assert f'action="{reverse("compare")}"' in content
    assert f'value="{runs[1].pk}" id="pick-{runs[1].pk}" checked' in content


def test_an_older_run_is_included_from_its_page(runs: list[Run]) -> None:
    for _ in range(20):
        RunFactory(state="finished")
    url = f"{reverse('runs')}?with={runs[0].pk}"
    client = signed_in(LABELER)
    for number in (1, 2):
        content = words.joined(client.get(f"{url}&page={number}").content.decode())
        assert content.count(f'name="run" value="{runs[0].pk}"') == 1
        assert content.count(" checked>") == 1
    assert client.get(f"{reverse('runs')}?with={10**30}").status_code == 200


@pytest.mark.parametrize("field", ["held_out_texts", "prompt"])
def test_scores_on_other_sentences_or_prompts_are_marked(runs: list[Run], field: str) -> None:
    recipe = runs[0].recipe
    other = (
        {"styles": [{**style, "prompt": [["Hola.", "a.wav"]]} for style in recipe["styles"]]}
        if field == "prompt"
        else {field: ["Otra.", "Y otra más."]}
    )
    Run.objects.filter(pk=runs[1].pk).update(recipe={**recipe, **other})
    assert "the scores measure different things" in page(LABELER, runs[0].pk, runs[1].pk)


def test_more_than_six_are_reported(runs: list[Run]) -> None:
    more = [run.pk for run in runs] + [finished_run("neutral").pk for _ in range(5)]
    message = "these are the first six"
    assert message in page(LABELER, *more)
    assert message not in page(LABELER, *more[:6])
