"""What other pages show of listening tests: a voice's result; where ear and score disagree."""

from typing import Any

from django import template

from distillation.listening_tests.services.access import may_see_results
from distillation.listening_tests.services.findings import notes_of, summary_of
from distillation.models import Run, VoicePack
from voicelab.roles import REVIEWER

register = template.Library()


@register.inclusion_tag("listening_tests/_notes.html", takes_context=True)
def listening_notes(context: template.Context, run: Run) -> dict[str, Any]:
    """Say to reviewers where listeners prefer a voice whose score is lower."""
    if REVIEWER not in context["roles"]:
        return {"notes": []}
    person = context["user"]
    return {"notes": [note for note in notes_of(run) if may_see_results(person, note.test)]}


@register.inclusion_tag("listening_tests/_summary.html", takes_context=True)
def listening_summary(context: template.Context, pack: VoicePack) -> dict[str, Any]:
    """Say how listeners judged a voice against another one, in its newest test."""
    found = summary_of(pack)
    may_see = found and may_see_results(context["user"], found.test)
    return {"found": found if may_see else None}
