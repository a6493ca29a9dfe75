"""Student `praat`: espeak-ng inside Praat, always available."""

from corpus.translatable import gettext_noop as _
from distillation.engines.capabilities import StudentInfo
from distillation.engines.praat.stock_voices import VOICES

INFO = StudentInfo(
    name="praat",
    implementation="distillation.engines.praat.student:PraatStudent",
    stock_voices=lambda _model_dir: tuple(VOICES),
    library="praat-parselmouth",
    licence=_("Praat and espeak-ng: GPL-3.0-or-later, which does not extend to what they speak."),
)
