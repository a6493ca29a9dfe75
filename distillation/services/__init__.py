"""What the web may ask for; the work itself is in `slices`, which only the workers import."""

from distillation.services.in_use import default_student, engines_in_use
from distillation.services.queue import ORDINARY, TEACHER, queue_of
from distillation.services.recipes import recipe_build
from distillation.services.recovery import (
    runs_recover,
    teacher_is_there,
    worker_beat,
    worker_is_there,
)
from distillation.services.runs import (
    run_cancel,
    run_launch,
    run_launch_once,
    run_pause,
    run_resume,
    run_retry,
)
from distillation.services.voices import pack_decide, packs_deploy, packs_deploy_later

__all__ = [
    "ORDINARY",
    "TEACHER",
    "default_student",
    "engines_in_use",
    "pack_decide",
    "packs_deploy",
    "packs_deploy_later",
    "queue_of",
    "recipe_build",
    "run_cancel",
    "run_launch",
    "run_launch_once",
    "run_pause",
    "run_resume",
    "run_retry",
    "runs_recover",
    "teacher_is_there",
    "worker_beat",
    "worker_is_there",
]
