"""Recipes: invalid ones are refused, valid ones survive a round trip through JSON."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation.recipe import RecipeError, RunRecipe
from tests.distillation.voices import HELD_OUT, recipe

text = st.text(min_size=1, max_size=20)


@given(
    seed=st.integers(0, 2**31),
    steps=st.integers(1, 10**6),
    early_stop=st.floats(0.0, 1.0),
    options=st.dictionaries(text, text, max_size=3),
)
def test_json_round_trip(seed: int, steps: int, early_stop: float, options: object) -> None:
    made = recipe(
        seed=seed, steps=steps, early_stop=early_stop, teacher_options=options,
        gradient_texts=("Hola.", "Adiós."),
    )  # fmt: skip
    back = RunRecipe.from_json(made.to_json())
    assert back == made
    assert back.fingerprint() == made.fingerprint()


def test_every_change_changes_the_fingerprint() -> None:
    changes = [{}, {"seed": 1}, {"steps": 9}, {"strategy": "random-walk"}, {"lang": "es-419"}]
    assert len({recipe(**change).fingerprint() for change in changes}) == len(changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"styles": ()}, "styles: name at least one"),
        ({"styles": recipe().styles * 2}, "each only once"),
        ({"steps": 0}, "steps: a positive number"),
        ({"minutes": -1.0}, "minutes: 0"),
        ({"minutes": float("inf")}, "minutes: 0"),
        ({"goal": 101.0}, "goal: a score"),
        ({"goal": float("nan")}, "goal: a score"),
        ({"patience": -1}, "patience: 0"),
        ({"search_texts": ("uno",)}, "search_texts: two or more"),
        ({"held_out_texts": ("uno",)}, "held_out_texts: two or more"),
        ({"search_texts": (HELD_OUT[0], "uno")}, "the search hears"),
        ({"diversity": (0.2, 0.1)}, "diversity"),
        ({"weights": {"target": 1.0}}, "weights: target, self and feature"),
    ],
)
def test_an_invalid_recipe_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        recipe(**changes)


def test_unknown_fields_and_styles_are_reported() -> None:
    with pytest.raises(RecipeError, match="unknown fields colour"):
        RunRecipe.from_json({**recipe().to_json(), "colour": "red"})
    with pytest.raises(RecipeError, match="'alegre' is not in this run"):
        recipe().style("alegre")


def test_a_recipe_without_gradient_texts_opens() -> None:
    stored = recipe().to_json()
    del stored["gradient_texts"]
    assert RunRecipe.from_json(stored) == recipe()


def test_gradient_texts_are_never_held_out() -> None:
    with pytest.raises(RecipeError, match="held_out_texts: the gradient hears"):
        recipe(gradient_texts=("Hola.", HELD_OUT[0]))
