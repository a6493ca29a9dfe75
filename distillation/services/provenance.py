"""What was made from a speaker's voice, and that nothing new is after a withdrawal."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from corpus.models import Recording, Speaker
from distillation.models import Deployment, StyleRun, VoicePack
from distillation.recipe import RunRecipe
from distillation.services.faults import RunError


@dataclass
class Made:
    """One style of a run that used takes of a speaker, and what came of it."""

    style_run: StyleRun
    takes: list[Recording]
    packs: list[VoicePack] = field(default_factory=list)
    deployments: list[Deployment] = field(default_factory=list)


def takes_named(recipe: RunRecipe, style: str) -> set[str]:
    """Return the files of takes that a style of a recipe uses: its own, its inputs, the prompt."""
    own = recipe.style(style)
    names = {*own.takes.values(), *own.targets, *recipe.inputs}
    prompt = recipe.teacher_options.get("prompt")
    return names | {prompt} if prompt else names


def voice_made(speaker: Speaker) -> list[Made]:
    """List every style run that used a take of the speaker, newest first, with what it made."""
    takes = {take.wav.name: take for take in speaker.recordings.select_related("sentence", "style")}
    if not takes:
        return []
    made = [
        Made(style_run, used)
        for style_run in StyleRun.objects.select_related("run").order_by("-pk").iterator()
        if (used := _used(style_run, takes))
    ]
    _add_results(made)
    return made


def consent_hold(recipe: RunRecipe, styles: Iterable[str]) -> None:
    """Raise RunError `consent_withdrawn` when a voice in it was withdrawn.

    Raises
    ------
    RunError
        Naming the speakers; the run stays as it is and can be retried if they agree again.
    """
    gone: set[str] = set()
    for style in styles:
        named = takes_named(recipe, style)
        takes = Recording.objects.filter(wav__in=named, speaker__withdrawn_at__isnull=False)
        for take in takes.select_related("speaker", "style"):
            if _is_used(take, recipe, style):
                gone.add(take.speaker.name)
    if who := sorted(gone):
        message = _("%s withdrew the consent: this voice may not be used for anything new.")
        raise RunError("consent_withdrawn", message % ", ".join(who))


def _used(style_run: StyleRun, takes: dict[Any, Recording]) -> list[Recording]:
    recipe, style = style_run.run.run_recipe, style_run.style
    named = sorted(takes_named(recipe, style) & takes.keys())
    return [takes[name] for name in named if _is_used(takes[name], recipe, style)]


def _is_used(take: Recording, recipe: RunRecipe, style: str) -> bool:
    """Tell whether a take the recipe names is this style's; its inputs are those of all styles."""
    of_style = recipe.style(style)
    prompt = recipe.teacher_options.get("prompt")
    own = {*of_style.takes.values(), *of_style.targets, *dict(of_style.prompt).values(), prompt}
    return take.wav.name in own or take.style.key == style


def _add_results(made: list[Made]) -> None:
    by_run = {item.style_run.pk: item for item in made}
    packs = VoicePack.objects.filter(style_run__in=by_run).with_verdict()
    deployments: dict[int, list[Deployment]] = defaultdict(list)
    rows = Deployment.objects.filter(pack__style_run__in=by_run).select_related("person")
    for row in rows:
        deployments[row.pack_id].append(row)
    for pack in packs:
        item = by_run[pack.style_run_id]
        item.packs.append(pack)
        item.deployments += deployments[pack.pk]
