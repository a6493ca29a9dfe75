"""Lets a style go on whose files are damaged: searched anew, or packs from its checkpoint."""

from functools import partial

from django.db import transaction

from distillation.models import (
    CandidateClaim,
    Run,
    RunState,
    ScorePoint,
    Stage,
    StyleRun,
    VoicePack,
)
from distillation.services.run_files import files_delete, sample_name

USELESS = ("checkpoint_damaged", "bad_checkpoint", "other_checkpoint")
PACK_FILES = (
    *("missing", "unreadable", "not_a_pack", "unsafe", "too_large"),
    *("dtype", "shape", "out_of_range", "not_finite", "wrong_engine"),
)
UNSEARCHED = {
    **dict.fromkeys(("checkpoint", "checkpoint_sha256", "preview", "stopped"), ""),
    **dict.fromkeys(("start_voice", "base_voice"), ""),
    **dict.fromkeys(("step", "evaluations", "seconds"), 0),
    **dict.fromkeys(("diversity", "start_score", "best_score"), None),
    **dict.fromkeys(("target_similarity", "self_similarity", "feature_similarity"), None),
}


def searches_restart(run: Run) -> None:
    """Forget searches that cannot go on; the files of their checkpoints stay."""
    rows = run.style_runs.filter(state=RunState.FAILED, error_code__in=USELESS)
    packs = VoicePack.objects.filter(style_run__in=rows)
    files = [name for pack in packs for name in (str(pack.file.name), sample_name(pack))]
    files += [str(row.preview.name) for row in rows if row.preview]
    packs.delete()
    for model in (ScorePoint, CandidateClaim):
        model.objects.filter(style_run__in=rows).delete()
    StyleRun.objects.filter(pk__in=rows).update(**UNSEARCHED)
    transaction.on_commit(partial(files_delete, files), robust=True)


def packs_restore(run: Run) -> None:
    """Go back to the end of the search where a pack cannot be read: its checkpoint has them all."""
    failed = run.style_runs.filter(state=RunState.FAILED, stage=Stage.VALIDATE)
    rows = failed.filter(error_code__in=PACK_FILES).exclude(checkpoint="")
    packs = VoicePack.objects.filter(style_run__in=rows, decisions=None, deployments=None)
    packs.delete()
    StyleRun.objects.filter(pk__in=rows).update(stage=Stage.EVOLVE)
