"""The result of one slice, to be stored."""

from dataclasses import dataclass, field
from typing import Any

from distillation.models import ScorePoint, Stage, VoicePack


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Columns, rows and files of one slice.

    `stage` is that of the next slice, None if the style is finished; `written` are the files to
    delete if the outcome is discarded, `replaced` those to delete once it is stored; `dropped`
    are saved packs that turned out not to be milestones of the search.
    """

    stage: Stage | None
    fields: dict[str, Any] = field(default_factory=dict)
    points: list[ScorePoint] = field(default_factory=list)
    packs: list[VoicePack] = field(default_factory=list)
    dropped: list[VoicePack] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
