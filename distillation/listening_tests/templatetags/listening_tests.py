"""What other pages show of listening tests: where ear and score of a run disagree."""

from typing import Any

from django import template

from distillation.listening_tests.services.access import may_see_results
from distillation.listening_tests.services.findings import notes_of
from distillation.models import Run
from voicelab.roles import REVIEWER

register = template.Library()


@register.inclusion_tag("listening_tests/_notes.html", takes_context=True)
def listening_notes(context: template.Context, run: Run) -> dict[str, Any]:
    """Say to reviewers where listeners prefer a voice whose score is lower."""
    if REVIEWER not in context["roles"]:
        return {"notes": []}
    person = context["user"]
    return {"notes": [note for note in notes_of(run) if may_see_results(person, note.test)]}
