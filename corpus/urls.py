"""URLs of labels, takes, and their import and export."""

from django.urls import path

from corpus.views import agreement, batch, focus, import_export, labels, listening, studio, takes
from corpus.views import import_export as lists

urlpatterns = [
    path("label/", labels.label, name="label"),
    path("label/export/", import_export.corpus_export, name="corpus_export"),
    path("label/import/", import_export.corpus_import, name="corpus_import"),
    path("label/sentences/", lists.sentences_import, name="sentences_import"),
    path("label/focus/", focus.focus, name="focus"),
    path("label/focus/next/", focus.focus_next, name="focus_next"),
    path("label/focus/undo/", focus.focus_undo, name="focus_undo"),
    path("label/focus/save/<slug:sentence_id>/", focus.focus_save, name="focus_save"),
    path("label/accept/", labels.label_accept, name="label_accept"),
    path("label/accept/undo/", labels.label_accept_undo, name="label_accept_undo"),
    path("label/disputes/", agreement.disputes, name="label_disputes"),
    path("label/disputes/<slug:sentence_id>/", agreement.adjudicate, name="adjudicate"),
    path("label/agreement/", agreement.agreement, name="agreement"),
    path("label/people/", agreement.progress, name="label_people"),
    path("label/<slug:sentence_id>/", labels.label_save, name="label_save"),
    path("label/<slug:sentence_id>/undo/", labels.label_undo, name="label_undo"),
    path("studio/", studio.studio, name="studio"),
    path("studio/store/", studio.studio_store, name="studio_store"),
    path("studio/history/", studio.studio_history, name="studio_history"),
    path("studio/takes/<int:pk>/", studio.studio_take, name="studio_take"),
    path("studio/example/<slug:key>/", studio.studio_example, name="studio_example"),
    path("takes/", takes.takes, name="takes"),
    path("takes/upload/", takes.take_upload, name="take_upload"),
    path("takes/export/", import_export.takes_export, name="takes_export"),
    path("takes/review/", listening.listening, name="listening"),
    path("takes/calibration/", agreement.calibration, name="calibration"),
    path("takes/review/<int:pk>/", listening.listening_judge, name="listening_judge"),
    path("takes/<int:pk>/spectrogram.png", listening.take_spectrogram, name="take_spectrogram"),
    path("takes/batch/", batch.take_batch, name="take_batch"),
    path("takes/batch/send/", batch.take_batch_send, name="take_batch_send"),
    path("takes/batch/names/", batch.take_batch_names, name="take_batch_names"),
    path("takes/batch/file/", batch.take_batch_file, name="take_batch_file"),
    path("takes/batch/<uuid:token>/", batch.take_batch_zip, name="take_batch_zip"),
    path("takes/consent/", studio.consent, name="consent"),
    path("takes/consent/withdraw/", studio.consent_end, name="consent_withdraw"),
    path("takes/<int:pk>/", takes.take, name="take"),
    path("takes/<int:pk>/audio/", takes.take_audio, name="take_audio"),
    path("takes/<int:pk>/waveform/", takes.take_waveform, name="take_waveform"),
    path("takes/<int:pk>/judge/", takes.take_judge, name="take_judge"),
    path("takes/<int:pk>/judge/undo/", listening.take_judge_undo, name="take_judge_undo"),
]
