"""URLs of the audit log, the operations page, health and metrics."""

from django.urls import path

from voicelab.operations import views

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", views.metrics, name="metrics"),
    path("operations/", views.operations, name="operations"),
    path("operations/unattended/", views.unattended, name="unattended"),
    path("operations/audit/", views.audit, name="audit"),
    path("operations/audit.<slug:kind>", views.audit_export, name="audit_export"),
]
