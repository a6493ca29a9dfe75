"""URLs of runs, reports, reviews and voices."""

from django.urls import path

from distillation.views import (
    compare,
    launch,
    playground,
    record_next,
    reviews,
    runs,
    sounds,
    versions,
    voices,
)

SOUND = "runs/<int:pk>/audio/<slug:style>"

urlpatterns = [
    path("takes/next/", record_next.record_next, name="record_next"),
    path("runs/", runs.runs, name="runs"),
    path("runs/launch/", launch.run_launch, name="run_launch"),
    path("runs/launch/facts/", launch.run_launch_facts, name="run_launch_facts"),
    path("runs/launch/takes/<slug:field>/", launch.run_launch_takes, name="run_launch_takes"),
    path("runs/compare/", compare.compare, name="compare"),
    path("runs/<int:pk>/", runs.run, name="run"),
    path("runs/<int:pk>/panel/", runs.run_panel, name="run_panel"),
    path("runs/<int:pk>/curve/", runs.run_curve, name="run_curve"),
    path("runs/<int:pk>/pause/", runs.run_pause, name="run_pause"),
    path("runs/<int:pk>/resume/", runs.run_resume, name="run_resume"),
    path("runs/<int:pk>/cancel/", runs.run_cancel, name="run_cancel"),
    path("runs/<int:pk>/retry/", runs.run_retry, name="run_retry"),
    path("runs/<int:pk>/report/", reviews.report, name="report"),
    path("runs/<int:pk>/report/validation_report.json", reviews.report_file, name="report_file"),
    path("runs/<int:pk>/review/", reviews.review, name="review"),
    path(f"{SOUND}/<slug:what>.<slug:kind>", sounds.style_audio, name="style_audio"),
    path(
        f"{SOUND}/<int:number>/<slug:who>.<slug:kind>", sounds.held_out_audio, name="held_out_audio"
    ),
    path("packs/<int:pk>/audio.wav", sounds.pack_audio, {"kind": "wav"}, name="pack_audio"),
    path("packs/<int:pk>/audio.svg", sounds.pack_audio, {"kind": "svg"}, name="pack_waveform"),
    path("packs/<int:pk>/sample.wav", sounds.pack_sample, {"kind": "wav"}, name="pack_sample"),
    path("packs/<int:pk>/sample.svg", sounds.pack_sample, {"kind": "svg"}, name="sample_waveform"),
    path("packs/<int:pk>/decide/", reviews.pack_decide, name="pack_decide"),
    path("voices/", voices.voices, name="voices"),
    path("voices/withdrawn/", voices.withdrawals, name="withdrawals"),
    path("voices/of/<int:pk>/", voices.voice_uses, name="voice_uses"),
    path("voices/deploy/", voices.deploy, name="deploy"),
    path("voices/<int:pk>/", voices.voice, name="voice"),
    path("voices/<int:pk>/card.md", voices.voice_card, name="voice_card"),
    path("voices/<int:pk>/roll-back/", versions.roll_back, name="voice_roll_back"),
    path("voices/<int:pk>/retire/", versions.retire, name="voice_retire"),
    path("playground/", playground.playground, name="playground"),
    path("playground/speak/", playground.playground_speak, name="playground_speak"),
    path("playground/history/", playground.playground_history, name="playground_history"),
    path("playground/<int:pk>/", playground.playground_state, name="playground_state"),
    path("playground/<int:pk>/sound/", playground.playground_sound, name="playground_sound"),
    path(
        "playground/<int:pk>/waveform/", playground.playground_waveform, name="playground_waveform"
    ),
]
