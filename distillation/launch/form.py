"""The form that launches a run, and what it says beside its fields; valid, it holds the recipe."""

from collections.abc import Iterable
from pathlib import PurePath
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from corpus.audio.types import AudioError
from corpus.models import Recording, Speaker, StyleLabel
from distillation.engines import STUDENTS, TEACHERS, TeacherInfo, has_voices, natural_student
from distillation.launch.fields import FilesField, TakeChoice, TakePick, TakePicks
from distillation.launch.initial import launch_defaults
from distillation.models import Run
from distillation.recipe import WEIGHTS, RecipeError, RunRecipe
from distillation.search import STRATEGIES
from distillation.services.presets import NORMAL, QUICK, THOROUGH, preset_steps
from distillation.services.recipes import recipe_build
from distillation.services.targets import (
    Clip,
    clip_again,
    clip_of_take,
    clip_store,
    clips_there,
    clips_warnings,
)
from distillation.stages.target_warnings import TargetWarning
from distillation.wording import clip_words, recipe_words

PRECISIONS = [
    ("fp32", _("fp32: as published")),
    ("bf16", _("bf16: faster")),
    ("auto", _("auto: bf16 where the processor has it")),
]
PRESETS = [(QUICK, _("Quick")), (NORMAL, _("Normal")), (THOROUGH, _("Thorough"))]
LEAST_WEIGHT, MOST_WEIGHT = 0.001, 1000.0
RECIPE_FIELDS = (
    *("minutes", "goal", "patience", "seed", "strategy", "student", "precision"),
    "base_voices",
    *("teacher", "prompt", "own_prompts", "tts_url"),
    *("speaker", "mix_speakers"),
)
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


def _choices(names: Any) -> list[tuple[str, str]]:
    return [(name, name) for name in names]


def uploads_name(style: str) -> str:
    """Return the name of the upload field of a style."""
    return f"{UPLOADS}{style}"


def _field_of(error: RecipeError) -> str | None:
    field = str(error).partition(":")[0]
    return {"weights": "weight_target"}.get(
        field, field if field in RunLaunchForm.base_fields else None
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


class RunLaunchForm(forms.ModelForm):
    """A run's recipe as a form; `recipe` is set once the form is valid."""

    preset = forms.ChoiceField(
        label=_("How thorough"), choices=PRESETS, required=False, widget=forms.RadioSelect
    )
    styles = forms.ModelMultipleChoiceField(
        StyleLabel.objects.all(),
        label=_("Styles"),
        widget=forms.CheckboxSelectMultiple,
        to_field_name="key",
    )
    steps = forms.IntegerField(
        label=_("Steps per style"), min_value=1, max_value=1_000_000, required=False
    )
    minutes = forms.FloatField(
        label=_("Minutes per style"), min_value=0, max_value=100_000, required=False
    )
    goal = forms.FloatField(label=_("Score to reach"), min_value=0, max_value=100, required=False)
    patience = forms.IntegerField(
        label=_("Steps without a better voice"), min_value=0, max_value=1_000_000, required=False
    )
    seed = forms.IntegerField(label=_("Seed"), min_value=0, max_value=2**31 - 1)
    strategy = forms.ChoiceField(
        label=_("Search strategy"),
        choices=[("", _("the student's own")), *_choices(STRATEGIES)],
        required=False,
    )
    student = forms.ChoiceField(label=_("Student"), choices=_choices(STUDENTS))
    precision = forms.ChoiceField(
        label=_("Precision of Kokoro"), choices=PRECISIONS, required=False
    )
    base_voices = forms.MultipleChoiceField(
        label=_("Base voices"),
        required=False,
        choices=lambda: [
            (student, _choices(names))
            for student, info in STUDENTS.items()
            if (names := info.stock_voices(settings.MODEL_DIR))
        ],
        widget=forms.CheckboxSelectMultiple,
    )
    weight_target = forms.FloatField(
        label=_("Weight of target similarity"), min_value=LEAST_WEIGHT, max_value=MOST_WEIGHT
    )
    weight_self = forms.FloatField(
        label=_("Weight of self-similarity"), min_value=LEAST_WEIGHT, max_value=MOST_WEIGHT
    )
    weight_feature = forms.FloatField(
        label=_("Weight of feature similarity"), min_value=LEAST_WEIGHT, max_value=MOST_WEIGHT
    )
    teacher = forms.ChoiceField(label=_("Teacher"), choices=teacher_choices)
    speaker = forms.ModelChoiceField(
        Speaker.objects.filter(
            Exists(Recording.objects.usable().filter(speaker=OuterRef("pk")).order_by())
        ),
        label=_("Speaker"),
        required=False,
        empty_label=_("the one with the best takes"),
    )
    mix_speakers = forms.BooleanField(label=_("Mix the takes of several speakers"), required=False)
    prompt = forms.ModelChoiceField(
        Recording.objects.usable().select_related("sentence", "style", "speaker"),
        label=_("Prompt"),
        required=False,
        widget=TakePick,
    )
    own_prompts = forms.BooleanField(
        label=_("Prompt of each style from its best takes"), required=False
    )
    tts_url = forms.URLField(
        label=_("Address of the teacher"), required=False, assume_scheme="http"
    )
    target_takes = TakeChoice(
        Recording.objects.usable()
        .select_related("sentence", "style", "speaker")
        .order_by("style__position", "sentence__position", "-take"),
        label=_("Accepted takes as target clips"),
        required=False,
        widget=TakePicks,
    )
    target_files = forms.MultipleChoiceField(
        label=_("Clips sent before"), required=False, choices=list
    )

    class Meta:
        model = Run
        fields = ["name"]

    recipe: RunRecipe
    warnings: list[tuple[str, TargetWarning]]  # about uploaded clips, by their file

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._clips_list()
        for style in StyleLabel.objects.all():
            self.fields[uploads_name(style.key)] = FilesField(
                label=_("Sound files for %s") % style.name, required=False
            )
        for name, value in launch_defaults().items():
            self.fields[name].initial = value
        fields: dict[str, Any] = self.fields
        for name, field in fields.items():
            field.help_text = HELP.get(name, HELP[UPLOADS] if name.startswith(UPLOADS) else "")
        self.fields["student"].help_text = student_hint()
        self.fields["teacher"].help_text = teacher_licences()

    def _clips_list(self) -> None:
        files: Any = self.fields["target_files"]
        files.choices = [(name, name.partition("/")[2]) for name in clips_there()]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        clips = list(self._clips(cleaned))
        self.warnings = list(clips_warnings(clips))
        if not self.errors:
            self._recipe_make(cleaned, clips)
        if self.errors:
            self._uploads_keep(clips)
        return cleaned

    def _recipe_make(self, cleaned: dict[str, Any], clips: list[Clip]) -> None:
        weights = {part: cleaned[f"weight_{part}"] for part in WEIGHTS}
        asked = {name: cleaned[name] for name in RECIPE_FIELDS if cleaned[name] is not None}
        steps = cleaned["steps"] or preset_steps(
            cleaned["preset"], student=cleaned["student"], strategy=cleaned["strategy"]
        )
        styles = [style.key for style in cleaned["styles"]]
        try:
            self.recipe = recipe_build(
                styles=styles, weights=weights, targets=clips, steps=steps, **asked
            )
        except RecipeError as error:
            self.add_error(_field_of(error), recipe_words(error))

    def _clips(self, cleaned: dict[str, Any]) -> Iterable[Clip]:
        """Yield the selected and uploaded clips; report an unusable clip at its field."""
        yield from map(clip_of_take, cleaned.get("target_takes", ()))
        for sent in cleaned.get("target_files", ()):
            try:
                yield clip_again(sent)
            except AudioError as error:
                self.add_error("target_files", f"{PurePath(sent).name}: {clip_words(error)}")
        for key in StyleLabel.objects.values_list("key", flat=True):  # also unchosen, to reject
            name = uploads_name(key)
            for file in cleaned.get(name, ()):
                try:
                    yield clip_store(style=key, file=file, filename=file.name)
                except AudioError as error:
                    self.add_error(name, f"{file.name}: {clip_words(error)}")

    def _uploads_keep(self, clips: list[Clip]) -> None:
        """Choose the clips that were just stored: a browser does not send them a second time."""
        there = set(clips_there())
        data: Any = self.data
        self.data = data = data.copy()
        data.setlist("target_files", [clip.name for clip in clips if clip.name in there])
        self._clips_list()
