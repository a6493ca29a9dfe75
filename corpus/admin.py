"""The corpus in Django's admin: styles editable, decisions, verdicts and takes read-only."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from corpus.forms import StyleForm, style_initial
from corpus.models import (
    Adjudication,
    Category,
    ConsentChange,
    LabelDecision,
    ProsodyScore,
    Recording,
    Sentence,
    SentenceFlag,
    Speaker,
    StyleLabel,
    TakeVerdict,
)
from corpus.sentence_text import sentence_sounds
from corpus.services.speakers import consent_withdraw

SHA256_DIGITS = 64


class ReadOnlyAdmin(admin.ModelAdmin):
    """Admin of append-only rows, which are created by the application's pages."""

    show_full_result_count = False  # of a million rows

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

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            for name, value in sentence_sounds(obj.text).items():
                setattr(obj, name, value)
        super().save_model(request, obj, form, change)

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        return queryset.search(search_term), False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Freeze the text that takes say; a link leads to the page that replaces it."""
        counted = ("phonemes", "syllables")
        recorded = obj is not None and obj.recordings.exists()
        return (*counted, "text", "correct") if recorded else counted

    @admin.display(description=_("another text"))
    def correct(self, sentence: Sentence) -> str:
        address = reverse("sentence_correct", args=[sentence.sentence_id])
        return format_html('<a href="{}">{}</a>', address, _("replace the sentence"))


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


class ConsentInline(admin.TabularInline):
    model = ConsentChange
    extra = 0
    can_delete = False
    fields = readonly_fields = ("kind", "created_at", "person", "text")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Speaker)
class SpeakerAdmin(admin.ModelAdmin):
    list_display = ("name", "user", "synthetic", "consented_at", "withdrawn_at", "made")
    readonly_fields = ("consent_text", "consent_scope", "consented_at", "withdrawn_at")
    list_select_related = ("user",)
    inlines = (ConsentInline,)
    actions = ("withdraw",)

    @admin.action(description=_("Withdraw the consent of the selected speakers"))
    def withdraw(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """Record withdrawals under today's date, after a page that says what they do."""
        speakers = queryset.filter(withdrawn_at=None).exclude(consented_at=None)
        if "confirmed" not in request.POST:
            context = self.admin_site.each_context(request)
            context |= {"speakers": speakers, "title": _("Withdraw consent"), "opts": self.opts}
            return render(request, "admin/corpus/withdraw_consent.html", context)
        done = sum(consent_withdraw(speaker=one, person=request.user) for one in speakers)
        text = ngettext("%s consent is withdrawn.", "%s consents are withdrawn.", done) % done
        self.message_user(request, text)
        return None

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

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        if len(search_term) == SHA256_DIGITS:
            return queryset.filter(sha256=search_term.lower()), False
        return (queryset.search(search_term) if search_term else queryset), False


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
