"""Student `kokoro`: Kokoro-82M, optimized for searches."""

from corpus.translatable import gettext_noop as _
from distillation.engines.capabilities import StudentInfo
from distillation.engines.kokoro.files import is_installed, voice_names
from distillation.hub.origin import weights_recorded

INFO = StudentInfo(
    name="kokoro",
    implementation="distillation.engines.kokoro.student:KokoroStudent",
    stock_voices=voice_names,
    is_installed=is_installed,
    install_hint="manage.py models pull kokoro",
    needs_models=True,
    service_options=("threads", "precision"),
    precisions=("fp32", "bf16", "auto"),
    strategy="gradient",
    has_gradient=True,
    is_concurrent=True,
    is_natural=True,
    takes_seconds=True,
    pace_s=5.0,
    library="kokoro",
    weights=weights_recorded,
    licence=_("Kokoro-82M and its stock voices: Apache-2.0."),
)
