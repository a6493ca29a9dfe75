"""Translated messages for the stable codes of audio errors, checks and measures."""

from typing import Any

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from corpus.audio.coaching import Hint
from corpus.audio.io import MIN_SECONDS
from corpus.audio.types import AudioError
from corpus.services.takes import MAX_SECONDS

REFUSALS = {
    "not_audio": _("This is not a sound file we know. Send WAV, FLAC, OGG, MP3, WebM or M4A."),
    "codec": _(
        "The sound in this file is stored as “%(detail)s”, which is not read here. Save it as "
        "WAV, FLAC, MP3 or M4A and send that."
    ),
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

# By measure and side (True: below its band): advice for a small and for a large deviation.
OPENINGS: dict[tuple[str, bool], tuple[Any, Any]] = {
    ("clipping", False): (_("Move further away from the microphone"),) * 2,
    ("level", True): (_("Speak louder, nearer to the microphone"),) * 2,
    ("level", False): (_("Move further away from the microphone"),) * 2,
    ("noise", True): (_("Make the room quieter: close the window, switch off fans"),) * 2,
    ("cut_start", True): (_("Wait half a second before speaking"),) * 2,
    ("cut_end", True): (_("Wait half a second before stopping"),) * 2,
    ("silence", False): (_("Begin and stop nearer to the text"),) * 2,
    ("duration", True): (_("Record the whole sentence"),) * 2,
    ("length", True): (_("Read only the text, without long breaks"),) * 2,
    ("length", False): (_("Read all of the text, not so fast"),) * 2,
    ("pitch_st", True): (_("A little higher"), _("Higher")),
    ("pitch_st", False): (_("A little lower"), _("Lower")),
    ("rate_ratio", True): (_("A little faster"), _("Faster")),
    ("rate_ratio", False): (_("A little slower"), _("Slower")),
    ("range_ratio", True): (_("A little more melody"), _("More melody")),
    ("range_ratio", False): (_("A little less melody"), _("Less melody")),
    ("pause_ratio", True): (_("Slightly longer pauses"), _("Longer pauses")),
    ("pause_ratio", False): (_("Slightly shorter pauses"), _("Shorter pauses")),
    ("energy_db", True): (_("A little louder"), _("Louder")),
    ("energy_db", False): (_("A little softer"), _("Softer")),
}

# By measure: its wording and the number of decimals shown.
FIGURES: dict[str, tuple[Any, int]] = {
    "clipping": (_("%(value)s %% of the samples are overdriven"), 2),
    "level": (_("%(value)s LUFS"), 0),
    "noise": (_("the voice is %(value)s dB above the room"), 0),
    "cut_start": (_("%(value)s s of silence before it"), 2),
    "cut_end": (_("%(value)s s of silence after it"), 2),
    "silence": (_("%(value)s s of silence"), 1),
    "duration": (_("%(value)s s of speech"), 1),
    "length": (_("%(value)s syllables a second"), 1),
    "pitch_st": (_("%(value)s Hz"), 0),
    "rate_ratio": (_("%(value)s syllables a second"), 1),
    "range_ratio": (_("%(value)s semitones of melody"), 1),
    "pause_ratio": (_("%(value)s %% of pauses"), 0),
    "energy_db": (_("%(value)s LUFS"), 1),
}
MOST_DECIMALS = 3


def refusal(error: AudioError) -> str:
    """Return why a sound was rejected and what to do, in the user's language."""
    if error.code not in REFUSALS:
        return str(error)
    return str(REFUSALS[error.code]) % {
        "detail": error.detail,
        "shortest": number_format(MIN_SECONDS),
        "longest": round(MAX_SECONDS),
        "largest": filesizeformat(settings.MAX_UPLOAD_BYTES),
    }


def advice(hint: Hint) -> str:
    """Return advice for a measure outside its band, with its value and the band."""
    openings = OPENINGS[hint.code, hint.low_side]
    words, digits = FIGURES[hint.code]
    digits = _digits(hint, digits)
    figure = str(words) % {"value": _number(hint.value, digits)}
    parts = {"opening": openings[0 if hint.mild else 1], "figure": figure}
    parts["wanted"] = _wanted(hint, digits)
    if not parts["wanted"]:
        return str(_("%(opening)s: %(figure)s.") % parts)
    if hint.kind == "style":
        return str(_("%(opening)s: %(figure)s, this style wants %(wanted)s.") % parts)
    return str(_("%(opening)s: %(figure)s, right is %(wanted)s.") % parts)


def praise(quality: float, *, judged: bool) -> str:
    """Return praise for a take without problems; `judged`: its style was evaluated too."""
    figure = {"quality": _number(quality, 2)}
    if judged:
        return str(_("Nothing to change: quality %(quality)s.") % figure)
    return str(
        _(
            "A clean recording: quality %(quality)s. Read a few neutral sentences too, and the "
            "style is compared with your own voice."
        )
        % figure
    )


def _number(figure: float, digits: int) -> str:
    return number_format(round(figure, digits), digits)  # number_format alone truncates


def _digits(hint: Hint, digits: int) -> int:
    """Return enough decimals to show that the value is outside its band."""
    bounds = [bound for bound in (hint.low, hint.high) if bound is not None]
    while digits < MOST_DECIMALS and round(hint.value, digits) in [
        round(bound, digits) for bound in bounds
    ]:
        digits += 1
    return digits


def _wanted(hint: Hint, digits: int) -> str:
    low, high = (
        None if bound is None else _number(bound, digits) for bound in (hint.low, hint.high)
    )
    if low is not None and high is not None:
        between = _("%(low)s to %(high)s") if (hint.low or 0) < 0 else _("%(low)s-%(high)s")
        return str(between % {"low": low, "high": high})
    if low is not None:
        return str(_("at least %s") % low)
    return str(_("at most %s") % high) if high is not None else ""
