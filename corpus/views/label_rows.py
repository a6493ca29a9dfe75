"""The rows of the label page: what each shows, with what they share rendered once."""

from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string

from corpus.models import LabelDecision, Sentence, StyleLabel
from corpus.views.queues import hidden, suggested


def label_rows(person: Any, pks: list[int], styles: list[StyleLabel]) -> list[dict[str, Any]]:
    """Read the sentences by key, so that pages further on cost no more, and keep their order."""
    whole: Any = Sentence.objects.shown_to(person)
    found = whole.in_bulk(pks)
    sentences = [found[pk] for pk in pks if pk in found]
    unseen = {sentence.pk for sentence in sentences if hidden(sentence, person)}
    decisions = LabelDecision.objects.select_related("person").in_bulk(
        [s.decision_pk for s in sentences if s.decision_pk and s.pk not in unseen]
    )
    shared = _Shared.of(styles)
    return [
        _row(sentence, decisions.get(sentence.decision_pk), person, shared)
        | {"hidden": sentence.pk in unseen}
        | shared.parts(None if sentence.pk in unseen else _label(sentence, styles))
        for sentence in sentences
    ]


def _label(sentence: Any, styles: list[StyleLabel]) -> str | None:
    """Return the label's key; of a dispute the person's own vote, the others chose differently."""
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


@dataclass(frozen=True)
class _Shared:
    """The parts that many rows have alike, by the key of a style."""

    styles: dict[str | None, StyleLabel]
    chips: dict[str, str]
    shapes: dict[str | None, str]
    options: dict[str | None, str]

    @classmethod
    def of(cls, styles: list[StyleLabel]) -> "_Shared":
        keys = (None, *(style.key for style in styles))
        return cls(
            {style.key: style for style in styles},
            {s.key: render_to_string("components/style_chip.html", {"style": s}) for s in styles},
            {s.key: render_to_string("components/shape.html", {"shape": s.shape}) for s in styles},
            {
                key: render_to_string(
                    "corpus/_style_options.html", {"styles": styles, "label": key}
                )
                for key in keys
            },
        )

    def parts(self, label: str | None) -> dict[str, Any]:
        return {
            "label": label,
            "style": self.styles.get(label),
            "shape": self.shapes.get(label, ""),
            "options": self.options[label],
        }
