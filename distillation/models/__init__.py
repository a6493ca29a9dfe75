"""The rows of distillation, where Django looks for them; the functions are named in migrations."""

from distillation.models.playground import (
    PlaygroundSound,
    _playground_name,
)
from distillation.models.runs import (
    ACTIVE,
    ENDED,
    CandidateClaim,
    Heartbeat,
    Run,
    RunEvent,
    RunState,
    ScorePoint,
    Stage,
    StyleRun,
    TakeUse,
    WorkerBeat,
    _checkpoint_name,
    _preview_name,
    _target_name,
)
from distillation.models.voices import (
    Decision,
    Deployment,
    ValidationReport,
    VoicePack,
    _pack_name,
    _report_name,
)

__all__ = [
    "ACTIVE",
    "ENDED",
    "CandidateClaim",
    "Decision",
    "Deployment",
    "Heartbeat",
    "PlaygroundSound",
    "Run",
    "RunEvent",
    "RunState",
    "ScorePoint",
    "Stage",
    "StyleRun",
    "TakeUse",
    "ValidationReport",
    "VoicePack",
    "WorkerBeat",
    "_checkpoint_name",
    "_pack_name",
    "_playground_name",
    "_preview_name",
    "_report_name",
    "_target_name",
]
