"""The command's options of a cloning teacher."""

from dataclasses import replace
from pathlib import Path

import pytest

from corpus.audio.io import write_wav
from distillation.engines import TEACHERS
from distillation.pipeline.options import PlanError, style_prompts
from distillation.stages.reference import make_prompt
from tests.distillation.factories import plain_recipe
from tests.distillation.pipeline.runs import plan_of
from tests.signals import speech

STYLES = ("neutral", "amable")
F5 = TEACHERS["f5"]


def test_each_style_has_its_own_prompt(tmp_path: Path) -> None:
    path = tmp_path / "a=b.wav"
    write_wav(path, speech(10))
    found = style_prompts([f"amable={path}: Hola: ¿qué tal?"], STYLES)
    assert found == {"amable": (("Hola: ¿qué tal?", str(path)),)}
    recipe = plain_recipe(*STYLES)
    styles = tuple(replace(one, prompt=found.get(one.key, ())) for one in recipe.styles)
    options = {"prompt": "shared.wav", "transcript": "De todos."}
    recipe = replace(recipe, styles=styles, teacher_options=options)
    prompts = {
        key: make_prompt(recipe, key, place=Path, joined_to=tmp_path / "no.wav") for key in STYLES
    }
    assert prompts["amable"].audio == path
    assert prompts["amable"].transcript == "Hola: ¿qué tal?"
    assert (prompts["neutral"].audio, prompts["neutral"].transcript) == (
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
def test_invalid_prompts_are_refused(given: str, message: str) -> None:
    with pytest.raises(PlanError, match=message):
        style_prompts([given], STYLES)


def test_f5_without_its_environment_names_the_alternatives(tmp_path: Path) -> None:
    asked = {"stage": "reference", "teacher": "f5", "prompt_styles": ("amable=a.wav:Hola.",)}
    with pytest.raises(PlanError, match="make teacher"):
        plan_of(tmp_path, **asked)
    with pytest.raises(PlanError, match="leave --teacher f5 out"):
        plan_of(tmp_path, **asked, tts_url="http://tts:8001")


def test_machine_options_of_f5_are_model_folder_and_language(tmp_path: Path) -> None:
    assert TEACHERS["recordings"].machine_options(tmp_path, lang="es") == {}
    assert F5.machine_options(tmp_path, lang="es") == {"model_dir": str(tmp_path), "lang": "es"}


def test_words_that_do_not_fit_the_prompt_are_refused_before_any_work(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    write_wav(path, speech(30))
    asked = {"stage": "reference", "tts_url": "http://tts:8001", "styles": ("amable",)}
    with pytest.raises(PlanError, match=r"--prompt-style: .* syllables a second"):
        plan_of(tmp_path, **asked, prompt_styles=(f"amable={path}:Hola.",))
    with pytest.raises(PlanError, match=r"--reference-text: .* syllables a second"):
        plan_of(tmp_path, **asked, reference_audio=path, reference_text="Muy " * 80)
    plan_of(tmp_path, **asked, reference_audio=path, reference_text="Buenos días, " * 8)
