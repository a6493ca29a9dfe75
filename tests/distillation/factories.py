"""Runs for tests: a small corpus with synthesized takes, and recipes small enough to execute."""

import hashlib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import factory
from django.core.files.storage import default_storage

from corpus.audio.io import encode_wav
from distillation import engines, models
from distillation.recipe import RunRecipe, StyleRecipe
from distillation.services.decisions import pack_decide
from distillation.services.recipes import recipe_build
from distillation.services.runs import run_launch
from distillation.stages.differentiation import MEASURES
from distillation.stages.run_report import build_report
from tests.factories import (
    LabelFactory,
    PersonFactory,
    ProsodyScoreFactory,
    RecordingFactory,
    SentenceFactory,
    SpeakerFactory,
    StyleFactory,
)

TEXTS = (
    "Su recibo de este mes ya se encuentra disponible en nuestra página.",
    "El próximo autobús hacia el centro sale a las cuatro y media.",
    "La oficina permanece abierta de lunes a viernes por la mañana.",
    "El pedido llegará mañana antes de las doce del mediodía.",
    "Hoy hace sol en la costa, pero mañana lloverá en toda la sierra.",
    "La reunión del equipo comienza puntualmente a las nueve.",
    "Gracias por llamar.",
    "Tome asiento, por favor.",
)


@cache
def spoken(text: str, voice: str) -> bytes:
    """Speak with a stock voice of the engine that is always there; WAV."""
    student = engines.student("praat")
    return encode_wav(student.synthesize(text, student.stock_voice(voice)))


def corpus_make(*styles: str) -> None:
    """Label eight sentences with each style and accept a take of each."""
    speaker, labeler = SpeakerFactory(), PersonFactory(roles=["labeler"])
    voices = engines.student("praat").stock_voices()
    for number, key in enumerate(styles):
        style = StyleFactory(key=key, name=key.capitalize(), colour=f"style-{number + 1}")
        for text in TEXTS:
            text = f"{text} Opción {key}."
            sentence = SentenceFactory(text=text, syllables=20)
            LabelFactory(sentence=sentence, style=style, person=labeler)
            data = spoken(text, voices[number])
            name = f"recordings/{hashlib.sha256(data).hexdigest()}.wav"
            if not default_storage.exists(name):
                path = Path(default_storage.path(name))
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            take = RecordingFactory(
                sentence=sentence,
                style=style,
                speaker=speaker,
                state="accepted",
                wav=name,
                sha256=hashlib.sha256(data).hexdigest(),
                duration_s=(len(data) - 44) / 48_000,
            )
            ProsodyScoreFactory(recording=take)


def tiny(recipe: RunRecipe, *, steps: int = 3) -> RunRecipe:
    """Return the recipe with a minimal search: two base voices, two short texts, few steps."""
    return replace(
        recipe,
        steps=steps,
        base_voices=engines.student("praat").stock_voices()[:2],
        search_texts=("Tome asiento, por favor, y espere.", "Gracias por llamar hoy."),
        held_out_texts=recipe.held_out_texts[:2],
    )


def tiny_run(*styles: str, steps: int = 3, **wanted: Any) -> models.Run:
    corpus_make(*styles)
    recipe = tiny(recipe_build(styles=styles, steps=steps, seed=7, **wanted), steps=steps)
    return run_launch(person=PersonFactory(roles=["admin"]), recipe=recipe, name="Prueba")


def plain_recipe(*styles: str) -> RunRecipe:
    """Return a recipe that needs no corpus, for pages."""
    return RunRecipe(
        styles=tuple(
            StyleRecipe(key=key, speed=1.0, reference_texts=("Una frase.",)) for key in styles
        ),
        search_texts=("Una frase.", "Otra frase."),
        held_out_texts=("La tercera.", "La cuarta frase."),
        steps=100,
    )


class RunFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Run

    recipe = factory.LazyFunction(lambda: plain_recipe("neutral").to_json())
    fingerprint = "f" * 64
    created_by = factory.SubFactory(PersonFactory, roles=["admin"])


class StyleRunFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.StyleRun

    run = factory.SubFactory(RunFactory)
    style = "neutral"
    steps = 100


class VoicePackFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.VoicePack

    style_run = factory.SubFactory(StyleRunFactory)
    style = factory.SelfAttribute("style_run.style")
    engine = "praat"
    step = 100
    file = factory.LazyAttribute(lambda o: f"runs/{o.style_run.run_id}/packs/{o.style}.pt")
    sha256 = factory.Sequence("{:064x}".format)


def style_report(key: str, *, passed: bool = True) -> dict[str, Any]:
    """Return a style's part of a report, as `stages.validate` writes it."""
    figures = {
        "pitch_median_hz": 180.0,
        "pitch_range_st": 8.0,
        "articulation_rate": 5.0,
        "speech_rate": 5.0,
    }
    measures = dict.fromkeys(MEASURES, 1.0 if key == "neutral" else 1.3)  # styles that differ
    result = {
        "score": {"total": 80.0, "target": 0.8, "self": 0.9, "feature": 0.6},
        "durations_s": [1.5, 2.5],
        "prosody": [{**measures, **figures}] * 2,
        "prosody_mean": measures,
    }
    check = {"value": 0.8, "threshold": 0.7, "passed": passed, "reason": "Porque sí."}
    opinion = {"mean": 4.25, "low": 4.0, "high": 4.5, "sentences": [4.0, 4.5]}
    return {
        "style": key,
        "passed": passed,
        "checks": [
            *({"name": name, **check} for name in ("target_similarity", "self_similarity")),
            {"name": "naturalness", **check, "value": 4.12, "threshold": 4.06},
        ],
        "naturalness": {
            "target": {**opinion, "of": "clips"},
            "start": {**opinion, "mean": 4.2},
            "best_base": {**opinion, "voice": "pf_luz"},
            "evolved": {**opinion, "mean": 4.12, "sentences": [4.01, 4.23]},
        },
        "start": result,
        "evolved": result,
        "gain": dict.fromkeys(result["score"], 0.0),
        "target_figures": [20.0, 9.0, 5.0],
        "similarity": similarity(),
        **({} if key == "neutral" else {"direction": direction()}),
        "audio": [
            {"text": text, "target": None, "start": "x", "evolved": "y"}
            for text in plain_recipe(key).held_out_texts
        ],
    }


def similarity() -> dict[str, Any]:
    """Return what similarity means in a style's report (`stages.evidence`)."""
    return {
        "start": {"mean": 0.702, "low": 0.69, "high": 0.715},
        "evolved": {"mean": 0.861, "low": 0.85, "high": 0.873},
        "best_base": {"mean": 0.713, "low": 0.7, "high": 0.726},
        "gain": {"mean": 0.159, "low": 0.14, "high": 0.178},
        "over_best_base": {"mean": 0.148, "low": -0.01, "high": 0.171},
        "deployed": {"mean": 0.822, "low": 0.81, "high": 0.83},
        "over_deployed": {"mean": 0.039, "low": 0.02, "high": 0.05},
        "ceiling": 0.912,
        "impostors": {"mean": 0.554, "best": 0.721, "voice": "pf_luz"},
        "embeddings": [[0.6, 0.8], [0.8, 0.6]],
    }


def direction() -> dict[str, Any]:
    """Return how a style differs from neutral (`stages.style_direction`)."""
    return {
        "pitch": {"target": 3.0, "evolved": 2.4, "spread": 0.8, "asked": True},
        "range": {"target": 0.05, "evolved": 0.1, "spread": 0.2, "asked": False},
        "rate": {"target": 0.1, "evolved": -0.03, "spread": 0.04, "asked": True},
    }


def finished_run(*styles: str) -> models.Run:
    """Return a successful run with its packs and report, without any synthesis."""
    recipe = plain_recipe(*styles)
    run: Any = RunFactory(recipe=recipe.to_json(), state="finished", name="Prueba")
    reports = [style_report(key) for key in styles]
    for report in reports:
        style_run: Any = StyleRunFactory(
            run=run,
            style=report["style"],
            state="finished",
            stage="validate",
            step=100,
            report=report,
            start_score=70.0,
            best_score=80.0,
            target_similarity=0.8,
            self_similarity=0.9,
            feature_similarity=0.6,
        )
        for step, score in ((0, 70.0), (40, 75.0), (90, 80.0)):
            models.ScorePoint.objects.create(
                style_run=style_run,
                step=step,
                score=score,
                target_similarity=score / 100,
                self_similarity=0.9,
                feature_similarity=0.6,
                seconds=step / 2,
                diversity=0.1,
            )
        VoicePackFactory(style_run=style_run, scores={"score": 80.0})
    data = build_report(recipe, reports)
    models.ValidationReport.objects.create(
        run=run, passed=data["passed"], data=data, file=f"runs/{run.pk}/report.json"
    )
    return run


def approve(pack: Any, **said: str) -> models.Decision:
    """Approve a pack by a reviewer who did not launch its run."""
    reviewer = PersonFactory(roles=["reviewer"])
    said = {"verdict": "approve", "reason": "Bien.", **said}
    return pack_decide(pack=pack, person=reviewer, **said)
