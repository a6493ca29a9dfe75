"""Shows listening tests in the administration, read-only."""

from django.contrib import admin

from distillation.listening_tests.models import ListeningTest
from voicelab.admin import ReadOnlyAdmin


@admin.register(ListeningTest)
class ListeningTestAdmin(ReadOnlyAdmin):
    list_display = ("id", "kind", "style", "run", "created_by", "created_at", "closed_at")
    list_filter = ("kind", "style")
