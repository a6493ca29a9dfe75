"""User-facing texts for stable error codes and for the names in a recipe."""

import math
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from corpus.audio.types import AudioError
from corpus.faults import STORAGE_FAULTS
from corpus.wording import refusal
from distillation.delivery import Delivery
from distillation.recipe import RecipeError
from distillation.stages.target_warnings import TargetWarning

_ENGINE_FILES = _(
    "The model's files are missing or damaged; whoever runs the server has to mend them."
)
_PACK_FILE = _("The file of the voice pack is damaged or is none; evolve the voice again.")
_TARGET = _("The style's target cannot be used; retry, and if it fails again launch a new run.")
_UNUSABLE_SOUND = _("A sound cannot be used; listen to the takes of this style and replace it.")
_RESTART = _("What the search had kept is lost or damaged; “Retry” evolves the style anew.")
_NEW_RUN = _("A take is gone or is not the one the recipe names; launch a new run.")

FAULTS: dict[str, Any] = {
    # the program and its workers
    "internal": _("The program met a fault; retry, and tell whoever runs the server."),
    "too_slow": _("One slice took too long: the machine or the model is too slow for the limit."),
    "slice_lost": _("The worker died several times at the same place; retry once it has memory."),
    "recipe": _("The recipe cannot be carried out; launch a new run."),
    # takes and other audio files
    "consent_withdrawn": _(
        "A speaker took the consent back; launch a new run with takes of others."
    ),
    "take_missing": _NEW_RUN,
    "take_changed": _NEW_RUN,
    "missing_take": _("The teacher has no take of a sentence; record it, then launch a new run."),
    "bad_take": _("A take cannot be played; record it again, then launch a new run."),
    "no_transcript": _("The words of the prompt are missing; launch a new run with another."),
    "prompt_too_short": _("The prompt is too short to clone; launch a new run with another."),
    "prompt_too_long": _("The prompt is too long to clone; launch a new run with a shorter one."),
    "prompt_pace": _(
        "The words of the prompt do not fit its sound; launch a new run with exactly the words "
        "that are spoken."
    ),
    "no_teacher": _("This worker cannot run the teacher f5; start `make teacher-worker`, retry."),
    "no_prompt": _("The teacher has neither takes nor a prompt; record takes of this style."),
    **dict.fromkeys(
        (
            "not_audio",
            "codec",
            "empty",
            "silent",
            "too_short",
            "too_long",
            "truncated",
            "not_finite",
            "no_speech",
        ),
        _UNUSABLE_SOUND,
    ),
    # the search
    "checkpoint_damaged": _RESTART,
    "bad_checkpoint": _RESTART,
    "other_checkpoint": _RESTART,
    "waited_for_style": _("The style needs another one, which failed; mend that one, then retry."),
    "base_voices": _("The student's base voices give no start; check that it speaks."),
    "no_speaker": _(
        "The run's first style, whose search evolves the speaker of all, has no voice yet; retry"
        " that style first."
    ),
    "no_gradient": _(
        "The strategy gradient works with the student kokoro only; launch a new run with another."
    ),
    # the teacher
    "teacher_unreachable": _("The teacher's server cannot be reached; start it, then retry."),
    "teacher_timeout": _("The teacher's server does not answer in time; retry when it is free."),
    "teacher_busy": _("The teacher's server is busy; retry later."),
    "teacher_refused": _("The teacher's server refused; its own words follow."),
    "teacher_not_audio": _("The teacher's server answered something that is not sound."),
    # the engines
    "unknown_engine": _("This engine does not exist here; launch a new run with another."),
    "bad_option": _("The engine does not take one of its options; launch a new run."),
    "missing_model": _ENGINE_FILES,
    "missing_voice": _ENGINE_FILES,
    "bad_model": _ENGINE_FILES,
    "bad_voice": _ENGINE_FILES,
    "wrong_engine": _("The voice pack was made for another engine; choose one of this engine."),
    "empty_text": _("A sentence holds nothing to say; correct it, then launch a new run."),
    "unspeakable": _("The engine breaks down over a sentence; rewrite it, then launch a new run."),
    "bad_speed": _("The speed of the style is out of range; correct the style."),
    # targets
    "no_texts": _("The style has no sentence for the teacher; label more sentences."),
    "silent_sentence": _("The teacher stayed silent at a sentence; check it, then retry."),
    "target_too_short": _("The sentences are too short for a target; take more or longer ones."),
    "target_too_long": _("The sentences are too long for a target; take shorter ones."),
    "target_loudness": _("The takes are too uneven to reach the target's loudness; record again."),
    "no_target": _TARGET,
    "bad_target": _TARGET,
    "bad_clip": _("A target clip cannot be used; launch a new run with another."),
    # voice packs
    **dict.fromkeys(
        ("missing", "unreadable", "not_a_pack", "dtype", "shape", "out_of_range"), _PACK_FILE
    ),
    "unsafe": _("The voice pack holds more than a tensor and was refused; evolve the voice again."),
    "too_large": _("A file is larger than allowed."),
    "pack_changed": _(
        "The voice pack is gone or is not the one that was reviewed; review it again."
    ),
    "not_approved": _("The voice was not approved; review it first."),
    "rejected": _("A reviewer rejected the voice; it is deployed once one approves it again."),
    "second_missing": _("A second reviewer must approve this voice: something got worse."),
    "approval_outdated": _("No approval of this voice counts any more; review it again."),
    "failed_checks": _("The voice failed a check; an admin can override that on its review page."),
    "conflict": _("Somebody else changed the voice in the meantime; look at it again."),
    "no_former": _("There is no earlier version to go back to."),
    "superseded": _("Not deployed: the voice was deployed anew in the meantime."),
    "deploy_lost": _("No worker came to the end of the deployment; deploy the voice again."),
    "manifest": _(
        "The list of deployed voices cannot be used; whoever runs the server has to mend it, or to"
        " put it aside and deploy every voice again."
    ),
    "storage": _(
        "A file or folder cannot be read or written; whoever runs the server has to look at the"
        " disk's space and the rights, then deploy again."
    ),
    "two_of_a_voice": _("Choose one pack for each voice."),
    "two_engines": _("Choose packs of one engine: the service runs only one."),
}

CLIP_REFUSALS: dict[str, Any] = {
    "little_speech": _("Less than 1.6 s of speech. Send a longer clip."),
    "too_short": _("Less than 1.6 s of speech. Send a longer clip."),
    "too_long": _("Longer than a minute. Send several shorter clips."),
    "too_large": _("The file is larger than allowed. Send several shorter clips."),
    "damaged": _("The file was damaged since it was sent. Send it again."),
}

RECIPE_FIELDS: dict[str, Any] = {
    "search_texts": _("The corpus has too few sentences for a search; load or import more."),
    "held_out_texts": _("The corpus has too few sentences to hold some out; load or import more."),
}

NAMES: dict[str, Any] = {
    "target": _("target"),
    "self": _("self-similarity"),
    "feature": _("feature similarity"),
    "target_similarity": _("target similarity"),
    "self_similarity": _("self-similarity"),
    "differentiation": _("difference between styles"),
    "min_duration_s": _("shortest sentence, s"),
    "naturalness_loss": _("naturalness lost at most, of 5"),
    "style_direction": _("share of the target's difference from neutral"),
    "one_speaker": _("similarity between the styles"),
    "objective": _("objective"),
    "naturalness": _("naturalness"),
    "pitch": _("pitch"),
    "range": _("pitch range"),
    "rate": _("speech rate"),
    "url": _("address"),
    "prompt": _("prompt"),
    "transcript": _("transcript"),
    "precision": _("precision"),
    "weights": _("weight"),
    "thresholds": _("threshold"),
    "styles": _("style"),
    "student": _("student"),
    "teacher": _("teacher"),
    "student_options": _("student"),
    "teacher_options": _("teacher"),
    "strategy": _("search strategy"),
    "steps": _("steps"),
    "minutes": _("minutes at most"),
    "goal": _("score to reach"),
    "patience": _("steps without a better voice"),
    "seed": _("seed"),
    "lang": _("language"),
    "base_voices": _("base voices"),
    "compared": _("texts compared with the target"),
    "early_stop": _("share of the best below which a candidate is dropped"),
    "search_texts": _("sentences used by the search"),
    "held_out_texts": _("sentences held out"),
    "reference_texts": _("sentences of the target"),
    "takes": _("takes"),
    "targets": _("target clips"),
    "speed": _("speed"),
    "versions": _("library"),
}


MEASURES: dict[str, Any] = {  # of a voice, on held-out sentences
    "total": _("score"),
    "target": _("similarity to the target"),
    "self": _("self-similarity"),
    "naturalness": _("naturalness"),
    "second_measure": _("second speaker measure"),
}

MINUTE = 60
VALUES: dict[str, Any] = {"all": _("all of them"), "first": _("the first")}

STOPS: dict[str, Any] = {
    "goal": _("the score it was to reach is reached"),
    "steps": _("all its steps are done"),
    "patience": _("no step was better for as long as it was to wait"),
    "minutes": _("its minutes are used up"),
}

FAULTS |= {fault.code: _(fault.message) for fault in STORAGE_FAULTS}


def fault_words(code: str) -> str:
    """Return a localized text of what a code means and what to do; empty for an unknown code."""
    return str(FAULTS.get(code, ""))


def explained(detail: str) -> str:
    """Prepend the text for a leading code to `code: message`; return other details unchanged."""
    words = fault_words(detail.partition(":")[0])
    return f"{words} ({detail})" if words else detail


def clip_words(error: AudioError) -> str:
    """Return a text of why an audio file cannot be a target clip, and what to upload."""
    return str(CLIP_REFUSALS.get(error.code) or refusal(error))


def recipe_words(error: RecipeError) -> str:
    """Return a text of what is wrong with a recipe, localized if a user can fix it."""
    if said := RECIPE_FIELDS.get(error.template.partition(":")[0]):
        return str(said)
    return gettext(error.template) % error.values if error.values else gettext(error.template)


def name_words(name: str) -> str:
    """Return the display name of a part of a recipe, its thresholds or teacher options."""
    return str(NAMES.get(name, name))


def measure_words(name: str) -> str:
    """Return the display name of a measure of a voice."""
    return str(MEASURES.get(name, name))


def field_words(path: str) -> str:
    """Return the display name of a recipe's field, given its dotted path."""
    return " · ".join(name_words(part) for part in path.split("."))


def field_value(value: Any) -> str:
    """Return a recipe field's value as text; a dash if there is none."""
    if value is None or value in ("", [], {}):
        return "—"
    if isinstance(value, list):
        return "; ".join(map(field_value, value))
    if isinstance(value, float):
        return number_format(value, use_l10n=True)
    return str(VALUES.get(value, value) if isinstance(value, str) else value)


def target_warnings(info: dict[str, Any]) -> list[str]:
    """Return a sentence for each warning about a style's target, given what is stored of it."""
    return [words for one in info.get("warnings", ()) if (words := warning_words(**one))]


def warning_words(code: str, value: float | str, limit: float | str) -> str:
    """Return a sentence of a warning about a target; empty for an unknown code."""
    return TargetWarning(code, value, limit).in_words(translated=gettext, number=_figure)


def delivery_words(delivery: Delivery) -> str:
    """Return a voice's speed, gain and pitch range as text; that there are none if it is plain."""
    if delivery.is_plain:
        return gettext("as its pack speaks")
    figures = {"speed": _figure(delivery.speed, 2), "gain": _signed(delivery.gain_db)}
    if delivery.pitch_range == 1:
        return gettext("speed ×%(speed)s, gain %(gain)s dB") % figures
    figures["range"] = _figure(delivery.pitch_range, 2)
    return gettext("speed ×%(speed)s, gain %(gain)s dB, pitch range ×%(range)s") % figures


def delivery_errors(report: dict[str, Any]) -> list[str]:
    """Return how far from the target rate, range and level are, without and with delivery.

    On the held-out sentences; empty if the style's report does not have the figures.
    """
    fit = report.get("delivery") or {}
    said = []
    if rate := fit.get("rate_error"):
        figures = {name: _figure(abs(100 * rate[name]), 1) for name in ("without", "with")}
        said.append(
            gettext("rate of the held-out sentences: %(without)s %% off without, %(with)s %% with")
            % figures
        )
    if wide := fit.get("range_error"):
        figures = {name: _figure(abs(100 * wide[name]), 0) for name in ("without", "with")}
        said.append(
            gettext(
                "pitch range of the held-out sentences: %(without)s %% off without, "
                "%(with)s %% with"
            )
            % figures
        )
    if level := fit.get("level_error_db"):
        figures = {name: _figure(abs(level[name]), 1) for name in ("without", "with")}
        said.append(
            gettext(
                "loudness of the held-out sentences: %(without)s dB off without, %(with)s dB with"
            )
            % figures
        )
    return said


def difference_words(axis: str, value: float) -> str:
    """Return a difference of two voices as text: of the pitch in semitones, else as a factor.

    `range` and `rate` are natural logarithms of ratios.
    """
    if axis == "pitch":
        return gettext("%(difference)s semitones") % {"difference": _signed(value)}
    return "×" + _figure(math.exp(value), 2)


def signed(value: float, digits: int) -> str:
    """Return a number with its sign, as a page shows differences."""
    sign = "−" if round(value, digits) < 0 else "+"
    return sign + _figure(abs(value), digits)


def _figure(value: float, digits: int) -> str:
    return number_format(round(value, digits), digits, use_l10n=True)  # which itself truncates


def _signed(value: float) -> str:
    return signed(value, 1)


def as_time(seconds: float | None) -> str:
    """Return a duration like `45 s`, `3 min`, `1 h 20 min`; a dash if unknown."""
    if seconds is None:
        return "—"
    if round(seconds) < MINUTE:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / MINUTE), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
