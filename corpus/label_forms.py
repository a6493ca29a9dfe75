"""Forms of the label pages: the filter, a label, a selection, a flag, an adjudication."""

import re
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from corpus.forms import StyleFilter
from corpus.models import Category, LabelDecision, Sentence, StyleLabel
from corpus.services.label_batches import Pick
from corpus.services.labels import MAKE_DISPUTE, REPLACE

PICK = r"[-\w]{1,50}:[0-9]{0,18}"  # the id of a sentence, the newest decision its row showed


class PersonChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return obj.get_full_name() or obj.get_username()


def _lists() -> list[tuple[str, Any]]:
    names = Sentence.objects.order_by("list").values_list("list", flat=True).distinct()
    return [("", _("All")), *((name, name) for name in names)]


class LabelFilter(StyleFilter):
    """The filter of the label page; invalid query parameters filter nothing."""

    category = forms.ModelChoiceField(
        Category.objects, to_field_name="key", required=False, label=_("Category"),
        empty_label=_("All"),
    )  # fmt: skip
    field_order = ("category", "list", "style", "state", "person", "sort", "q")
    list = forms.ChoiceField(required=False, label=_("List"), choices=_lists)
    state = forms.ChoiceField(
        required=False,
        label=_("State"),
        choices=[
            ("", _("All")),
            ("open", _("without a style")),
            ("todo", _("waiting for me")),
            ("done", _("labelled")),
            ("mine", _("labelled by me")),
            ("disputed", _("disputed")),
            ("settled", _("adjudicated")),
            ("flagged", _("flagged")),
            ("archived", _("replaced by another")),
        ],
    )
    person = PersonChoice(
        get_user_model().objects.filter(
            Exists(LabelDecision.objects.filter(person=OuterRef("pk")))
        ),
        required=False,
        label=_("Labeler"),
        empty_label=_("All"),
    )
    sort = forms.ChoiceField(
        required=False,
        label=_("Order"),
        choices=[
            ("", _("as in the corpus")),
            ("recent", _("latest decision first")),
            ("category", _("by category")),
            ("style", _("by style")),
            ("id", _("by id")),
            ("text", _("by text")),
        ],
    )
    q = forms.CharField(
        required=False,
        max_length=100,
        label=_("Search"),
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("text or id")}),
    )

    def narrows(self) -> bool:
        """Return whether any filter is set."""
        return self.is_valid() and any(
            self.cleaned_data[name] for name in self.fields.keys() - {"sort"}
        )


class LabelForm(forms.Form):
    style = forms.ModelChoiceField(StyleLabel.objects, to_field_name="key", required=False)
    accept = forms.ModelChoiceField(StyleLabel.objects, to_field_name="key", required=False)
    seen = forms.IntegerField(required=False)
    instead = forms.ChoiceField(
        required=False, choices=[("", ""), (REPLACE, REPLACE), (MAKE_DISPUTE, MAKE_DISPUTE)]
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not (data.get("accept") or data.get("style")) and not self.errors:
            raise forms.ValidationError(_("Choose a style."))
        return data


class SelectionForm(forms.Form):
    """A style for the selected rows; `pick` holds ids of sentences and of decisions shown."""

    style = forms.ModelChoiceField(
        StyleLabel.objects,
        to_field_name="key",
        error_messages={"required": _("Choose a style.")},
    )
    pick = forms.MultipleChoiceField(error_messages={"required": _("Select some rows first.")})

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        field: Any = self.fields["pick"]
        field.choices = [(pick, pick) for pick in data.getlist("pick") if re.fullmatch(PICK, pick)]

    def clean_pick(self) -> list[Pick]:
        pairs = [pick.split(":") for pick in self.cleaned_data["pick"]]
        return [Pick(key, int(seen) if seen else None) for key, seen in pairs]


class FlagForm(forms.Form):
    comment = forms.CharField(
        max_length=500,
        error_messages={"required": _("Say what is wrong with this sentence.")},
    )


class AdjudicationForm(forms.Form):
    style = forms.ModelChoiceField(
        StyleLabel.objects,
        to_field_name="key",
        error_messages={"required": _("Choose a style.")},
    )
    reason = forms.CharField(
        max_length=500, error_messages={"required": _("Say why, for those who differed.")}
    )
