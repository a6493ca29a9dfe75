"""Admin pages that launch runs and show the distillation's records read-only."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from corpus.models import StyleLabel
from distillation.forms import RunLaunchForm, launch_again, launch_gone, uploads_name
from distillation.models import Decision, Deployment, Run, StyleRun, ValidationReport, VoicePack
from distillation.recipe import WEIGHTS
from distillation.services.runs import run_launch_once
from distillation.services.targets import clips_there
from distillation.wording import warning_words
from voicelab.roles import ADMIN, roles_of


class ReadOnlyAdmin(admin.ModelAdmin):
    def has_module_permission(self, request: HttpRequest) -> bool:
        return ADMIN in roles_of(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return ADMIN in roles_of(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


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

    def get_form(
        self, request: HttpRequest, obj: Run | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is None:
            return RunLaunchForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Run | None = None) -> Any:
        if obj is not None:
            return super().get_fieldsets(request, obj)
        before = ["target_files"] if clips_there() else []
        uploads = [uploads_name(key) for key in StyleLabel.objects.values_list("key", flat=True)]
        return [
            (None, {"fields": ["name", "styles"]}),
            (_("Budget"), {"fields": ["steps", "minutes", "goal", "patience"]}),
            (
                _("Student and search"),
                {"fields": ["student", "precision", "base_voices", "strategy", "seed"]},
            ),
            (_("Score"), {"fields": [f"weight_{part}" for part in WEIGHTS]}),
            (_("Teacher"), {"fields": ["teacher", "prompt", "own_prompts", "tts_url"]}),
            (
                _("Target clips instead of the teacher"),
                {"fields": ["target_takes", *before, *uploads]},
            ),
        ]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        again = request.GET.get("again", "")
        run = Run.objects.filter(pk=again).first() if again.isdecimal() else None
        if run is None:
            return {}
        if gone := launch_gone(run):
            said = _("These cannot be used any more and are not chosen: %s.") % ", ".join(gone)
            messages.warning(request, said)
        return launch_again(run)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return super().add_view(request, form_url, {"title": _("Launch a run")})

    def save_model(self, request: HttpRequest, obj: Run, form: Any, change: bool) -> None:
        launched = run_launch_once(person=request.user, recipe=form.recipe, name=obj.name)
        obj.__dict__.update(launched.__dict__)
        for file, warning in form.warnings:
            messages.warning(request, f"{file}: {warning_words(**warning.to_json())}")

    def response_add(
        self, request: HttpRequest, obj: Run, post_url_continue: str | None = None
    ) -> HttpResponse:
        return redirect(obj)

    @admin.display(description=_("progress"))
    def progress(self, run: Any) -> str:
        return f"{run.step or 0} / {run.steps or 0}"

    @admin.display(description=_("page"))
    def page(self, run: Run) -> str:
        return format_html('<a href="{}">{}</a>', run.get_absolute_url(), _("open"))


for model in (VoicePack, ValidationReport, Decision, Deployment):
    admin.site.register(model, ReadOnlyAdmin)
