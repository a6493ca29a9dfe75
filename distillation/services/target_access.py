"""Who may hear the target of a style: takes are for reviewers and the speakers themselves."""

from typing import Any

from corpus.models import Recording
from distillation.models import StyleRun
from voicelab.roles import REVIEWER, roles_of


def may_hear_target(person: Any, row: StyleRun) -> bool:
    style = row.run.run_recipe.style(row.style)
    takes = {*style.takes.values(), *style.targets}
    if not takes or REVIEWER in roles_of(person):
        return True
    own = Recording.objects.filter(speaker__user=person, wav__in=takes)
    return takes == set(own.values_list("wav", flat=True))
