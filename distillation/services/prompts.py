"""Which takes a cloning teacher hears of each style: the best accepted ones, of one speaker."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from django.utils.translation import gettext as _

from corpus.models import Recording, StyleLabel
from distillation.engines.prompts import JOIN_S, LONGEST_S, LONGEST_SPEECH_S
from distillation.recipe import RecipeError

ENOUGH_S = 6.0  # shorter takes are joined until a prompt lasts so long
Takes = dict[str, list[Any]]  # by style, best first


def prompts_choose(labels: Sequence[StyleLabel], *, avoid: Collection[str] = ()) -> Takes:
    """Return the takes of each style's prompt, in order.

    They are of one speaker, so that the styles keep one voice: of whom has takes in most of
    the styles, then of the best. Takes are added by quality until they last 6 s; a prompt lasts
    12 s at most, with its silence. Takes of the sentences to `avoid` come last: what the teacher
    shall speak later it would only repeat.

    Raises
    ------
    RecipeError
        The styles in which that speaker has no such take.
    """
    by_speaker: dict[int, Takes] = defaultdict(lambda: defaultdict(list))
    takes = Recording.objects.usable().filter(style__in=labels, duration_s__lte=LONGEST_S)
    ordered = takes.best_first().select_related("sentence", "style", "speaker")
    for take in sorted(ordered, key=lambda take: take.sentence.text in avoid):
        by_speaker[take.speaker_id][take.style.key].append(take)
    best = max(by_speaker.values(), key=_worth, default={})
    if missing := [label.name for label in labels if label.key not in best]:
        raise RecipeError(_message(missing))
    return {label.key: _joined(best[label.key]) for label in labels}


def _worth(takes: Takes) -> tuple[int, float]:
    return len(takes), sum(of_style[0].quality or 0.0 for of_style in takes.values())


def _message(missing: list[str]) -> str:
    message = _(
        "own_prompts: no accepted take of at most %(seconds)d s in %(styles)s by the speaker of "
        "the other styles. Record or accept one, or choose one prompt for all styles."
    )
    return message % {"styles": ", ".join(missing), "seconds": LONGEST_S}


def _joined(takes: list[Any]) -> list[Any]:
    chosen, seconds = takes[:1], takes[0].duration_s
    for take in takes[1:]:
        if seconds >= ENOUGH_S:
            break
        said = any(take.sentence_id == one.sentence_id for one in chosen)
        if not said and seconds + JOIN_S + take.duration_s <= LONGEST_SPEECH_S:
            chosen.append(take)
            seconds += JOIN_S + take.duration_s
    return chosen
