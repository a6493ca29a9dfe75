"""Teacher `f5`: F5-TTS, in an environment of its own."""

from corpus.translatable import gettext_noop as _
from distillation.engines.capabilities import TeacherInfo
from distillation.engines.f5.files import weights_and_licence, weights_hashed, weights_named

INFO = TeacherInfo(
    name="f5",
    implementation="distillation.engines.f5.teacher:F5Teacher",
    licence=_("F5-TTS's official weights are CC-BY-NC: not for commercial use."),
    clones=True,
    needs_prompt=True,
    needs_models=True,
    queue="teacher",
    package="f5_tts",
    weights_licence=weights_and_licence,
    versions=weights_named,
    inputs=weights_hashed,
)
