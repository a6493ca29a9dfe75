"""Comparison of recipes: only the differences, field by field."""

from hypothesis import given
from hypothesis import strategies as st

from distillation.recipe import RunRecipe, StyleRecipe, differences
from tests.distillation.voices import recipe

CHANGES = {
    "seed": 9, "steps": 77, "minutes": 1.5, "strategy": "random-walk", "student": "kokoro",
    "base_voices": ("pf_luz", "pm_gil"),
}  # fmt: skip


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
