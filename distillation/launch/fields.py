"""Form fields of the launch form that Django does not have."""

from typing import Any

from django import forms

DIGITS = 18  # of the number of a row


class TakeChoice(forms.ModelMultipleChoiceField):
    def clean(self, value: Any) -> Any:
        for pk in value or ():
            if len(str(pk)) > DIGITS:  # SQLite refuses a longer number with OverflowError
                raise forms.ValidationError(self.error_messages["invalid_pk_value"] % {"pk": pk})
        return super().clean(value)

    def label_from_instance(self, obj: Any) -> str:
        place = f"{obj.style.key} · {obj.speaker.name} · {obj.sentence.sentence_id} · {obj.take}"
        return f"{place} · {obj.sentence.text}"


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several audio files; the cleaned data is a list, empty if nothing was uploaded."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        return [super(FilesField, self).clean(one, initial) for one in data or ()]
