"""Models of the corpus: sentences, styles, labels, speakers, takes and their measurements."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from corpus.querysets import (
    LabelDecisionQuerySet,
    RecordingQuerySet,
    SentenceFlagQuerySet,
    SentenceQuerySet,
    TakeVerdictQuerySet,
)
from corpus.sentence_text import ComposedCharField, ComposedTextField, DrawField, SentenceText, draw

__all__ = ["DrawField", "draw"]  # migrations look for them here


class Category(models.Model):
    key = models.SlugField(_("key"), unique=True)
    name = ComposedCharField(_("name"), max_length=80)
    reason = ComposedCharField(_("why it is there"), max_length=200)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        ordering = ["position"]
        verbose_name = _("category")
        verbose_name_plural = _("categories")

    def __str__(self) -> str:
        return self.name


class StyleLabel(models.Model):
    class Shape(models.TextChoices):
        CIRCLE = "circle", _("circle")
        SQUARE = "square", _("square")
        TRIANGLE = "triangle", _("triangle")
        DIAMOND = "diamond", _("diamond")
        HEXAGON = "hexagon", _("hexagon")

    key = models.SlugField(_("key"), unique=True)
    name = ComposedCharField(_("name"), max_length=80)
    description = ComposedCharField(_("description"), max_length=200)
    guide = ComposedTextField(_("guide for the labeler"))
    instruction = ComposedTextField(_("instruction for the speaker"))
    f5_speed = models.FloatField(_("teacher's speed"), default=1.0)
    profile = models.JSONField(_("prosody relative to the speaker's neutral voice"), default=dict)
    colour = models.CharField(_("colour token"), max_length=32, default="style-1")
    shape = models.CharField(_("shape"), max_length=16, choices=Shape, default=Shape.CIRCLE)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        ordering = ["position"]
        verbose_name = _("style")
        verbose_name_plural = _("styles")

    def __str__(self) -> str:
        return self.name


class Sentence(SentenceText):
    class Standing(models.TextChoices):
        OPEN = "open", _("without a label")
        LABELLED = "labelled", _("labelled")
        DISPUTED = "disputed", _("disputed")
        SETTLED = "settled", _("adjudicated")

    sentence_id = models.SlugField(_("sentence id"), unique=True)
    category = models.ForeignKey(Category, models.PROTECT, verbose_name=_("category"))
    list = models.SlugField(_("list"), db_index=True)
    kind = models.SlugField(_("kind"), blank=True, help_text=_("what the style suggestion reads"))
    position = models.PositiveIntegerField(_("position"), default=0)
    draw = DrawField(_("draw for the blind share"), default=0.0, editable=False)
    # Denormalized from decisions and adjudications; written by the label services and relabel().
    label = models.ForeignKey(
        StyleLabel,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="sentences",
        verbose_name=_("label"),
    )
    standing = models.CharField(
        _("standing"), max_length=16, choices=Standing, default=Standing.OPEN, editable=False
    )
    votes = models.PositiveSmallIntegerField(_("people with a vote"), default=0, editable=False)

    objects = SentenceQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        indexes = [
            models.Index(fields=["position", "id"], name="sentences_in_order"),
            models.Index(fields=["standing"], name="sentences_by_standing"),
            models.Index(
                fields=["label", "id"],
                condition=models.Q(archived_at=None),
                name="current_sentences_by_label",
            ),
        ]
        verbose_name = _("sentence")
        verbose_name_plural = _("sentences")

    def __str__(self) -> str:
        return self.sentence_id


class LabelDecision(models.Model):
    class Source(models.TextChoices):
        PERSON = "person", _("by hand")
        SUGGESTION = "suggestion", _("suggestion accepted")
        IMPORT = "import", _("import")
        UNDO = "undo", _("undo")
        DISPUTE = "dispute", _("made a dispute")

    sentence = models.ForeignKey(
        Sentence,
        models.CASCADE,
        related_name="decisions",
        verbose_name=_("sentence"),
        db_index=False,
    )
    style = models.ForeignKey(
        StyleLabel, models.PROTECT, null=True, related_name="decisions", verbose_name=_("style")
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="decisions",
        verbose_name=_("person"),
        db_index=False,
    )
    source = models.CharField(_("source"), max_length=16, choices=Source, default=Source.PERSON)
    blind = models.BooleanField(_("without seeing the others"), default=False)
    batch = models.UUIDField(_("accepted together"), null=True)
    created_at = models.DateTimeField(_("when"), auto_now_add=True)

    objects = LabelDecisionQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        get_latest_by = "pk"
        indexes = [
            models.Index(fields=["sentence", "-id"]),
            models.Index(fields=["person", "-id"], name="decisions_of_a_person"),
            models.Index(fields=["person", "sentence", "-id"], name="votes_of_a_person"),
            models.Index(
                fields=["batch"],
                condition=models.Q(batch__isnull=False),
                name="decisions_of_a_batch",
            ),
        ]
        verbose_name = _("label decision")
        verbose_name_plural = _("label decisions")

    def __str__(self) -> str:
        return f"{self.sentence_id}: {self.style_id or '∅'}"


class Adjudication(models.Model):
    sentence = models.ForeignKey(
        Sentence, models.CASCADE, related_name="adjudications", verbose_name=_("sentence")
    )
    style = models.ForeignKey(StyleLabel, models.PROTECT, verbose_name=_("style"))
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("person"))
    reason = ComposedTextField(_("reason"))
    created_at = models.DateTimeField(_("when"), auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("adjudication")
        verbose_name_plural = _("adjudications")

    def __str__(self) -> str:
        return f"{self.sentence_id}: {self.style_id}"


class SentenceFlag(models.Model):
    """A remark on a sentence, or (`resolves`) that such a remark was dealt with; append-only."""

    sentence = models.ForeignKey(
        Sentence, models.CASCADE, related_name="flags", verbose_name=_("sentence")
    )
    comment = ComposedCharField(_("comment"), max_length=500, blank=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("person"))
    resolves = models.OneToOneField(
        "self",
        models.CASCADE,
        null=True,
        editable=False,
        related_name="resolved_by",
        verbose_name=_("resolves"),
    )
    created_at = models.DateTimeField(_("when"), auto_now_add=True)

    objects = SentenceFlagQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("flag")
        verbose_name_plural = _("flags")

    def __str__(self) -> str:
        return f"{self.sentence_id}: {self.comment}"


class AgreementReport(models.Model):
    """One measurement of agreement; the newest is current until there are newer decisions."""

    last_decision = models.PositiveBigIntegerField(_("last decision measured"))
    figures = models.JSONField(_("figures"))
    created_at = models.DateTimeField(_("when"), auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        get_latest_by = "pk"
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M}"


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


def _original_name(recording: "Recording", filename: str) -> str:
    return f"originals/{recording.uuid}.bin"


def _wav_name(recording: "Recording", filename: str) -> str:
    return f"recordings/{recording.uuid}.wav"


class Recording(models.Model):
    class State(models.TextChoices):
        PENDING = "pending", _("to be reviewed")
        ACCEPTED = "accepted", _("accepted")
        REJECTED = "rejected", _("sent back")

    uuid = models.UUIDField(_("id"), unique=True, default=uuid.uuid4)
    sentence = models.ForeignKey(
        Sentence, models.PROTECT, related_name="recordings", verbose_name=_("sentence")
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
            models.Index(fields=["style", "-id"], name="takes_of_a_style"),
            models.Index(fields=["speaker", "state", "-id", "style"], name="takes_of_a_speaker"),
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
                fields=["speaker", "sentence", "style"],
                condition=~models.Q(state="rejected"),
                name="recorded_by_a_speaker",
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
