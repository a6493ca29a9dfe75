"""Launches the runs of the load benchmark; at the end reports how far they are."""

import json
import sys

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402

from corpus.models import Recording, StyleLabel  # noqa: E402
from distillation.models import Run  # noqa: E402
from distillation.services.recipes import recipe_build  # noqa: E402
from distillation.services.runs import run_launch  # noqa: E402
from voicelab.demo.corpus import people_make, speaker_make, takes_make  # noqa: E402
from voicelab.demo.speakers import RoboticSpeaker  # noqa: E402
from voicelab.roles import ADMIN, REVIEWER, SPEAKER  # noqa: E402


def runs_launch(count: int) -> None:
    """Launch runs on Kokoro that differ in their seed."""
    Recording.objects.filter(wav="none").delete()  # rows without sound, of `labeling_fill`
    people, voice = people_make(), RoboticSpeaker()
    takes_make(
        voice=voice,
        speaker=speaker_make(voice=voice, user=people[SPEAKER]),
        person=people[SPEAKER],
        reviewer=people[REVIEWER],
        on_take=lambda *_: None,
    )
    for seed in range(count):
        recipe = recipe_build(
            styles=list(StyleLabel.objects.values_list("key", flat=True)),
            seed=seed,
            student="kokoro",
            precision="auto",
            teacher="recordings",
        )
        run_launch(person=User.objects.get(pk=people[ADMIN].pk), recipe=recipe, name=f"{seed}")


def runs_said() -> list[str]:
    """Return a line for each run: its state, its styles' steps, its errors."""
    lines = []
    for run in Run.objects.order_by("pk"):
        styles = [(style.style, style.step, style.error) for style in run.style_runs.all()]
        steps = ", ".join(f"{name} {step}" for name, step, _ in styles)
        errors = " ".join(filter(None, [run.error, *(error for *_, error in styles)]))
        lines.append(f"run {run.pk}: {run.state}; steps: {steps}; {errors or 'no error'}")
    return lines


if sys.argv[1] == "said":
    print(json.dumps(runs_said()))
else:
    runs_launch(int(sys.argv[1]))
