"""The command's options of a cloning teacher."""

from dataclasses import replace
from pathlib import Path

import pytest

from corpus.audio.io import write_wav
from distillation.engines import TEACHERS
from distillation.pipeline import option_values
from distillation.pipeline.option_values import OptionValueError
from distillation.stages.reference import make_prompt
from tests.distillation.factories import plain_recipe
from tests.signals import speech

STYLES = ("neutral", "amable")
F5 = TEACHERS["f5"]


def test_a_prompt_for_each_style(tmp_path: Path) -> None:
    path = tmp_path / "a=b.wav"
    write_wav(path, speech(10))
    found = option_values.prompts([f"amable={path}: Hola: ¿qué tal?"], STYLES)
    assert found == {"amable": (("Hola: ¿qué tal?", str(path)),)}
    recipe = plain_recipe(*STYLES)
    styles = tuple(replace(one, prompt=found.get(one.key, ())) for one in recipe.styles)
    options = {"prompt": "shared.wav", "transcript": "De todos."}
    recipe = replace(recipe, styles=styles, teacher_options=options)
    heard = {
        key: make_prompt(recipe, key, place=Path, joined_to=tmp_path / "no.wav") for key in STYLES
    }
    assert heard["amable"].audio == path
    assert heard["amable"].transcript == "Hola: ¿qué tal?"
    assert (heard["neutral"].audio, heard["neutral"].transcript) == (
        Path("shared.wav"),
        "De todos.",
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("amable=a.wav", r"FILE\.wav:WORDS"),
        ("amable=a.wav: ", r"FILE\.wav:WORDS"),
        ("alegre=a.wav:Hola.", "'alegre' is none of neutral, amable"),
        ("amable=nowhere.wav:Hola.", r"nowhere\.wav is not there"),
    ],
)
def test_invalid_prompts(given: str, message: str) -> None:
    with pytest.raises(OptionValueError, match=message):
        option_values.prompts([given], STYLES)


def test_f5_in_its_own_environment() -> None:
    with pytest.raises(OptionValueError, match="make teacher"):
        option_values.check(F5, "", has_prompt=True)
    with pytest.raises(OptionValueError, match="leave --teacher f5 out"):
        option_values.check(F5, "http://tts:8001", has_prompt=True)


def test_its_options_of_this_machine(tmp_path: Path) -> None:
    assert TEACHERS["recordings"].machine_options(tmp_path, lang="es") == {}
    assert F5.machine_options(tmp_path, lang="es") == {"model_dir": str(tmp_path), "lang": "es"}
