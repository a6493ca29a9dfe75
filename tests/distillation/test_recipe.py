"""Recipes: invalid ones are refused, valid ones survive JSON, differences are named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation.recipe import RecipeError, RunRecipe, StyleRecipe, differences
from tests.distillation.voices import HELD_OUT, recipe

text = st.text(min_size=1, max_size=20)
CHANGES = {
    "seed": 9, "steps": 77, "minutes": 1.5, "strategy": "random-walk", "student": "kokoro",
    "base_voices": ("pf_luz", "pm_gil"),
}  # fmt: skip


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


def test_equal_recipes_do_not_differ() -> None:
    assert differences([recipe(), recipe(), recipe()]) == {}


@given(st.sets(st.sampled_from(sorted(CHANGES))))
def test_exactly_the_changed_fields_differ(names: set[str]) -> None:
    plain, changed = recipe(), recipe(**{name: CHANGES[name] for name in names})
    found = differences([plain, changed])
    follows = {"compared"} if "strategy" in names else set()
    assert set(found) == names | follows
    for name in names:
        assert found[name] == [plain.to_json()[name], changed.to_json()[name]]


def test_nested_fields_are_named_by_their_path() -> None:
    weights = {"target": 0.48, "self": 0.3, "feature": 0.02}
    assert differences([recipe(), recipe(weights=weights)]) == {"weights.self": [0.5, 0.3]}


def test_styles_are_compared_by_name_and_takes_without_their_hashes() -> None:
    one = StyleRecipe(key="amable", speed=0.95, reference_texts=("Hola.",), takes={"Hola.": "a"})
    other = StyleRecipe(key="amable", speed=0.9, reference_texts=(), targets=("b.wav",))
    made: list[RunRecipe] = [
        recipe(styles=(one,), inputs={"a": "1"}), recipe(styles=(other,), inputs={"b.wav": "2"})
    ]  # fmt: skip
    assert differences(made) == {
        "styles.amable.speed": [0.95, 0.9],
        "styles.amable.reference_texts": [["Hola."], []],
        "styles.amable.targets": [[], ["b.wav"]],
        "styles.amable.takes": [["a"], []],
    }


def test_a_style_missing_in_one_differs_by_its_name_alone() -> None:
    amable, neutral = (
        StyleRecipe(key=key, speed=1.0, reference_texts=("Hola.",)) for key in ("amable", "neutral")
    )
    slower = StyleRecipe(key="neutral", speed=0.9, reference_texts=("Hola.",))
    found = differences(
        [recipe(styles=styles) for styles in ((neutral, amable), (neutral,), (slower,))]
    )
    assert found == {
        "styles": [["neutral", "amable"], ["neutral"], ["neutral"]],
        "styles.neutral.speed": [1.0, 1.0, 0.9],
    }
