"""Admin pages that show the distillation's records read-only; a run is launched on its page."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from distillation.models import Decision, Deployment, Run, StyleRun, ValidationReport, VoicePack
from voicelab.admin import ReadOnlyAdmin
from voicelab.roles import ADMIN, roles_of


class StyleRunInline(admin.TabularInline):
    model = StyleRun
    fields = readonly_fields = (
        "style",
        "state",
        "stage",
        "step",
        "steps",
        "start_score",
        "best_score",
        "error",
    )
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return ADMIN in roles_of(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "state", "progress", "created_by", "created_at", "page")
    list_filter = ("state",)
    list_select_related = ("created_by",)
    search_fields = ("name", "fingerprint")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return ADMIN in roles_of(request.user)

    def get_queryset(self, request: HttpRequest) -> Any:
        return Run.objects.with_progress()

    def get_inlines(self, request: HttpRequest, obj: Run | None) -> Any:
        return [StyleRunInline] if obj else []

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        query = request.GET.urlencode()
        return redirect(f"{reverse('run_launch')}{'?' if query else ''}{query}")

    @admin.display(description=_("progress"))
    def progress(self, run: Any) -> str:
        return f"{run.step or 0} / {run.steps or 0}"

    @admin.display(description=_("page"))
    def page(self, run: Run) -> str:
        return format_html('<a href="{}">{}</a>', run.get_absolute_url(), _("open"))


for model in (VoicePack, ValidationReport, Decision, Deployment):
    admin.site.register(model, ReadOnlyAdmin)
