"""Running the command in tests, and the plan of its options."""

from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from distillation.pipeline.options import Options
from distillation.pipeline.planning import Plan, plan

CORPUS = settings.BASE_DIR / "fixtures" / "corpus"
BASE = ("pf_luz", "pm_teo")


def run(out: Path, *options: object) -> None:
    folders = ("--out", out, "--voices-dir", out / "voices")
    searches = "--stage" not in options or {"evolve", "all"} & set(options)
    base = ("--base-voices", *BASE) if searches and "--base-voices" not in options else ()
    call_command("run_pipeline", *map(str, (*options, *base, *folders)))


def plan_of(out: Path, **changes: object) -> Plan:
    values: dict[str, object] = {
        "stage": "evolve", "reference_audio": None, "reference_text": "", "tts_url": "",
        "steps": 5, "base_voices": BASE, "styles": (), "student": "", "teacher": "",
        "target_audio": (), "minutes": None, "goal": None, "patience": None, "weights": (),
        "precision": "", "default_precision": "fp32", "strategy": "", "seed": None,
        "out": out, "voices_dir": out, "model_dir": out, "override": "", "corpus_dir": CORPUS,
        "default_student": "praat",
    }  # fmt: skip
    if changes.get("stage", "evolve") not in ("evolve", "all"):
        values |= {"steps": None, "base_voices": ()}  # of a search only
    return plan(Options(**{**values, **changes}))
