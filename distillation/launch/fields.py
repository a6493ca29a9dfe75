"""Form fields of the launch form that Django does not have."""

from typing import Any

from django import forms
from django.template.loader import render_to_string

from corpus.models import Recording

SHOWN = 20  # takes that a search offers
DIGITS = 18  # of the number of a row: SQLite refuses a longer one with OverflowError


def takes_offered(chosen: Any, words: str = "") -> list[tuple[Recording, bool]]:
    """Return the chosen takes, then the newest usable ones with these words; True if chosen."""
    given = chosen if isinstance(chosen, list | tuple) else [chosen]
    keys = [str(getattr(one, "pk", one)) for one in given if one]
    usable: Any = Recording.objects.usable().select_related("sentence", "style", "speaker")
    numbers = [int(key) for key in keys if key.isdecimal() and len(key) <= DIGITS]
    first = list(usable.filter(pk__in=numbers[:100]))
    found = usable.search(words) if words else usable
    others = found.exclude(pk__in=[take.pk for take in first]).order_by("-pk")[:SHOWN]
    return [(take, True) for take in first] + [(take, False) for take in others]


class TakeChoice(forms.ModelMultipleChoiceField):
    def clean(self, value: Any) -> Any:
        for pk in value or ():
            if len(str(pk)) > DIGITS:
                raise forms.ValidationError(self.error_messages["invalid_pk_value"] % {"pk": pk})
        return super().clean(value)


class TakePick(forms.Widget):
    """A search for takes, and a radio button for each that is offered: there may be millions."""

    kind = "radio"
    choices: Any = ()  # of the field; never read

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:  # noqa: ARG002
        return data.get(name)

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:  # noqa: ARG002
        context = {"name": name, "kind": self.kind, "takes": takes_offered(value)}
        return render_to_string("distillation/_launch_takes.html", context)


class TakePicks(TakePick):
    """The same with check boxes."""

    kind = "checkbox"

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:  # noqa: ARG002
        return data.getlist(name) if hasattr(data, "getlist") else data.get(name)


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several audio files; the cleaned data is a list, empty if nothing was uploaded."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        return [super(FilesField, self).clean(one, initial) for one in data or ()]
