"""The addresses of labels, takes and the exchange of both."""

from django.urls import path

from corpus.views import batch, consent, exchange, exports, focus, labels, lists, studio, takes

urlpatterns = [
    path("label/", labels.label, name="label"),
    path("label/export/", exchange.corpus_export, name="corpus_export"),
    path("label/import/", exchange.corpus_import, name="corpus_import"),
    path("label/sentences/", lists.sentences_import, name="sentences_import"),
    path("label/focus/", focus.focus, name="focus"),
    path("label/focus/next/", focus.focus_next, name="focus_next"),
    path("label/focus/undo/", focus.focus_undo, name="focus_undo"),
    path("label/focus/save/<slug:sentence_id>/", focus.focus_save, name="focus_save"),
    path("label/<slug:sentence_id>/", labels.label_save, name="label_save"),
    path("label/<slug:sentence_id>/undo/", labels.label_undo, name="label_undo"),
    path("studio/", studio.studio, name="studio"),
    path("studio/store/", studio.studio_store, name="studio_store"),
    path("studio/history/", studio.studio_history, name="studio_history"),
    path("studio/takes/<int:pk>/", studio.studio_take, name="studio_take"),
    path("studio/example/<slug:key>/", studio.studio_example, name="studio_example"),
    path("takes/", takes.takes, name="takes"),
    path("takes/upload/", takes.take_upload, name="take_upload"),
    path("takes/export/", exports.takes_export, name="takes_export"),
    path("takes/batch/", batch.take_batch, name="take_batch"),
    path("takes/batch/send/", batch.take_batch_send, name="take_batch_send"),
    path("takes/batch/names/", batch.take_batch_names, name="take_batch_names"),
    path("takes/batch/file/", batch.take_batch_file, name="take_batch_file"),
    path("takes/batch/<uuid:token>/", batch.take_batch_zip, name="take_batch_zip"),
    path("takes/consent/", consent.consent, name="consent"),
    path("takes/consent/withdraw/", consent.consent_end, name="consent_withdraw"),
    path("takes/<int:pk>/", takes.take, name="take"),
    path("takes/<int:pk>/audio/", takes.take_audio, name="take_audio"),
    path("takes/<int:pk>/waveform/", takes.take_waveform, name="take_waveform"),
    path("takes/<int:pk>/judge/", takes.take_judge, name="take_judge"),
]
