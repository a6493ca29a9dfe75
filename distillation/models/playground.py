"""What people had spoken in the playground."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from distillation.models.voices import VoicePack
from distillation.querysets import (
    PlaygroundSoundQuerySet,
)


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
