"""Listening tests: voices, prepared sounds, invitations, listeners, trials, votes, results."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from distillation.listening_tests.scales import Kind, Purpose


class ListeningTest(models.Model):
    class KindChoice(models.TextChoices):
        PREFERENCE = Kind.PREFERENCE.value, _("A/B preference")
        ABX = Kind.ABX.value, _("Similarity to the target (ABX)")
        CMOS = Kind.CMOS.value, _("Comparison from −3 to +3 (CMOS)")
        MOS = Kind.MOS.value, _("Rating from 1 to 5 (MOS)")

    kind = models.CharField(_("kind"), max_length=16, choices=KindChoice)
    run = models.ForeignKey(
        "distillation.Run",
        models.PROTECT,
        related_name="listening_tests",
        verbose_name=_("run"),
    )
    style = models.SlugField(_("style"))
    texts = models.JSONField(_("sentences"), default=list)
    seed = models.PositiveIntegerField(_("seed"))
    results_shown = models.BooleanField(_("listeners may see the results"), default=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("created by")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("listening test")
        verbose_name_plural = _("listening tests")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.style} · #{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("listening_test", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class ComparedVoice(models.Model):
    class Role(models.TextChoices):
        EVOLVED = "evolved", _("Evolved voice")
        DEPLOYED = "deployed", _("Voice in service")
        STOCK = "stock", _("Best stock voice")
        START = "start", _("Start voice")
        TARGET = "target", _("Target")
        HUMAN = "human", _("Human take")

    test = models.ForeignKey(
        ListeningTest, models.CASCADE, related_name="voices", verbose_name=_("listening test")
    )
    position = models.PositiveSmallIntegerField(_("position"))
    role = models.CharField(_("voice"), max_length=16, choices=Role)
    style_run = models.ForeignKey(
        "distillation.StyleRun",
        models.PROTECT,
        related_name="compared_voices",
        verbose_name=_("style of a run"),
    )
    pack = models.ForeignKey(
        "distillation.VoicePack",
        models.PROTECT,
        null=True,
        related_name="compared_voices",
        verbose_name=_("voice pack"),
    )
    is_reference = models.BooleanField(_("reference X"), default=False)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["test", "position"], name="one_voice_a_position"),
        ]
        verbose_name = _("compared voice")
        verbose_name_plural = _("compared voices")

    def __str__(self) -> str:
        return f"{self.get_role_display()} · {self.style_run.run}"


def _sound_name(sound: "PreparedSound", filename: str) -> str:
    return f"listening_tests/{sound.voice.test_id}/{uuid.uuid4().hex}.wav"


class PreparedSound(models.Model):
    """A sentence spoken by a voice, prepared to be played in a test."""

    voice = models.ForeignKey(
        ComparedVoice, models.CASCADE, related_name="sounds", verbose_name=_("voice")
    )
    sentence = models.PositiveSmallIntegerField(_("sentence"))
    degraded = models.BooleanField(_("made bad on purpose"), default=False)
    source = models.CharField(_("original file"), max_length=300)
    recording = models.ForeignKey(
        "corpus.Recording",
        models.PROTECT,
        null=True,
        related_name="prepared_sounds",
        verbose_name=_("take"),
    )
    file = models.FileField(_("file"), upload_to=_sound_name, max_length=200)
    loudness_lufs = models.FloatField(_("loudness, LUFS"))
    duration_s = models.FloatField(_("duration, s"))

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["voice", "sentence", "degraded"], name="one_sound_a_sentence"
            )
        ]
        verbose_name = _("prepared sound")
        verbose_name_plural = _("prepared sounds")

    def __str__(self) -> str:
        return f"{self.voice}: {self.sentence}"


class Invitation(models.Model):
    """A signed link through which anybody may take part; it expires and can be revoked."""

    test = models.ForeignKey(
        ListeningTest, models.CASCADE, related_name="invitations", verbose_name=_("listening test")
    )
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("person"))
    created_at = models.DateTimeField(_("when"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")

    def __str__(self) -> str:
        return f"{self.test}: {self.created_at:%Y-%m-%d}"

    @property
    def is_valid(self) -> bool:
        return self.revoked_at is None and self.expires_at > timezone.now()


class Listener(models.Model):
    key = models.UUIDField(_("key"), unique=True, default=uuid.uuid4, editable=False)
    test = models.ForeignKey(
        ListeningTest, models.CASCADE, related_name="listeners", verbose_name=_("listening test")
    )
    number = models.PositiveIntegerField(_("number"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name=_("person")
    )
    invitation = models.ForeignKey(
        Invitation, models.PROTECT, null=True, verbose_name=_("invitation")
    )
    name = models.CharField(_("name"), max_length=60)
    joined_at = models.DateTimeField(_("joined"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["test", "number"], name="one_listener_a_number"),
            models.UniqueConstraint(
                fields=["test", "user"], condition=Q(user__isnull=False), name="one_part_a_person"
            ),
            models.UniqueConstraint(
                fields=["test", "name"],
                condition=Q(invitation__isnull=False),
                name="one_name_a_listener",
            ),
        ]
        verbose_name = pgettext_lazy("of a listening test", "listener")
        verbose_name_plural = _("listeners")

    def __str__(self) -> str:
        return self.name


class Trial(models.Model):
    class PurposeChoice(models.TextChoices):
        REAL = Purpose.REAL.value, _("comparison")
        REPEAT = Purpose.REPEAT.value, _("repeat")
        DEGRADED = Purpose.DEGRADED.value, _("trap with a degraded sound")
        IDENTICAL = Purpose.IDENTICAL.value, _("trap with two equal sounds")

    key = models.UUIDField(_("key"), unique=True, default=uuid.uuid4, editable=False)
    listener = models.ForeignKey(
        Listener, models.CASCADE, related_name="trials", verbose_name=_("listener")
    )
    position = models.PositiveSmallIntegerField(_("position"))
    purpose = models.CharField(_("purpose"), max_length=16, choices=PurposeChoice)
    sentence = models.PositiveSmallIntegerField(_("sentence"))
    sound_a = models.ForeignKey(
        PreparedSound, models.PROTECT, related_name="+", verbose_name=_("sound A")
    )
    sound_b = models.ForeignKey(
        PreparedSound, models.PROTECT, null=True, related_name="+", verbose_name=_("sound B")
    )
    sound_x = models.ForeignKey(
        PreparedSound, models.PROTECT, null=True, related_name="+", verbose_name=_("sound X")
    )
    opened_at = models.DateTimeField(_("opened"), null=True, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["listener", "position"], name="one_trial_a_position")
        ]
        verbose_name = _("trial")
        verbose_name_plural = _("trials")

    def __str__(self) -> str:
        return f"{self.listener}: {self.position}"

    @property
    def sounds(self) -> dict[str, PreparedSound]:
        """The sounds by side, X last."""
        sides = {"a": self.sound_a, "b": self.sound_b, "x": self.sound_x}
        return {side: sound for side, sound in sides.items() if sound is not None}


class Playing(models.Model):
    """That a side of a trial was sent to its listener, and played to the end."""

    trial = models.ForeignKey(
        Trial, models.CASCADE, related_name="playings", verbose_name=_("trial")
    )
    side = models.CharField(_("side"), max_length=1)
    sent_at = models.DateTimeField(_("sent"), auto_now_add=True)
    played_at = models.DateTimeField(_("played to the end"), null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["trial", "side"], name="one_playing_a_side")]
        verbose_name = _("playing")
        verbose_name_plural = _("playings")

    def __str__(self) -> str:
        return f"{self.trial}: {self.side}"


class ListeningVote(models.Model):
    """An answer to a trial; the newest row holds, one without a value takes the last back."""

    trial = models.ForeignKey(Trial, models.CASCADE, related_name="votes", verbose_name=_("trial"))
    value = models.SmallIntegerField(_("answer"), null=True)
    created_at = models.DateTimeField(_("when"), auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("vote of a listener")
        verbose_name_plural = _("votes of listeners")

    def __str__(self) -> str:
        return f"{self.trial}: {self.value}"


class ListeningResult(models.Model):
    """What the votes of a test said; the newest row holds until there are newer votes."""

    test = models.ForeignKey(
        ListeningTest, models.CASCADE, related_name="results", verbose_name=_("listening test")
    )
    last_vote = models.PositiveBigIntegerField(_("last vote counted"))
    figures = models.JSONField(_("figures"))
    created_at = models.DateTimeField(_("when"), auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("result of a listening test")
        verbose_name_plural = _("results of listening tests")

    def __str__(self) -> str:
        return f"{self.test}: {self.created_at:%Y-%m-%d %H:%M}"
