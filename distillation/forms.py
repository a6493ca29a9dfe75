"""Forms for launching a run and deciding on a voice."""

from collections.abc import Iterable
from pathlib import PurePath
from typing import Any

from django import forms
from django.conf import settings
from django.utils.formats import number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from corpus.audio.types import AudioError
from corpus.models import Recording, StyleLabel
from distillation.engines import STUDENTS, TEACHERS, TeacherInfo, has_voices, natural_student
from distillation.models import Decision, Run, StyleRun
from distillation.recipe import WEIGHTS, RecipeError, RunRecipe
from distillation.recipe_builder import default_steps
from distillation.search import STRATEGIES
from distillation.services.in_use import default_student
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
from distillation.wording import as_time, clip_words, recipe_words

PRECISIONS = [
    ("fp32", _("fp32: as published")),
    ("bf16", _("bf16: faster")),
    ("auto", _("auto: bf16 where the processor has it")),
]
UPLOADS = "files_"
LEAST_WEIGHT, MOST_WEIGHT = 0.001, 1000.0
RECIPE_FIELDS = (
    *("steps", "minutes", "goal", "patience", "seed", "strategy", "student", "precision"),
    "base_voices",
    *("teacher", "prompt", "own_prompts", "tts_url"),
)


def _choices(names: Any) -> list[tuple[str, str]]:
    return [(name, name) for name in names]


class TakeChoice(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.style.key} · {obj.sentence.sentence_id} · {obj.take} · {obj.sentence.text}"


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several audio files; the cleaned data is a list, empty if nothing was uploaded."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        return [super(FilesField, self).clean(one, initial) for one in data or ()]


class RunLaunchForm(forms.ModelForm):
    """A run's recipe as a form; `recipe` is set once the form is valid."""

    styles = forms.ModelMultipleChoiceField(
        StyleLabel.objects.all(),
        label=_("Styles"),
        widget=forms.CheckboxSelectMultiple,
        to_field_name="key",
    )
    steps = forms.IntegerField(
        label=_("Steps per style"),
        min_value=1,
        max_value=1_000_000,
        help_text=_("At most; the search may end earlier by one of the following."),
    )
    minutes = forms.FloatField(
        label=_("Minutes per style"),
        min_value=0,
        max_value=100_000,
        required=False,
        help_text=_("Of search, at most. Empty: no limit."),
    )
    goal = forms.FloatField(
        label=_("Score to reach"),
        min_value=0,
        max_value=100,
        required=False,
        help_text=_("0-100; the search ends once a voice scores it. Empty: none."),
    )
    patience = forms.IntegerField(
        label=_("Steps without a better voice"),
        min_value=0,
        max_value=1_000_000,
        required=False,
        help_text=_("The search ends after so many. Empty: never."),
    )
    seed = forms.IntegerField(label=_("Seed"), min_value=0, max_value=2**31 - 1)
    strategy = forms.ChoiceField(
        label=_("Search strategy"),
        choices=_choices(STRATEGIES),
        help_text=_(
            "gradient is the best for the student kokoro, and works with no other: 60 steps take "
            "about five minutes for one speaker, and seconds for each further style."
        ),
    )
    student = forms.ChoiceField(label=_("Student"), choices=_choices(STUDENTS))
    precision = forms.ChoiceField(
        label=_("Precision of Kokoro"),
        choices=PRECISIONS,
        required=False,
        help_text=_(
            "bf16 evaluates a candidate in 0.6 of the processor time of fp32; its score differs by "
            "some hundredths of 100."
        ),
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
        help_text=_(
            "Of the chosen student: the search begins at the best of them and goes where they "
            "differ. None chosen: all."
        ),
    )
    weight_target = forms.FloatField(
        label=_("Weight of target similarity"), min_value=LEAST_WEIGHT, max_value=MOST_WEIGHT
    )
    weight_self = forms.FloatField(
        label=_("Weight of self-similarity"), min_value=LEAST_WEIGHT, max_value=MOST_WEIGHT
    )
    weight_feature = forms.FloatField(
        label=_("Weight of feature similarity"),
        min_value=LEAST_WEIGHT,
        max_value=MOST_WEIGHT,
        help_text=_(
            "Timbre, brightness, energy, pitch and pace, each a fifth. The voice encoder barely "
            "notices pace: raise this weight for a voice that should keep its target's."
        ),
    )
    teacher = forms.ChoiceField(label=_("Teacher"), choices=_choices(TEACHERS))
    prompt = forms.ModelChoiceField(
        Recording.objects.usable().select_related("sentence", "style"),
        label=_("Prompt"),
        required=False,
        help_text=_("For the teachers http and f5: the accepted take whose voice they clone."),
    )
    own_prompts = forms.BooleanField(
        label=_("Prompt of each style from its best takes"),
        required=False,
        help_text=_("For a cloning teacher: it is given the style and not only the voice."),
    )
    tts_url = forms.URLField(
        label=_("Address of the teacher"),
        required=False,
        assume_scheme="http",
        help_text=_("Of the teacher http: an OpenAI-compatible server, such as http://tts:8001"),
    )
    target_takes = TakeChoice(
        Recording.objects.usable()
        .select_related("sentence", "style")
        .order_by("style__position", "sentence__position", "-take"),
        label=_("Accepted takes as target clips"),
        required=False,
        help_text=_(
            "A style with target clips is compared with the mean of them; its teacher speaks no "
            "target. Several clips of one voice make its target steadier."
        ),
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
        files: Any = self.fields["target_files"]
        files.choices = [(name, name.partition("/")[2]) for name in clips_there()]
        if not files.choices:
            del self.fields["target_files"]
        for style in StyleLabel.objects.all():
            self.fields[uploads_name(style.key)] = FilesField(
                label=_("Sound files for %s") % style.name,
                required=False,
                help_text=_("Of a voice you may use: 1.6 s of speech or more in each."),
            )
        for name, value in launch_defaults().items():
            self.fields[name].initial = value
        self.fields["steps"].help_text = " ".join([str(self.fields["steps"].help_text), *_paces()])
        self.fields["student"].help_text = _student_hint()
        self.fields["teacher"].help_text = " ".join(map(_licence, TEACHERS.values()))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        clips = list(self._clips(cleaned))
        self.warnings = list(clips_warnings(clips))
        if not self.errors:
            weights = {part: cleaned[f"weight_{part}"] for part in WEIGHTS}
            asked = {name: cleaned[name] for name in RECIPE_FIELDS if cleaned[name] is not None}
            styles = [style.key for style in cleaned["styles"]]
            try:
                self.recipe = recipe_build(styles=styles, weights=weights, targets=clips, **asked)
            except RecipeError as error:
                self.add_error(_field_of(error), recipe_words(error))
        for name in [name for name in cleaned if name.startswith(UPLOADS)] if self.errors else ():
            if cleaned[name]:  # a browser does not send them a second time by itself
                self.add_error(
                    name, _("Choose these files again: another field has to be corrected.")
                )
        return cleaned

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


class DecisionForm(forms.ModelForm):
    class Meta:
        model = Decision
        fields = ["verdict", "reason", "nevertheless"]
        widgets = {"reason": forms.Textarea(attrs={"rows": 2})}


def uploads_name(style: str) -> str:
    """Return the name of the upload field of a style."""
    return f"{UPLOADS}{style}"


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
PACE = _(
    "With %(student)s a candidate took %(pace)s s here: %(steps)s steps of %(strategy)s are about "
    "%(time)s."
)
NO_PACE = _(
    "With %(student)s a candidate takes seconds on a processor, %(steps)s steps of %(strategy)s "
    "hours: let it end by one of the following."
)
FEW_STEPS = _(
    "With %(student)s a candidate takes seconds on a processor, the %(steps)s steps of "
    "%(strategy)s minutes; thousands of steps of another strategy take hours."
)


def _student_hint() -> Any:
    """Return a text about the default student and how to get the other one."""
    natural = natural_student().name
    if not has_voices(natural, settings.MODEL_DIR):
        return NO_KOKORO
    return KOKORO_FIRST if settings.STUDENT in ("", natural) else PRAAT_IS_SET


def _licence(teacher: TeacherInfo) -> str:
    """Return the licence of a teacher's voice and of the weights installed here."""
    weights = teacher.weights_licence(settings.MODEL_DIR)
    return f"{teacher.name}: {gettext(teacher.licence)}" + (f" ({weights})" if weights else "")


def _paces() -> Iterable[str]:
    """Yield for each student how long its default search takes or may take here."""
    paces = StyleRun.objects.paces()
    for student, info in STUDENTS.items():
        steps = default_steps(info.strategy)
        told = {"student": student, "strategy": info.strategy}
        told["steps"] = number_format(steps, use_l10n=True)
        if pace := paces.get(student):
            time = as_time(pace * steps)
            yield PACE % {**told, "pace": number_format(pace, 2, use_l10n=True), "time": time}
        elif info.takes_seconds:
            yield (FEW_STEPS if steps < RunRecipe.steps else NO_PACE) % told


def launch_defaults() -> dict[str, Any]:
    """Return the initial values of the launch form."""
    student = default_student()
    strategy = STUDENTS[student].strategy
    return {
        "styles": list(StyleLabel.objects.values_list("key", flat=True)),
        "steps": default_steps(strategy),
        "seed": RunRecipe.seed,
        "strategy": strategy,
        "student": student,
        "precision": settings.KOKORO_PRECISION,
        "teacher": settings.TEACHER,
        "tts_url": settings.TTS_URL,
        **{f"weight_{part}": weight for part, weight in WEIGHTS.items()},
    }


def launch_again(run: Run) -> dict[str, Any]:
    """Return the initial values of the form for relaunching a run with changes."""
    recipe = run.run_recipe
    plain = ("steps", "minutes", "goal", "patience", "seed", "strategy", "student", "teacher")
    clips = [name for style in recipe.styles for name in style.targets]
    prompt = recipe.teacher_options.get("prompt")
    return {
        "name": run.name,
        "styles": list(recipe.style_keys),
        **{name: getattr(recipe, name) or None for name in plain if name != "seed"},
        "seed": recipe.seed,
        "base_voices": _chosen_voices(recipe),
        "precision": recipe.student_options.get("precision", settings.KOKORO_PRECISION),
        "tts_url": recipe.teacher_options.get("url", ""),
        "own_prompts": any(style.prompt for style in recipe.styles),
        "prompt": Recording.objects.usable().filter(wav=prompt).first() if prompt else None,
        "target_takes": list(Recording.objects.usable().filter(wav__in=clips)),
        "target_files": clips,
        **{f"weight_{part}": weight for part, weight in recipe.weights.items()},
    }


def launch_gone(run: Run) -> list[str]:
    """Return the names of a run's takes and clips that can no longer be used for a relaunch."""
    recipe = run.run_recipe
    named = {name for style in recipe.styles for name in style.targets}
    named |= {recipe.teacher_options.get("prompt", "")} - {""}
    takes = Recording.objects.filter(wav__in=named).select_related("sentence", "style")
    usable = set(Recording.objects.usable().filter(wav__in=named).values_list("wav", flat=True))
    told = {take.wav.name: f"{take.style.key} · {take.sentence.sentence_id}" for take in takes}
    return sorted(told.get(name, name) for name in named - usable - set(clips_there()))


def _chosen_voices(recipe: RunRecipe) -> list[str]:
    """Return the base voices, or none if all were used: another student has different ones."""
    there = STUDENTS[recipe.student].stock_voices(settings.MODEL_DIR)
    return [] if set(there) <= set(recipe.base_voices) else list(recipe.base_voices)


def _field_of(error: RecipeError) -> str | None:
    field = str(error).partition(":")[0]
    return {"weights": "weight_target"}.get(
        field, field if field in RunLaunchForm.base_fields else None
    )
