"""The demo's order of events: prepare, start, distil, ship, hear, show, serve until Ctrl-C."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from io import StringIO
from types import FrameType

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db.models import F
from rich.progress import Progress

from distillation.models import Run, RunState
from voicelab.demo.corpus import labels_make, speaker_make, takes_make
from voicelab.demo.people import passwords_kept, people_make
from voicelab.demo.processes import DemoError, ports_check, processes_running
from voicelab.demo.run import packs_ship, run_of_demo, voices_hear
from voicelab.demo.show import (
    Stopwatch,
    addresses_print,
    console,
    files_print,
    passwords_print,
    run_watch,
    table_of,
)
from voicelab.roles import ADMIN, LABELER, REVIEWER, SPEAKER


def demo_run(*, stop_after_table: bool) -> bool:
    """Run the whole loop; return whether every style improved, passed and answered."""
    for end in (signal.SIGINT, signal.SIGTERM):
        signal.signal(end, _interrupt)
    ports_check()
    watch = Stopwatch()
    with watch.part("Database, corpus, people"):
        people = prepare()
    with watch.part("Labels and takes"):
        corpus_fill(people)
    with ExitStack() as processes:
        with watch.part("Web, worker, speech service"):
            processes.enter_context(processes_running(settings.DATA_DIR / "demo.log"))
        good = distil(people, watch)
        if not stop_after_table:
            console.print("Serving. Ctrl-C stops everything.")
            signal.pause()
    return good


def prepare() -> dict[str, User]:
    """Make database, static files, corpus and demo people; return the people by role."""
    call_command("prepare", stdout=StringIO())
    return people_make()


def corpus_fill(people: dict[str, User]) -> None:
    """Label the corpus and record its takes, as far as that is not done."""
    labels = labels_make(labeler=people[LABELER])
    speaker = speaker_make(user=people[SPEAKER])
    with Progress(console=console) as progress:
        bar = progress.add_task("takes")
        made = takes_make(
            speaker=speaker,
            person=people[SPEAKER],
            reviewer=people[REVIEWER],
            on_take=lambda done, total: progress.update(bar, completed=done, total=total),
        )
    console.print(f"{labels} labels and {made} takes added.")


def distil(people: dict[str, User], watch: Stopwatch) -> bool:
    """Launch the run, ship what passed, show what came of it."""
    with watch.part("Distillation"):
        run = run_watch(run_of_demo(admin=people[ADMIN]))
    if run.state != RunState.FINISHED:
        raise DemoError(f"Run {run.pk} ended as {run.state}: {_why(run)}")
    with watch.part("Deployment"):
        packs = packs_ship(run, reviewer=people[REVIEWER], admin=people[ADMIN])
        heard = voices_hear(packs, folder=settings.DATA_DIR / "demo")
    console.print(table_of(run))
    files_print(run, heard)
    addresses_print(run)
    passwords_print(passwords_kept())
    console.print(watch.line(), soft_wrap=True)
    improved = not run.style_runs.exclude(best_score__gt=F("start_score")).exists()
    return improved and run.report.passed and set(heard) == set(run.run_recipe.style_keys)


def _why(run: Run) -> str:
    errors = [run.error, *(style.error for style in run.style_runs.all())]
    return " ".join(filter(None, errors)) or "see its page."


def _interrupt(_signum: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
