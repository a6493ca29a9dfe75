"""Begins a style's search anew whose checkpoint is of no use: what came of it goes, too."""

from functools import partial

from django.db import transaction

from distillation.models import Run, RunState, ScorePoint, Share, StyleRun, VoicePack
from distillation.services.tools import files_delete, sample_name

USELESS = ("checkpoint_damaged", "bad_checkpoint", "other_checkpoint")
UNSEARCHED = {
    **dict.fromkeys(("checkpoint", "checkpoint_sha256", "preview", "start_voice", "stopped"), ""),
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
    for model in (ScorePoint, Share):
        model.objects.filter(style_run__in=rows).delete()
    StyleRun.objects.filter(pk__in=rows).update(**UNSEARCHED)
    transaction.on_commit(partial(files_delete, files), robust=True)
