"""Rows of the label table: what one person may see of each sentence, its controls and flags."""

from dataclasses import dataclass, field
from typing import Any

from django.template.loader import render_to_string

from corpus.models import LabelDecision, Sentence, StyleLabel
from corpus.services.flags import flags_open
from corpus.views.queues import hidden, suggested


def label_rows(person: Any, pks: list[int], styles: list[StyleLabel]) -> list[dict[str, Any]]:
    """Build rows in the order of `pks`; fetching by key keeps later pages as cheap as the first."""
    shown: Any = Sentence.objects.shown_to(person)
    found = shown.in_bulk(pks)
    sentences = [found[pk] for pk in pks if pk in found]
    unseen = {sentence.pk for sentence in sentences if hidden(sentence, person)}
    decisions = LabelDecision.objects.select_related("person").in_bulk(
        [s.decision_pk for s in sentences if s.decision_pk and s.pk not in unseen]
    )
    flags = flags_open([sentence.pk for sentence in sentences])
    shared = _Shared(styles)
    rows = []
    for sentence in sentences:
        label = None if sentence.pk in unseen else _label(sentence, styles)
        row = _row(sentence, decisions.get(sentence.decision_pk), person, shared)
        row |= {"hidden": sentence.pk in unseen, "flags": flags.get(sentence.pk, ())}
        rows.append(row | shared.parts(label, row["suggestion"]))
    return rows


def _label(sentence: Any, styles: list[StyleLabel]) -> str | None:
    """Return the label's key; in a dispute, that of the person's own vote."""
    if not _differs(sentence):
        return str(sentence.label_key) if sentence.label_key else None
    return next(style.key for style in styles if style.pk == sentence.vote)


def _row(
    sentence: Any, decision: LabelDecision | None, person: Any, shared: "_Shared"
) -> dict[str, Any]:
    suggestion, reason = suggested(sentence)
    mine = decision is not None and decision.person_id == person.pk and decision.style_id
    return {
        "sentence": sentence,
        "decision": decision,
        "who": decision and (decision.person.get_full_name() or decision.person.username),
        "suggestion": suggestion,
        "chip": shared.chips.get(suggestion, suggestion),
        "reason": reason,
        "settled": sentence.standing == Sentence.Standing.SETTLED,
        "disputed": sentence.standing == Sentence.Standing.DISPUTED,
        "can_undo": mine or _differs(sentence),
    }


def _differs(sentence: Any) -> bool:
    return bool(sentence.standing == Sentence.Standing.DISPUTED and sentence.vote)


@dataclass
class _Shared:
    """Rendered fragments shared by many rows."""

    styles: list[StyleLabel]
    chips: dict[str, str] = field(init=False)
    _choices: dict[tuple[str | None, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chips = {
            style.key: render_to_string("components/style_chip.html", {"style": style})
            for style in self.styles
        }

    def parts(self, label: str | None, suggestion: str) -> dict[str, Any]:
        if (label, suggestion) not in self._choices:
            context = {"styles": self.styles, "label": label, "suggestion": suggestion}
            html = render_to_string("corpus/_style_choices.html", context)
            self._choices[label, suggestion] = html
        return {"label": label, "choices": self._choices[label, suggestion]}
