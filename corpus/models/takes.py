"""Speakers, their takes, and what was measured and decided on these."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from corpus.models.sentences import Sentence, StyleLabel
from corpus.querysets import RecordingQuerySet, TakeVerdictQuerySet
from corpus.sentence_text import ComposedCharField, ComposedTextField


class Speaker(models.Model):
    name = ComposedCharField(_("name"), max_length=120, unique=True)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, verbose_name=_("person")
    )
    synthetic = models.BooleanField(_("synthetic"), default=False)
    consent_text = models.TextField(_("consent text"), blank=True)
    consent_scope = models.CharField(_("scope"), max_length=120, blank=True)
    consented_at = models.DateTimeField(_("consented"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, editable=False)

    class Meta:
        ordering = ["name"]
        verbose_name = _("speaker")
        verbose_name_plural = _("speakers")

    def __str__(self) -> str:
        return self.name


class ConsentChange(models.Model):
    """A consent that was given or withdrawn; append-only: the newest is what the speaker has."""

    class Kind(models.TextChoices):
        GIVEN = "given", _("given")
        WITHDRAWN = "withdrawn", _("withdrawn")

    speaker = models.ForeignKey(
        Speaker, models.CASCADE, related_name="consent_changes", verbose_name=_("speaker")
    )
    kind = models.CharField(_("consent"), max_length=16, choices=Kind)
    text = models.TextField(_("consent text"), blank=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name=_("recorded by")
    )
    created_at = models.DateTimeField(_("when"))

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("change of consent")
        verbose_name_plural = _("changes of consent")

    def __str__(self) -> str:
        return f"{self.speaker}: {self.get_kind_display()}"


# Two requests may store one take at once. Each deletes what it wrote if the other was first, so
# their files have names of their own: not every bucket refuses to overwrite.
def _original_name(recording: "Recording", filename: str) -> str:
    return f"originals/{recording.uuid}_{get_random_string(7)}.bin"


def _wav_name(recording: "Recording", filename: str) -> str:
    return f"recordings/{recording.uuid}_{get_random_string(7)}.wav"


class Recording(models.Model):
    class State(models.TextChoices):
        PENDING = "pending", _("to be reviewed")
        ACCEPTED = "accepted", _("accepted")
        REJECTED = "rejected", _("sent back")

    uuid = models.UUIDField(_("id"), unique=True, default=uuid.uuid4)
    sentence = models.ForeignKey(
        Sentence,
        models.PROTECT,
        related_name="recordings",
        verbose_name=_("sentence"),
        db_index=False,  # `takes_of_a_sentence` is one
    )
    style = models.ForeignKey(
        StyleLabel, models.PROTECT, related_name="recordings", verbose_name=_("style")
    )
    speaker = models.ForeignKey(
        Speaker, models.PROTECT, related_name="recordings", verbose_name=_("speaker")
    )
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("uploaded by")
    )
    take = models.PositiveIntegerField(_("take number"))
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.PENDING)
    original = models.FileField(_("file as received"), upload_to=_original_name)
    wav = models.FileField(_("mono WAV"), upload_to=_wav_name)
    sha256 = models.CharField(_("SHA-256 of the WAV"), max_length=64, db_index=True)
    original_sha256 = models.CharField(_("SHA-256 as received"), max_length=64)
    sr = models.PositiveIntegerField(_("sample rate"))
    duration_s = models.FloatField(_("duration, s"))
    loudness_lufs = models.FloatField(_("loudness, LUFS"), null=True)
    peak_db = models.FloatField(_("peak, dBFS"), null=True)
    checks = models.JSONField(_("checks"), default=list)
    created_at = models.DateTimeField(_("when"), auto_now_add=True)
    # Denormalized from scores, states and labels; written by `RecordingQuerySet.rank`.
    quality = models.FloatField(_("quality, 0-1"), null=True, editable=False)
    is_best = models.BooleanField(
        _("the speaker's best take of the sentence, in the style of its label"),
        default=False,
        editable=False,
    )

    objects = RecordingQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["sentence", "style", "speaker", "take"], name="one_take_number_each"
            )
        ]
        indexes = [
            models.Index(fields=["state", "-id", "speaker", "sr"], name="takes_in_a_state"),
            models.Index(fields=["speaker", "state", "style", "sr"], name="takes_counted"),
            models.Index(fields=["style", "-id"], name="takes_of_a_style"),
            models.Index(fields=["speaker", "state", "-id", "style"], name="takes_of_a_speaker"),
            models.Index(fields=["sentence", "-id"], name="takes_of_a_sentence"),
            models.Index(fields=["wav"], name="takes_by_file"),
            models.Index(
                fields=["sentence", "style", "speaker"],
                condition=models.Q(state="accepted"),
                name="accepted_takes",
            ),
            models.Index(
                fields=["sentence", "style", "speaker"],
                condition=models.Q(state="pending"),
                name="waiting_takes",
            ),
            models.Index(
                fields=["speaker", "sentence"],
                condition=models.Q(is_best=True),
                name="recorded_by_a_speaker",
            ),
            models.Index(
                fields=["speaker", "style", "state"],
                condition=models.Q(is_best=True),
                name="best_takes_by_style",
            ),
            models.Index(
                fields=["speaker", "style", "-quality"],
                condition=models.Q(is_best=True, state="accepted", quality__isnull=False),
                name="best_takes_by_quality",
            ),
        ]
        verbose_name = _("take")
        verbose_name_plural = _("takes")

    def __str__(self) -> str:
        return f"{self.sentence} · {self.style} · {self.take}"


class TakeVerdict(models.Model):
    recording = models.ForeignKey(
        Recording, models.CASCADE, related_name="verdicts", verbose_name=_("take")
    )
    state = models.CharField(_("verdict"), max_length=16, choices=Recording.State)
    reason = ComposedTextField(_("reason"), blank=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("person"))
    undoes = models.OneToOneField(
        "self",
        models.CASCADE,
        null=True,
        editable=False,
        related_name="undone_by",
        verbose_name=_("takes back"),
    )
    created_at = models.DateTimeField(_("when"), auto_now_add=True)

    objects = TakeVerdictQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["person", "-id"], name="verdicts_of_a_person")]
        verbose_name = _("verdict on a take")
        verbose_name_plural = _("verdicts on takes")

    def __str__(self) -> str:
        return f"{self.recording}: {self.state}"


class QualityThreshold(models.Model):
    """The score at which acceptance is suggested; the newest row applies."""

    value = models.FloatField(_("score, 0-1"))
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("person"))
    created_at = models.DateTimeField(_("when"), auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("quality threshold")
        verbose_name_plural = _("quality thresholds")

    def __str__(self) -> str:
        return f"{self.value:.2f}"


class ProsodyScore(models.Model):
    """One evaluation of a take; the newest counts, earlier ones stay as they were."""

    recording = models.ForeignKey(
        Recording, models.CASCADE, related_name="prosody_scores", verbose_name=_("take")
    )
    analyser = models.CharField(_("analyser version"), max_length=16)
    quality = models.FloatField(_("quality, 0-1"))
    parts = models.JSONField(_("parts of the quality"), default=dict)
    # {"takes": n, …Baseline}; null in rows from before it was stored: unknown.
    baseline = models.JSONField(_("neutral voice it was compared with"), null=True)
    rescored_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name=_("scored again by")
    )
    pitch_mean_hz = models.FloatField(_("mean pitch, Hz"), null=True)
    pitch_range_st = models.FloatField(_("pitch range, semitones"), null=True)
    energy_std = models.FloatField(_("energy deviation"), null=True)
    speech_rate = models.FloatField(_("syllables a second"), null=True)
    pause_ratio = models.FloatField(_("share of pauses"), null=True)
    measures = models.JSONField(_("all measures"), default=dict)
    created_at = models.DateTimeField(_("when"), auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["recording", "-id", "quality"], name="newest_qualities")]
        verbose_name = _("prosody score")
        verbose_name_plural = _("prosody scores")

    def __str__(self) -> str:
        return f"{self.recording}: {self.quality:.2f}"
