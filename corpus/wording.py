"""The words a person reads for the stable codes of audio errors, checks and measures."""

from typing import Any

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from corpus.audio.io import MIN_SECONDS
from corpus.audio.types import AudioError
from corpus.services.takes import MAX_SECONDS

REFUSALS = {
    "not_audio": _("This is not a sound file we know. Send WAV, FLAC, OGG, MP3, WebM or M4A."),
    "empty": _("The file holds no sound at all. Record or choose it again."),
    "silent": _("The recording is silent. Check the microphone and its level."),
    "too_short": _("Less than %(shortest)s s of sound. Record the whole sentence."),
    "too_long": _("Longer than %(longest)s s. Send one sentence at a time."),
    "too_large": _("The file is larger than %(largest)s. Send one sentence, or FLAC or MP3."),
    "truncated": _(
        "The file is damaged or ends too early; it was probably cut while being saved or sent. "
        "Send it again."
    ),
    "not_finite": _(
        "Some samples are not numbers or far beyond full scale. Export the sound again, as "
        "16-bit WAV or FLAC."
    ),
}

PARTS = {
    "clipping": _("Overdriven"),
    "level": _("Level"),
    "noise": _("Speech over noise"),
    "cut_start": _("Silence before"),
    "cut_end": _("Silence after"),
    "silence": _("Longest silence at an end"),
    "duration": _("Speech"),
    "length": _("Length for its text"),
    "pitch_st": _("Pitch"),
    "rate_ratio": _("Speech rate"),
    "range_ratio": _("Pitch range"),
    "pause_ratio": _("Pauses"),
    "energy_db": _("Loudness"),
}

UNITS = {"syllables/s": _("syll./s")}

ADVICE: dict[str, Any] = {
    "clipping": _("The microphone is overdriven: move away from it or lower its level."),
    "noise": _("The room is too loud: close the window, switch off fans, move nearer."),
    "cut_start": _("The beginning is cut off: wait half a second before speaking."),
    "cut_end": _("The end is cut off: wait half a second before stopping."),
    "silence": _("There is a long silence at the beginning or end: trim it or record again."),
    "duration": _("There is too little speech to judge the voice: record the whole sentence."),
}

LOW_ADVICE: dict[str, Any] = {
    "level": _("Too quiet: speak nearer to the microphone."),
    "length": _("Too long for the text: check that only it was read."),
    "pitch_st": _("Raise the pitch by about %(by)s semitones."),
    "rate_ratio": _("Speak about %(percent)s %% faster."),
    "range_ratio": _("Let the melody rise and fall more."),
    "pause_ratio": _("Make longer pauses."),
    "energy_db": _("Speak louder, by about %(by)s dB."),
}

HIGH_ADVICE: dict[str, Any] = {
    "level": _("Too loud: lower the microphone's level."),
    "length": _("Too short for the text: check that all of it was read."),
    "pitch_st": _("Lower the pitch by about %(by)s semitones."),
    "rate_ratio": _("Speak about %(percent)s %% slower."),
    "range_ratio": _("Keep the melody flatter."),
    "pause_ratio": _("Make shorter pauses."),
    "energy_db": _("Speak more softly, by about %(by)s dB."),
}


def refusal(error: AudioError) -> str:
    """Say in the person's language why a sound was refused and what to do."""
    if error.code not in REFUSALS:
        return str(error)
    return str(REFUSALS[error.code]) % {
        "shortest": number_format(MIN_SECONDS),
        "longest": round(MAX_SECONDS),
        "largest": filesizeformat(settings.MAX_UPLOAD_BYTES),
    }


def advice(part: dict[str, Any]) -> str:
    """Say what to do about a measure outside its band; nothing inside it."""
    (low, high), value = part["limit"], part["value"]
    if low is not None and value < low:
        words, by, ratio = LOW_ADVICE, low - value, low / value if value else 0
    elif high is not None and value > high:
        words, by, ratio = HIGH_ADVICE, value - high, 1 - high / value if value else 0
    else:
        return ""
    ratio = ratio - 1 if words is LOW_ADVICE else ratio
    text = words.get(part["code"]) or ADVICE.get(part["code"], "")
    return str(text) % {"by": number_format(by, 1), "percent": round(100 * ratio)}
