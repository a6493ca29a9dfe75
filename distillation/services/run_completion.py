"""Ends a run once all its styles have ended, with a report of them all."""

import json

from django.core.files.base import ContentFile
from django.utils import timezone

from distillation.models import Run, RunState, StyleRun, ValidationReport
from distillation.services.runs import LIVE, run_turn
from distillation.stages.validate import build_report


def run_settle(run: Run) -> None:
    """End a locked run whose styles have all ended: finished with its report, or failed."""
    styles = list(run.style_runs.all())
    if any(style.state in LIVE for style in styles):
        return
    if failed := next((style for style in styles if style.state == RunState.FAILED), None):
        run.error_code, run.error = failed.error_code, f"{failed.style}: {failed.error}"
        run.finished_at = timezone.now()
        run_turn(run, RunState.FAILED, "failed", detail=run.error)
    elif all(style.state == RunState.FINISHED for style in styles):
        report_store(run, styles)
        run.finished_at = timezone.now()
        run_turn(run, RunState.FINISHED, "finished")


def report_store(run: Run, styles: list[StyleRun]) -> ValidationReport:
    """Build the report of all styles and store it as a row and as a file."""
    data = build_report(run.run_recipe, [style.report for style in styles])
    report = ValidationReport(run=run, passed=data["passed"], data=data)
    text = json.dumps(data, ensure_ascii=False, indent=2)
    report.file.save("validation_report.json", ContentFile(text.encode()), save=True)
    return report
