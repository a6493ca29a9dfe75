"""What a person fills in: the launch of a run, a decision on a voice."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from corpus.models import Recording, StyleLabel
from distillation.engines import STUDENTS, TEACHERS
from distillation.models import Decision, Run
from distillation.recipe import RecipeError, RunRecipe
from distillation.search import STRATEGIES
from distillation.services import recipe_build
from distillation.wording import recipe_words

LICENCES = {
    "http": _("The server's model has its own licence; the run records its address."),
    "f5": _("F5-TTS's official weights are CC-BY-NC: not for commercial use."),
    "recordings": _("The best accepted takes of each style, as recorded."),
}


def _choices(names: Any) -> list[tuple[str, str]]:
    return [(name, name) for name in names]


class RunLaunchForm(forms.ModelForm):
    """A run's recipe in an admin's words; `recipe` is there once the form is valid."""

    styles = forms.ModelMultipleChoiceField(
        StyleLabel.objects.all(),
        label=_("Styles"),
        widget=forms.CheckboxSelectMultiple,
        to_field_name="key",
    )
    steps = forms.IntegerField(label=_("Steps per style"), min_value=1, max_value=1_000_000)
    seed = forms.IntegerField(label=_("Seed"), initial=0, min_value=0, max_value=2**31 - 1)
    strategy = forms.ChoiceField(label=_("Search strategy"), choices=_choices(STRATEGIES))
    student = forms.ChoiceField(label=_("Student"), choices=_choices(STUDENTS))
    teacher = forms.ChoiceField(label=_("Teacher"), choices=_choices(TEACHERS))
    prompt = forms.ModelChoiceField(
        Recording.objects.usable().select_related("sentence", "style"),
        label=_("Prompt"),
        required=False,
        help_text=_("Of the teacher http: the accepted take whose voice it shall clone."),
    )
    tts_url = forms.URLField(
        label=_("Address of the teacher"),
        required=False,
        assume_scheme="http",
        help_text=_("Of the teacher http: an OpenAI-compatible server, such as http://tts:8001"),
    )

    class Meta:
        model = Run
        fields = ["name"]

    recipe: RunRecipe

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, value in {
            "styles": list(StyleLabel.objects.values_list("key", flat=True)),
            "steps": RunRecipe.steps,
            "strategy": RunRecipe.strategy,
            "student": settings.STUDENT,
            "teacher": settings.TEACHER,
            "tts_url": settings.TTS_URL,
        }.items():
            self.fields[name].initial = value
        self.fields["teacher"].help_text = " ".join(
            f"{name}: {LICENCES[name]}" for name in TEACHERS if name in LICENCES
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            try:
                self.recipe = recipe_build(**_recipe_arguments(cleaned))
            except RecipeError as error:
                self.add_error(_field_of(error), recipe_words(error))
        return cleaned


class DecisionForm(forms.ModelForm):
    class Meta:
        model = Decision
        fields = ["verdict", "reason"]
        widgets = {"reason": forms.Textarea(attrs={"rows": 2})}


def _recipe_arguments(cleaned: dict[str, Any]) -> dict[str, Any]:
    names = ("steps", "seed", "strategy", "student", "teacher", "prompt", "tts_url")
    styles = [style.key for style in cleaned["styles"]]
    return {"styles": styles, **{name: cleaned[name] for name in names}}


def _field_of(error: RecipeError) -> str | None:
    field = str(error).partition(":")[0]
    return field if field in RunLaunchForm.base_fields else None
