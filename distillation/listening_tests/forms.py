"""Forms of listening tests: creating one, and entering with a name."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext_lazy as _

from distillation.listening_tests.models import ListeningTest
from distillation.listening_tests.scales import Kind
from distillation.listening_tests.services.creation import MAX_SENTENCES
from distillation.listening_tests.services.sources import OF_TAKES, Role, Source

DEFAULT_SENTENCES = 12


class ListeningTestForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("What listeners are asked"),
        choices=ListeningTest.KindChoice.choices,
        widget=forms.RadioSelect,
        initial=ListeningTest.KindChoice.PREFERENCE,
    )
    voices = forms.MultipleChoiceField(
        label=_("Voices"), widget=forms.CheckboxSelectMultiple, required=False
    )
    sentences = forms.IntegerField(label=_("Sentences"), min_value=1)
    results_shown = forms.BooleanField(
        label=_("Listeners may see the results once they have finished"),
        required=False,
        initial=True,
    )

    def __init__(self, *args: Any, sources: Sequence[Source], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sources = {source.key: source for source in sources}
        runs = {source.style_run.run_id for source in sources}
        self.fields["voices"].choices = [  # type: ignore[attr-defined]
            (key, _name(source, several=len(runs) > 1)) for key, source in self.sources.items()
        ]
        most = min(MAX_SENTENCES, len(sources[0].files))
        field: Any = self.fields["sentences"]
        field.widget.attrs |= {"max": most}
        field.validators.append(MaxValueValidator(most))
        self.initial.setdefault("sentences", min(DEFAULT_SENTENCES, most))
        self.initial.setdefault("voices", _default_voices(sources))

    @property
    def chosen(self) -> list[Source]:
        """The ticked voices, in the order of the form; an ABX has the target without a tick."""
        ticked = set(self.cleaned_data["voices"])
        targets = [key for key, source in self.sources.items() if source.role in OF_TAKES]
        if self.cleaned_data["kind"] == Kind.ABX and not ticked & set(targets):
            ticked |= set(targets[:1])
        return [source for key, source in self.sources.items() if key in ticked]


class NameForm(forms.Form):
    name = forms.CharField(
        label=_("Your name"),
        max_length=60,
        help_text=_("Those who run the test see it beside your answers."),
        widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True}),
    )

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())


def _name(source: Source, *, several: bool) -> str:
    name = str(source.role.label)
    return f"{name} · {source.style_run.run}" if several else name


def _default_voices(sources: Sequence[Source]) -> list[str]:
    """Return the evolved voices and, if there is one alone, what it would replace."""
    evolved = [source.key for source in sources if source.role == Role.EVOLVED]
    others = [
        source.key
        for role in (Role.DEPLOYED, Role.STOCK, Role.START)
        for source in sources
        if source.role == role
    ]
    return evolved if len(evolved) > 1 else [*evolved, *others[:1]]
