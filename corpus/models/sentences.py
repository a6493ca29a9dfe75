"""Sentences, styles, and what people decided on them."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from corpus.querysets import (
    LabelDecisionQuerySet,
    SentenceFlagQuerySet,
    SentenceQuerySet,
)
from corpus.sentence_text import ComposedCharField, ComposedTextField, DrawField, SentenceText


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

    class Recorded(models.TextChoices):
        NO = "", _("no take")
        WAITING = "waiting", _("to be reviewed")
        ACCEPTED = "accepted", _("accepted")

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
    latest_decision = models.PositiveBigIntegerField(
        _("number of the latest decision, or 0"), default=0, editable=False
    )
    # Denormalized from takes, labels and consents; written by `SentenceQuerySet.mark_recorded`.
    recorded = models.CharField(
        _("best take in the style of the label"),
        max_length=16,
        choices=Recorded,
        default=Recorded.NO,
        blank=True,
        editable=False,
    )

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
            models.Index(
                fields=["label", "recorded"],
                condition=models.Q(archived_at=None),
                name="current_sentences_recorded",
            ),
            models.Index(
                fields=["label", "syllables", "sounds", "recorded", "id"],
                condition=models.Q(archived_at=None),
                name="sentences_recorded",
            ),
            models.Index(fields=["category", "label"], name="labels_by_category"),
            models.Index(
                fields=["-latest_decision", "id"],
                condition=models.Q(archived_at=None),
                name="sentences_by_decision",
            ),
            models.Index(
                fields=["id"],
                condition=models.Q(archived_at__isnull=False),
                name="archived_sentences",
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
