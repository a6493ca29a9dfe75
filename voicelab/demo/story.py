"""The demo's sequence: prepare, start, distil, deploy, synthesize, show, serve until Ctrl-C."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from io import StringIO
from pathlib import Path
from types import FrameType

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from rich.progress import Progress

from distillation.models import Run, RunState
from voicelab.demo.corpus import (
    labels_make,
    other_takes_reject,
    passwords_kept,
    people_make,
    speaker_make,
    takes_make,
)
from voicelab.demo.kept_takes import keeping
from voicelab.demo.processes import DemoError, ports_check, processes_running
from voicelab.demo.run import (
    engine_choose,
    faults_of,
    packs_ship,
    remarks_on,
    run_of_demo,
    voices_synthesize,
)
from voicelab.demo.show import (
    Stopwatch,
    addresses_print,
    console,
    files_print,
    listen_print,
    passwords_print,
    run_watch,
    table_of,
    verdict_print,
)
from voicelab.demo.speakers import speaker_of
from voicelab.roles import ADMIN, LABELER, REVIEWER, SPEAKER


def demo_run(*, engine: str, stop_after_table: bool, sounds: Path | None = None) -> bool:
    """Run the whole demo; return whether every style improved, passed and responded.

    `engine` is `kokoro`, `praat`, or empty for Kokoro if its files are present or can be
    downloaded. `sounds` is a folder for one Opus file per style.
    """
    for end in (signal.SIGINT, signal.SIGTERM):
        signal.signal(end, _interrupt)
    ports_check()
    watch = Stopwatch()
    with watch.part("Voice model"):
        engine = engine_choose(engine)
    with watch.part("Database, corpus, people"):
        people = prepare()
    with ExitStack() as processes:
        with watch.part("Web, worker, speech service"):
            log = settings.DATA_DIR / "demo.log"
            processes.enter_context(processes_running(log, engine=engine))
        with watch.part("Labels and takes"):  # meanwhile the speech service loads its model
            corpus_fill(people, engine)
        succeeded = distil(people, watch, engine=engine, sounds=sounds)
        if not stop_after_table:
            console.print("Serving. Ctrl-C stops everything.")
            signal.pause()
    return succeeded


def prepare() -> dict[str, User]:
    """Create database, static files, corpus and demo users; return the users by role."""
    call_command("prepare", stdout=StringIO())
    return people_make()


def corpus_fill(people: dict[str, User], engine: str) -> None:
    """Add the missing labels and takes."""
    labels = labels_make(labeler=people[LABELER])
    voice = keeping(speaker_of(engine, settings.MODEL_DIR), settings.MODEL_DIR)
    speaker = speaker_make(voice=voice, user=people[SPEAKER])
    rejected = other_takes_reject(speaker=speaker, reviewer=people[REVIEWER])
    with Progress(console=console) as progress:
        bar = progress.add_task(f"takes by {voice.name}")
        made = takes_make(
            voice=voice,
            speaker=speaker,
            person=people[SPEAKER],
            reviewer=people[REVIEWER],
            on_take=lambda done, total: progress.update(bar, completed=done, total=total),
        )
    console.print(f"{labels} labels and {made} takes added.")
    if rejected:
        console.print(f"{rejected} takes of the demo's other speaker were set aside.")


def distil(people: dict[str, User], watch: Stopwatch, *, engine: str, sounds: Path | None) -> bool:
    """Launch the run, deploy the voices that passed, show the results."""
    with watch.part("Distillation"):
        run = run_watch(run_of_demo(engine=engine, admin=people[ADMIN]))
    if run.state != RunState.FINISHED:
        raise DemoError(f"Run {run.pk} ended as {run.state}: {_why(run)}")
    with watch.part("Deployment"):
        packs = packs_ship(run, reviewer=people[REVIEWER], admin=people[ADMIN])
        files = voices_synthesize(packs, folder=settings.DATA_DIR / "demo")
        if sounds:
            voices_synthesize(packs, folder=sounds, encoding="opus")
    faults = faults_of(run.report.data, answered=set(files))
    console.print(table_of(run))
    verdict_print(faults, remarks_on(run.report.data))
    listen_print(run, files)
    files_print(run)
    addresses_print(run)
    passwords_print(passwords_kept())
    console.print(watch.line(), soft_wrap=True)
    return not faults


def _why(run: Run) -> str:
    errors = [run.error, *(style.error for style in run.style_runs.all())]
    return " ".join(filter(None, errors)) or "see its page."


def _interrupt(_signum: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
