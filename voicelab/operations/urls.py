"""URLs of the audit log, the operations page, health and metrics."""

from django.urls import path

from voicelab.operations import views

urlpatterns = [
    path("operations/audit/", views.audit, name="audit"),
    path("operations/audit.<slug:kind>", views.audit_export, name="audit_export"),
]
