"""Forms: takes, verdicts, imports and exports, styles; those of labels are label_forms.py."""

import math
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import Max
from django.template.defaultfilters import filesizeformat
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from corpus.audio.profile import STYLE_PARTS
from corpus.lists import MAX_BYTES as LIST_BYTES
from corpus.models import Category, Recording, Sentence, Speaker, StyleLabel

COLOURS = {
    "style-1": pgettext_lazy("colour", "slate"),
    "style-2": pgettext_lazy("colour", "orange"),
    "style-3": pgettext_lazy("colour", "violet"),
    "style-4": pgettext_lazy("colour", "teal"),
    "style-5": pgettext_lazy("colour", "pink"),
}
OWN = {  # colour tokens of the four original styles
    "style-neutral": "style-1",
    "style-amable": "style-2",
    "style-empatico": "style-3",
    "style-profesional": "style-4",
}


class StyleFilter(forms.Form):
    """A filter by style; the choices are queried once per form."""

    style = forms.ChoiceField(required=False, label=_("Style"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["style"]
        choice.choices = [("", _("All")), *StyleLabel.objects.values_list("key", "name")]


class TakeFilter(StyleFilter):
    state = forms.ChoiceField(
        required=False, label=_("State"), choices=[("", _("All")), *Recording.State.choices]
    )
    speaker = forms.ModelChoiceField(
        Speaker.objects, required=False, label=_("Speaker"), empty_label=_("All")
    )
    q = forms.CharField(
        required=False,
        max_length=100,
        label=_("Search"),
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("text or id")}),
    )


class TakeForm(forms.Form):
    sentence = forms.ModelChoiceField(
        Sentence.objects,
        to_field_name="sentence_id",
        label=_("Sentence"),
        empty_label=None,
        help_text=_("Type words of it or its id, then choose it from the list."),
        error_messages={"invalid_choice": _("There is no sentence of this id. Choose one.")},
        widget=forms.TextInput(
            attrs={"list": "sentences-found", "autocomplete": "off", "placeholder": _("text or id")}
        ),
    )
    style = forms.ModelChoiceField(
        StyleLabel.objects, to_field_name="key", label=_("Style"), empty_label=None
    )
    file = forms.FileField(
        label=_("Sound file"),
        help_text=_("WAV, FLAC, OGG, MP3, WebM or M4A; one sentence, up to half a minute."),
        widget=forms.FileInput(attrs={"accept": "audio/*,video/webm,.wav,.flac,.ogg,.mp3,.webm"}),
        error_messages={
            "required": _("Choose a sound file."),
            "empty": _("The file is empty. Record or choose it again."),
        },
    )

    def __init__(self, *args: Any, too_large: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].widget.attrs["data-max-bytes"] = settings.MAX_UPLOAD_BYTES
        self.fields["file"].widget.attrs["data-too-large"] = self.too_large_message()
        if too_large:
            self.fields["file"].error_messages["required"] = self.too_large_message()

    @staticmethod
    def too_large_message() -> str:
        return _("The file is larger than %(limit)s. Send one sentence, or FLAC or MP3.") % {
            "limit": filesizeformat(settings.MAX_UPLOAD_BYTES)
        }


class VerdictForm(forms.Form):
    state = forms.ChoiceField(
        choices=[
            (Recording.State.ACCEPTED, _("accepted")),
            (Recording.State.REJECTED, _("sent back")),
        ]
    )
    reason = forms.CharField(required=False, max_length=500, label=_("Reason"))
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("state") == Recording.State.REJECTED and not data.get("reason"):
            self.add_error("reason", _("Say what the speaker should do differently."))
        return data


class ThresholdForm(forms.Form):
    value = forms.FloatField(
        min_value=0,
        max_value=1,
        label=_("Suggest acceptance from this score on"),
        widget=forms.NumberInput(attrs={"step": "0.01"}),
    )


class ConsentForm(forms.Form):
    agree = forms.BooleanField(
        label=_("I have read this and I agree."),
        error_messages={"required": _("Tick the box to agree; without it nothing is recorded.")},
    )


class ExchangeForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        help_text=_("JSON in the exchange format, as the export writes it."),
        widget=forms.FileInput(attrs={"accept": ".json,.jsonl,application/json"}),
    )


class SentenceListForm(forms.Form):
    """A list of sentences, as a file or pasted, and its destination."""

    file = forms.FileField(
        required=False,
        label=_("File"),
        help_text=_(
            "Plain text with one sentence a line; a table (CSV, or text with tabs) with a column "
            "“text”; JSON or JSON Lines."
        ),
        widget=forms.FileInput(attrs={"accept": ".txt,.csv,.tsv,.json,.jsonl,text/plain,text/csv"}),
    )
    content = forms.CharField(
        required=False,
        strip=False,
        label=_("or paste them here"),
        widget=forms.Textarea(attrs={"rows": 4, "lang": "es"}),
    )
    category = forms.ModelChoiceField(Category.objects, to_field_name="key", label=_("Category"))
    list_name = forms.SlugField(
        label=_("List"), help_text=_("A new name or an old one: letters a-z, digits, - and _.")
    )
    scheme = forms.SlugField(
        max_length=30,
        label=_("Ids begin with"),
        help_text=_("shcc gives shcc-01, shcc-02 …, after the highest there is."),
    )
    alike = forms.BooleanField(
        required=False, label=_("also take sentences that differ from others only in accents")
    )

    def __init__(self, *args: Any, too_large: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._too_large = too_large

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        file = data.get("file")
        if self._too_large or (file and file.size > LIST_BYTES):
            limit = filesizeformat(LIST_BYTES)
            self.add_error("file", _("The file is larger than %s: split it.") % limit)
        elif not file and not (data.get("content") or "").strip():
            self.add_error("file", _("Choose a file, or paste the sentences."))
        else:
            # The preview sends the sentences it showed as a JSON array.
            pasted = "preview.json" if "store" in self.data else "pasted.txt"
            data["name"] = file.name if file else pasted
            data["content"] = file.read() if file else data["content"].encode()
        self._check_list(data)
        return data

    def _check_list(self, data: dict[str, Any]) -> None:
        """Require one category per list: the exchange format records only the list."""
        there = Category.objects.filter(sentence__list=data.get("list_name")).first()
        if there and data.get("category") and there != data["category"]:
            message = _("The list %(list)s is in the category %(category)s.")
            self.add_error("list_name", message % {"list": data["list_name"], "category": there})


class ExportForm(StyleFilter):
    """Which takes to export, and in which layout."""

    layout = forms.ChoiceField(
        label=_("Layout"),
        choices=[
            ("ljspeech", _("LJSpeech: wavs/ and metadata.csv with id|text|text in words")),
            ("audiofolder", _("Hugging Face audio folder: audio/ and metadata.jsonl by file_name")),
            (
                "exchange",
                _("Exchange format: every sentence in corpus.json, and its best take in its style"),
            ),
        ],
    )
    speaker = forms.ModelChoiceField(
        Speaker.objects, required=False, label=_("Speaker"), empty_label=_("All")
    )
    rate = forms.TypedChoiceField(
        required=False,
        label=_("Sample rate"),
        help_text=_(
            "All files get the same one; the exchange format keeps each as it was recorded."
        ),
        choices=[
            ("", _("the most common of these takes")),
            *((str(hz), f"{hz} Hz") for hz in (16_000, 22_050, 24_000, 44_100, 48_000)),
        ],
    )
    every = forms.BooleanField(
        required=False, label=_("also takes that wait for a verdict, not only accepted ones")
    )
    field_order = ("layout", "style", "speaker", "rate", "every")


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
                message = _("“%(key)s” is not a measure; the measures are %(known)s.")
                params = {"key": key, "known": ", ".join(STYLE_PARTS)}
                raise forms.ValidationError(message, params=params)
            if not _is_band(band):
                message = _("%(key)s: [lowest, highest] is wanted, two numbers.")
                raise forms.ValidationError(message, params={"key": key})
        return profile


def style_initial() -> dict[str, Any]:
    """Return initial values for a new style: the next position, an unused colour and shape."""
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
