"""A style in the administration: a colour and shape to choose, a profile that can be measured."""

import math
from typing import Any

from django import forms
from django.db.models import Max
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from corpus.audio.profile import STYLE_PARTS
from corpus.models import StyleLabel

COLOURS = {
    "style-1": pgettext_lazy("colour", "slate"),
    "style-2": pgettext_lazy("colour", "orange"),
    "style-3": pgettext_lazy("colour", "violet"),
    "style-4": pgettext_lazy("colour", "teal"),
    "style-5": pgettext_lazy("colour", "pink"),
}
OWN = {  # the tokens of the first four styles, by their keys
    "style-neutral": "style-1",
    "style-amable": "style-2",
    "style-empatico": "style-3",
    "style-profesional": "style-4",
}


class StyleForm(forms.ModelForm):
    colour = forms.ChoiceField(label=_("colour"), choices=list(COLOURS.items()))

    class Meta:
        model = StyleLabel
        fields = (
            "key", "name", "description", "guide", "instruction", "f5_speed", "profile",
            "colour", "shape", "position",
        )  # fmt: skip
        help_texts = {
            "key": _("Stands in file names, like shcc-01_amable.wav: short, without accents."),
            "profile": format_lazy(
                _("Bands [lowest, highest] of {measures}; an empty object expects nothing."),
                measures=", ".join(STYLE_PARTS),
            ),
            "position": _("The order on every page, and the number of its key."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "colour" in self.initial:
            self.initial["colour"] = OWN.get(self.initial["colour"], self.initial["colour"])

    def clean_profile(self) -> dict[str, Any]:
        profile = self.cleaned_data["profile"]
        if not isinstance(profile, dict):
            raise forms.ValidationError(_("An object of bands is wanted, like {}."))
        for key, band in profile.items():
            if key not in STYLE_PARTS:
                message = _("“%(key)s” is no measure; there are %(known)s.")
                params = {"key": key, "known": ", ".join(STYLE_PARTS)}
                raise forms.ValidationError(message, params=params)
            if not _is_band(band):
                message = _("%(key)s: [lowest, highest] is wanted, two numbers.")
                raise forms.ValidationError(message, params={"key": key})
        return profile


def style_initial() -> dict[str, Any]:
    """Propose for a new style what no other has: the next place, a free colour and shape."""
    styles = StyleLabel.objects.values_list("colour", "shape")
    used = {OWN.get(colour, colour) for colour, _shape in styles}
    shapes = {shape for _colour, shape in styles}
    last = StyleLabel.objects.aggregate(last=Max("position"))["last"]
    return {
        "position": 0 if last is None else last + 1,
        "colour": next((colour for colour in COLOURS if colour not in used), "style-1"),
        "shape": next((x for x in StyleLabel.Shape.values if x not in shapes), "circle"),
    }


def _is_band(band: Any) -> bool:
    if not isinstance(band, list) or len(band) != 2:
        return False
    numbers = all(isinstance(x, int | float) and not isinstance(x, bool) for x in band)
    return numbers and all(map(math.isfinite, band)) and band[0] <= band[1]
