"""The result of one slice that is to be stored."""

from dataclasses import dataclass, field
from typing import Any

from distillation.models import ScorePoint, Stage, VoicePack


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Columns, rows and files of one slice.

    `stage` is the one the next slice belongs to, None when the style is finished; `written` are
    files to delete if nobody wants the outcome, `replaced` those to delete once it is stored;
    `dropped` are packs kept on the way that turned out to be none of the search's parts.
    """

    stage: Stage | None
    fields: dict[str, Any] = field(default_factory=dict)
    points: list[ScorePoint] = field(default_factory=list)
    packs: list[VoicePack] = field(default_factory=list)
    dropped: list[VoicePack] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
