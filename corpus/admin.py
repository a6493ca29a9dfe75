"""The corpus in Django's admin: styles editable, decisions, verdicts and takes read-only."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from corpus.forms import StyleForm, style_initial
from corpus.models import (
    Adjudication,
    Category,
    LabelDecision,
    ProsodyScore,
    Recording,
    Sentence,
    SentenceFlag,
    Speaker,
    StyleLabel,
    TakeVerdict,
)


class ReadOnlyAdmin(admin.ModelAdmin):
    """Admin of append-only rows, which are created by the application's pages."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class VerdictInline(admin.TabularInline):
    model = TakeVerdict
    extra = 0
    can_delete = False
    readonly_fields = ("state", "reason", "person", "created_at")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin):
    list_display = ("name", "key", "reason", "position")
    list_editable = ("position",)


@admin.register(StyleLabel)
class StyleLabelAdmin(admin.ModelAdmin):
    form = StyleForm
    list_display = ("name", "key", "description", "f5_speed", "shape", "position")
    list_editable = ("f5_speed", "position")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return style_initial() | super().get_changeform_initial_data(request)


@admin.register(Sentence)
class SentenceAdmin(admin.ModelAdmin):
    list_display = ("sentence_id", "text", "category", "list", "syllables")
    list_filter = ("category", "list")
    search_fields = ("sentence_id", "text")
    list_select_related = ("category",)


@admin.register(LabelDecision)
class LabelDecisionAdmin(ReadOnlyAdmin):
    list_display = ("sentence", "style", "person", "source", "created_at")
    list_filter = ("style", "source", "person")
    list_select_related = ("sentence", "style", "person")
    search_fields = ("sentence__sentence_id",)


@admin.register(Adjudication)
class AdjudicationAdmin(ReadOnlyAdmin):
    list_display = ("sentence", "style", "person", "reason", "created_at")
    list_select_related = ("sentence", "style", "person")


@admin.register(Speaker)
class SpeakerAdmin(admin.ModelAdmin):
    list_display = ("name", "user", "synthetic", "consented_at", "withdrawn_at", "made")
    readonly_fields = ("consent_text", "consent_scope", "consented_at")
    list_select_related = ("user",)

    @admin.display(description=_("made from it"))
    def made(self, speaker: Speaker) -> str:
        return format_html(
            '<a href="{}">{}</a>', reverse("voice_uses", args=[speaker.pk]), _("open")
        )


@admin.register(Recording)
class RecordingAdmin(ReadOnlyAdmin):
    list_display = ("sentence", "style", "speaker", "take", "state", "duration_s", "created_at")
    list_filter = ("state", "style", "speaker")
    list_select_related = ("sentence", "style", "speaker")
    search_fields = ("sentence__sentence_id", "sha256")
    exclude = ("wav", "original")  # audio is served by the take's page, which checks the role
    inlines = (VerdictInline,)


@admin.register(TakeVerdict)
class TakeVerdictAdmin(ReadOnlyAdmin):
    list_display = ("recording", "state", "person", "reason", "created_at")
    list_filter = ("state", "person")
    list_select_related = ("recording__sentence", "recording__style", "person")


@admin.register(ProsodyScore)
class ProsodyScoreAdmin(ReadOnlyAdmin):
    list_display = ("recording", "analyser", "quality", "pitch_mean_hz", "speech_rate")
    list_select_related = ("recording__sentence", "recording__style")


@admin.register(SentenceFlag)
class SentenceFlagAdmin(ReadOnlyAdmin):
    list_display = ("sentence", "comment", "person", "resolves", "created_at")
    list_filter = ("person",)
    list_select_related = ("sentence", "person", "resolves")
