"""What the launch form says beside its fields: their meaning, and the reason for the default."""

from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from distillation.engines import TEACHERS, TeacherInfo, has_voices, natural_student

UPLOADS = "files_"  # with a style's key: the name of its upload field

HELP: dict[str, str | Promise] = {
    "name": _("To find the run again. Empty: its number."),
    "steps": _(
        "Empty: those of the preset. Normal is what the strategy needs until it hardly improves, "
        "quick a quarter of it, thorough two and a half times."
    ),
    "minutes": _(
        "Of search, at most. Empty, no limit: a search that the clock ends differs from machine to "
        "machine."
    ),
    "goal": _(
        "0-100; the search ends once a voice scores it. Empty, none: how high is possible depends "
        "on the target."
    ),
    "patience": _(
        "The search ends after so many. Empty, never: long pauses before a better voice are common."
    ),
    "seed": _("The same seed makes the same voice again; another one is a second try."),
    "strategy": _(
        "The student's own is the best one measured for it: gradient for kokoro, which works with "
        "no other student, and cma-es for praat."
    ),
    "precision": _(
        "fp32 keeps scores comparable. bf16 takes 0.6 of the processor time; its score differs by "
        "some hundredths of 100."
    ),
    "base_voices": _(
        "Of the chosen student: the search begins at the best of them and goes where they differ. "
        "None chosen, all: the more there are, the nearer the start."
    ),
    "weight_target": _(
        "How much the speaker's likeness counts. 0.48, 0.50 and 0.02 are the published weights, so "
        "that scores can be compared."
    ),
    "weight_self": _("How much it counts that the voice sounds alike on different sentences."),
    "weight_feature": _(
        "Timbre, brightness, energy, pitch and pace, each a fifth. The voice encoder barely "
        "notices pace: raise this weight for a voice that should keep its target's."
    ),
    "speaker": _(
        "Whose accepted takes are used. By default the speaker with enough takes in most of the "
        "styles, then with the best ones."
    ),
    "mix_speakers": _(
        "The best take of each sentence, whoever spoke it. A voice fitted to several people is "
        "nobody's: choose this only if you want that."
    ),
    "prompt": _("For the teachers http and f5: the accepted take whose voice they clone."),
    "own_prompts": _("For a cloning teacher: it is given the style and not only the voice."),
    "tts_url": _("Of the teacher http: an OpenAI-compatible server, such as http://tts:8001"),
    "target_takes": _(
        "A style with target clips is compared with the mean of them; its teacher speaks no "
        "target. Several clips of one voice make its target steadier."
    ),
    "target_files": _("Files of earlier launches, or of this one before it had to be corrected."),
    UPLOADS: _("Of a voice you may use: 1.6 s of speech or more in each."),
}

KOKORO_FIRST = _(
    "kokoro is chosen at first: its files are here and its voices sound natural. praat, the "
    "built-in robotic voice, is for quick trials."
)
PRAAT_IS_SET = _(
    "praat, the built-in robotic voice, is chosen at first because the variable STUDENT says so. "
    "kokoro is here too: its voices sound natural."
)
NO_KOKORO = _(
    "praat is the built-in robotic voice. kokoro sounds natural; its files are not all here: "
    "manage.py models pull kokoro"
)


def student_hint() -> Any:
    """Return a text about the default student and how to get the other one."""
    natural = natural_student().name
    if not has_voices(natural, settings.MODEL_DIR):
        return NO_KOKORO
    return KOKORO_FIRST if settings.STUDENT in ("", natural) else PRAAT_IS_SET


def teacher_choices() -> list[tuple[str, str]]:
    """Return the teachers, each with what it does."""
    return [(name, f"{name}: {_does(info)}") for name, info in TEACHERS.items()]


def teacher_licences() -> str:
    """Return the licence of each teacher's voice and of the weights installed here."""
    return " ".join(map(_licence, TEACHERS.values()))


def _does(info: TeacherInfo) -> str:
    if info.plays_takes:
        return gettext("plays your accepted takes")
    if info.needs_url:
        return gettext("a speech service on another machine")
    return gettext("clones a voice from a take")


def _licence(teacher: TeacherInfo) -> str:
    weights = teacher.weights_licence(settings.MODEL_DIR)
    return f"{teacher.name}: {gettext(teacher.licence)}" + (f" ({weights})" if weights else "")
