"""A run: its styles, what they are made of, their curve, and who works on them."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from distillation.querysets import (
    HELD,
    RunQuerySet,
    StyleRunQuerySet,
)
from distillation.recipe import RunRecipe


class RunState(models.TextChoices):
    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    PAUSED = "paused", _("paused")
    FINISHED = "finished", _("finished")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


ACTIVE = (RunState.QUEUED, RunState.RUNNING)
ENDED = (RunState.FINISHED, RunState.FAILED, RunState.CANCELLED)


class Stage(models.TextChoices):
    REFERENCE = "reference", _("reference")
    EVOLVE = "evolve", _("evolve")
    VALIDATE = "validate", _("validate")


class Run(models.Model):
    name = models.CharField(_("name"), max_length=120, blank=True)
    recipe = models.JSONField(_("recipe"))
    fingerprint = models.CharField(_("fingerprint"), max_length=64, db_index=True)
    state = models.CharField(_("state"), max_length=16, choices=RunState, default=RunState.QUEUED)
    error_code = models.SlugField(_("error code"), blank=True)
    error = models.TextField(_("error"), blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="runs", verbose_name=_("launched by")
    )
    created_at = models.DateTimeField(_("launched"), auto_now_add=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("run")
        verbose_name_plural = _("runs")

    def __str__(self) -> str:
        return self.name or f"#{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("run", args=[self.pk])

    @property
    def run_recipe(self) -> RunRecipe:
        return RunRecipe.from_json(self.recipe)

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    @property
    def is_held(self) -> bool:
        """Whether it was paused because its work could not be stored, and resumes by itself."""
        return self.state == RunState.PAUSED and self.error_code.startswith(HELD)

    @property
    def is_live(self) -> bool:
        """Whether it may continue without a retry, so that its page must poll for changes."""
        return self.is_active or self.state == RunState.PAUSED


class RunEvent(models.Model):
    class What(models.TextChoices):
        LAUNCHED = "launched", _("launched")
        PAUSED = "paused", _("paused")
        RESUMED = "resumed", _("resumed")
        HELD = "held", _("paused: no room to store")
        CANCELLED = "cancelled", _("cancelled")
        RETRIED = "retried", _("retried")
        REFERENCE_FINISHED = "reference-finished", _("target spoken")
        EVOLVE_FINISHED = "evolve-finished", _("search finished")
        VALIDATE_FINISHED = "validate-finished", _("voice validated")
        SLICE_LOST = "slice-lost", _("worker lost, slice sent again")
        STYLE_FAILED = "style-failed", _("style failed")
        FAILED = "failed", _("run failed")
        FINISHED = "finished", _("run finished")

    run = models.ForeignKey(Run, models.CASCADE, related_name="events", verbose_name=_("run"))
    style = models.SlugField(_("style"), blank=True)
    what = models.SlugField(_("what"), choices=What)
    detail = models.TextField(_("detail"), blank=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name=_("person")
    )
    created_at = models.DateTimeField(_("when"), auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("event")
        verbose_name_plural = _("events")

    def __str__(self) -> str:
        return f"{self.run}: {self.what}"


def _target_name(style_run: "StyleRun", filename: str) -> str:
    return f"runs/{style_run.run_id}/reference_audio/{style_run.style}/target.wav"


def _checkpoint_name(style_run: "StyleRun", filename: str) -> str:
    return f"runs/{style_run.run_id}/checkpoints/{style_run.style}/{filename}"


def _preview_name(style_run: "StyleRun", filename: str) -> str:
    return f"runs/{style_run.run_id}/previews/{style_run.style}/{filename}"


class StyleRun(models.Model):
    run = models.ForeignKey(Run, models.CASCADE, related_name="style_runs", verbose_name=_("run"))
    style = models.SlugField(_("style"))
    state = models.CharField(_("state"), max_length=16, choices=RunState, default=RunState.QUEUED)
    stage = models.CharField(_("stage"), max_length=16, choices=Stage, default=Stage.REFERENCE)
    slice = models.PositiveIntegerField(_("slice"), default=0)  # next slice to execute
    queued_at = models.DateTimeField(_("enqueued"), null=True, blank=True)
    lease = models.CharField(_("lease"), max_length=32, blank=True)
    heartbeat_at = models.DateTimeField(_("last sign of life"), null=True, blank=True)
    has_advanced = models.BooleanField(_("the slice has advanced"), default=False)
    interruptions = models.PositiveSmallIntegerField(_("times its worker was lost"), default=0)
    losses = models.PositiveSmallIntegerField(_("times it was lost unadvanced"), default=0)
    step = models.PositiveIntegerField(_("step"), default=0)
    steps = models.PositiveIntegerField(_("steps"), default=0)
    evaluations = models.PositiveIntegerField(_("evaluations"), default=0)
    seconds = models.FloatField(_("seconds of search"), default=0.0)
    stopped = models.CharField(_("why the search ended"), max_length=16, blank=True)
    helped_at = models.DateTimeField(_("last sign of a helping worker"), null=True, blank=True)
    diversity = models.FloatField(_("diversity of the candidates"), null=True)
    start_voice = models.CharField(_("start voice"), max_length=120, blank=True)
    base_voice = models.CharField(_("best base voice"), max_length=120, blank=True)
    start_score = models.FloatField(_("score of the start"), null=True)
    best_score = models.FloatField(_("best score"), null=True)
    target_similarity = models.FloatField(_("target similarity"), null=True)
    self_similarity = models.FloatField(_("self-similarity"), null=True)
    feature_similarity = models.FloatField(_("feature similarity"), null=True)
    target = models.FileField(_("target"), upload_to=_target_name, blank=True)
    target_info = models.JSONField(_("about the target"), default=dict)
    checkpoint = models.FileField(_("checkpoint"), upload_to=_checkpoint_name, blank=True)
    checkpoint_sha256 = models.CharField(_("SHA-256 of the checkpoint"), max_length=64, blank=True)
    preview = models.FileField(_("best audio so far"), upload_to=_preview_name, blank=True)
    report = models.JSONField(_("report of the style"), default=dict, blank=True)
    report_sha256 = models.CharField(_("SHA-256 of the report"), max_length=64, blank=True)
    error_code = models.SlugField(_("error code"), blank=True)
    error = models.TextField(_("error"), blank=True)

    objects = StyleRunQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["run", "style"], name="one_style_each")]
        indexes = [models.Index(fields=["state", "lease"])]
        verbose_name = _("style of a run")
        verbose_name_plural = _("styles of runs")

    def __str__(self) -> str:
        return f"{self.run} · {self.style}"


class TakeUse(models.Model):
    """A take that a style of a run is made of, to be found when consent is withdrawn."""

    class Role(models.TextChoices):
        TAKE = "take", _("played by the teacher")
        TARGET = "target", _("target clip")
        PROMPT = "prompt", _("prompt of the teacher")

    style_run = models.ForeignKey(
        StyleRun, models.CASCADE, related_name="take_uses", verbose_name=_("style of a run")
    )
    recording = models.ForeignKey(
        "corpus.Recording", models.PROTECT, related_name="uses", verbose_name=_("take")
    )
    role = models.CharField(_("role"), max_length=8, choices=Role)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["style_run", "recording", "role"], name="one_use_a_role"
            )
        ]
        verbose_name = _("use of a take")
        verbose_name_plural = _("uses of takes")

    def __str__(self) -> str:
        return f"{self.style_run}: {self.recording} ({self.role})"


class CandidateClaim(models.Model):
    """One candidate of the current slice, which a worker may claim."""

    style_run = models.ForeignKey(
        StyleRun, models.CASCADE, related_name="claims", verbose_name=_("style of a run")
    )
    slice = models.PositiveIntegerField(_("slice"))
    number = models.PositiveIntegerField(_("evaluation"))
    digest = models.CharField(_("SHA-256 of the candidate"), max_length=64)
    lease = models.CharField(_("lease"), max_length=32, blank=True)
    evaluation = models.JSONField(_("evaluation"), null=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["style_run", "number"], name="one_claim_each")
        ]
        verbose_name = _("candidate claim")
        verbose_name_plural = _("candidate claims")

    def __str__(self) -> str:
        return f"{self.style_run}: {self.number}"


class Heartbeat(models.Model):
    """A process at work on a slice, as its leader or as a helper; it counts up while it lives."""

    style_run = models.ForeignKey(
        StyleRun, models.CASCADE, related_name="heartbeats", verbose_name=_("style of a run")
    )
    lease = models.CharField(_("lease"), max_length=32, unique=True)
    owner = models.CharField(_("worker process"), max_length=200)
    beats = models.PositiveIntegerField(_("heartbeats"), default=0)
    began_at = models.DateTimeField(_("begun"), db_default=Now())
    seen_at = models.DateTimeField(_("last sign of life"), db_default=Now())

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return f"{self.style_run}: {self.owner}"


class WorkerBeat(models.Model):
    name = models.CharField(_("worker"), max_length=200, unique=True)
    queues = models.CharField(_("queues"), max_length=200, default="voicelab")
    seen_at = models.DateTimeField(_("last sign of life"), db_index=True)

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")

    def __str__(self) -> str:
        return self.name


class ScorePoint(models.Model):
    style_run = models.ForeignKey(
        StyleRun, models.CASCADE, related_name="points", verbose_name=_("style of a run")
    )
    step = models.PositiveIntegerField(_("step"))
    seconds = models.FloatField(_("seconds of search"), default=0.0)
    score = models.FloatField(_("score, 0-100"))
    target_similarity = models.FloatField(_("target similarity"))
    self_similarity = models.FloatField(_("self-similarity"))
    feature_similarity = models.FloatField(_("feature similarity"))
    diversity = models.FloatField(_("diversity of the candidates"), default=0.0)

    class Meta:
        ordering = ["step"]
        constraints = [
            models.UniqueConstraint(fields=["style_run", "step"], name="one_point_a_step")
        ]
        verbose_name = _("point of the curve")
        verbose_name_plural = _("points of the curve")

    def __str__(self) -> str:
        return f"{self.step}: {self.score:.2f}"
