"""Read-only admin pages, and those of who changed what in the admin and who signed in."""

from typing import Any

from axes.models import AccessFailureLog, AccessLog
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.http import HttpRequest
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from voicelab.roles import ADMIN, roles_of


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that would be deleted with these cannot be deleted in the admin either."""

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


class LogEntryAdmin(ReadOnlyAdmin):
    list_display = ("action_time", "user", "action_flag", "content_type", "object_repr")
    list_filter = ("action_time", "action_flag")
    list_select_related = ("user", "content_type")
    search_fields = ("object_repr", "change_message", "user__username")
    date_hierarchy = "action_time"


class AccessLogAdmin(ReadOnlyAdmin):
    list_display = ("attempt_time", "username", "ip_address", "logout_time")
    exclude = ("session_hash",)
    search_fields = ("username", "ip_address")
    date_hierarchy = "attempt_time"


class AccessFailureLogAdmin(ReadOnlyAdmin):
    list_display = ("attempt_time", "username", "ip_address", "locked_out")
    search_fields = ("username", "ip_address")
    date_hierarchy = "attempt_time"


def logs_register() -> None:
    """Show the logs; keep keys and recovery codes of second factors out of the admin."""
    for model in (AccessLog, AccessFailureLog, TOTPDevice, StaticDevice):
        if admin.site.is_registered(model):
            admin.site.unregister(model)
    admin.site.register(LogEntry, LogEntryAdmin)
    admin.site.register(AccessLog, AccessLogAdmin)
    admin.site.register(AccessFailureLog, AccessFailureLogAdmin)
