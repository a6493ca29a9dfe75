"""The addresses of labels, takes and the exchange of both."""

from django.urls import path

from corpus.views import labels

urlpatterns = [
    path("label/", labels.label, name="label"),
    path("label/<slug:sentence_id>/", labels.label_save, name="label_save"),
    path("label/<slug:sentence_id>/undo/", labels.label_undo, name="label_undo"),
]
