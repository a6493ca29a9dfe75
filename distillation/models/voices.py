"""Voices: packs, the report of a run, decisions on them, deployments; what the playground spoke."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from distillation.delivery import Delivery, fitted_in
from distillation.models.runs import Run, StyleRun
from distillation.querysets import (
    DeploymentQuerySet,
    PlaygroundSoundQuerySet,
    VoicePackQuerySet,
)


def _pack_name(pack: "VoicePack", filename: str) -> str:
    return f"runs/{pack.style_run.run_id}/packs/{pack.style}-{pack.kind}-{pack.step}.pt"


class VoicePack(models.Model):
    class Kind(models.TextChoices):
        START = "start", _("start")
        MILESTONE = "milestone", _("on the way")
        EVOLVED = "evolved", _("evolved")

    style_run = models.ForeignKey(
        StyleRun, models.PROTECT, related_name="packs", verbose_name=_("style of a run")
    )
    style = models.SlugField(_("style"))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.EVOLVED)
    step = models.PositiveIntegerField(_("step"), default=0)
    engine = models.SlugField(_("engine"))
    file = models.FileField(_("file"), upload_to=_pack_name)
    sha256 = models.CharField(_("SHA-256"), max_length=64, db_index=True)
    scores = models.JSONField(_("scores"), default=dict)
    created_at = models.DateTimeField(_("when"), auto_now_add=True)

    objects = VoicePackQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["style_run", "kind", "step"], name="one_pack_a_step")
        ]
        verbose_name = _("voice pack")
        verbose_name_plural = _("voice packs")

    def __str__(self) -> str:
        return f"{self.style} · {self.sha256[:8]}"

    @property
    def fitted(self) -> Delivery | None:
        """The delivery that validation fitted to an evolved voice; None if there is none."""
        fitted = fitted_in(self.style_run.report) if self.kind == self.Kind.EVOLVED else None
        return None if fitted is None or fitted.is_plain else fitted


def _report_name(report: "ValidationReport", filename: str) -> str:
    return f"runs/{report.run_id}/validation/validation_report.json"


class ValidationReport(models.Model):
    run = models.OneToOneField(Run, models.CASCADE, related_name="report", verbose_name=_("run"))
    passed = models.BooleanField(_("passed"))
    data = models.JSONField(_("report"))
    file = models.FileField(_("file"), upload_to=_report_name)
    created_at = models.DateTimeField(_("when"), auto_now_add=True)

    class Meta:
        verbose_name = _("validation report")
        verbose_name_plural = _("validation reports")

    def __str__(self) -> str:
        return f"{self.run}"


class Decision(models.Model):
    class Verdict(models.TextChoices):
        APPROVE = "approve", _("approved")
        REJECT = "reject", _("rejected")

    pack = models.ForeignKey(
        VoicePack, models.PROTECT, related_name="decisions", verbose_name=_("voice pack")
    )
    pack_sha256 = models.CharField(_("SHA-256 judged"), max_length=64)
    report_sha256 = models.CharField(_("SHA-256 of the report read"), max_length=64, blank=True)
    verdict = models.CharField(_("verdict"), max_length=16, choices=Verdict)
    reason = models.TextField(_("reason"))
    nevertheless = models.TextField(_("why approve it nevertheless"), blank=True)
    needs_second = models.BooleanField(_("a second person must approve too"), default=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("person"))
    created_at = models.DateTimeField(_("when"), auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")

    def __str__(self) -> str:
        return f"{self.pack}: {self.verdict}"


class Deployment(models.Model):
    class State(models.TextChoices):
        REQUESTED = "requested", _("requested")
        DEPLOYED = "deployed", _("deployed")
        FAILED = "failed", _("failed")
        RETURNED = "returned", _("returned")

    class Action(models.TextChoices):
        DEPLOY = "deploy", _("deployed")
        ROLL_BACK = "roll-back", _("rolled back")
        RETURN = "return", _("came back by itself")
        RETIRE = "retire", _("retired")

    pack = models.ForeignKey(
        VoicePack, models.PROTECT, related_name="deployments", verbose_name=_("voice pack")
    )
    action = models.CharField(_("action"), max_length=16, choices=Action, default=Action.DEPLOY)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.REQUESTED)
    error = models.TextField(_("error"), blank=True)
    queued_at = models.DateTimeField(_("enqueued"), null=True, blank=True)
    begun = models.PositiveSmallIntegerField(_("times begun"), default=0)
    voice = models.SlugField(_("voice"), db_index=True)  # the style's key is the voice's name
    version = models.PositiveIntegerField(_("version"), null=True)  # once it was deployed
    place = models.CharField(_("place"), max_length=500)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    speed = models.FloatField(_("speed"), default=1.0)
    gain_db = models.FloatField(_("gain, dB"), default=0.0)
    pitch_range = models.FloatField(_("pitch range"), default=1.0)
    override = models.TextField(_("why it was deployed against the rules"), blank=True)
    test = models.JSONField(_("test by the speech service"), default=dict, blank=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("person"))
    created_at = models.DateTimeField(_("when"), auto_now_add=True)
    replaced_by = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="replaces",
        verbose_name=_("replaced by"),
    )

    objects = DeploymentQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("deployment")
        verbose_name_plural = _("deployments")

    def __str__(self) -> str:
        return f"{self.voice} ← {self.pack}"

    @property
    def delivery(self) -> Delivery:
        """The speed, gain and pitch range the service applies to the voice."""
        return Delivery(speed=self.speed, gain_db=self.gain_db, pitch_range=self.pitch_range)


def _playground_name(sound: "PlaygroundSound", filename: str) -> str:
    return f"playground/{sound.key}.{sound.format}"


class PlaygroundSound(models.Model):
    """A text one person had spoken in the playground; equal requests share the file."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="playground_sounds",
        verbose_name=_("person"),
    )
    key = models.CharField(_("SHA-256 of what was asked"), max_length=64)
    text = models.TextField(_("text"))
    voice = models.CharField(_("voice of the speech service"), max_length=100, blank=True)
    pack = models.ForeignKey(
        VoicePack, models.CASCADE, null=True, blank=True, verbose_name=_("candidate")
    )
    speed = models.FloatField(_("speed"), default=1.0)
    format = models.SlugField(_("format"))
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.WAITING)
    error = models.TextField(_("error"), blank=True)
    file = models.FileField(_("file"), upload_to=_playground_name, blank=True)
    queued_at = models.DateTimeField(_("enqueued"), null=True, blank=True)
    created_at = models.DateTimeField(_("when"), auto_now_add=True)
    asked_at = models.DateTimeField(_("last asked"))

    objects = PlaygroundSoundQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at", "-pk"]
        indexes = [models.Index(fields=["person", "asked_at"]), models.Index(fields=["key"])]
        verbose_name = _("sound of the playground")
        verbose_name_plural = _("sounds of the playground")

    def __str__(self) -> str:
        return f"{self.voice or self.pack}: {self.text[:40]}"

    @property
    def is_playable(self) -> bool:
        name = self.file.name
        return bool(name and self.file.storage.exists(name))
