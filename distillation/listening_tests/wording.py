"""The words of questions, answers, and reasons to exclude a listener."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from distillation.listening_tests.scales import SCALES, Kind

QUESTIONS: dict[Kind, Any] = {
    Kind.PREFERENCE: _("Which of the two sounds better?"),
    Kind.ABX: _("Which of the two is nearer to the voice of X?"),
    Kind.CMOS: _("How does B sound compared with A?"),
    Kind.MOS: _("How good does this voice sound?"),
}
ANSWERS: dict[Kind, tuple[Any, ...]] = {
    Kind.PREFERENCE: (_("A is better"), _("No difference"), _("B is better")),
    Kind.ABX: (_("A is nearer to X"), _("B is nearer to X")),
    Kind.CMOS: (
        _("B is much worse"),
        _("B is worse"),
        _("B is slightly worse"),
        _("About the same"),
        _("B is slightly better"),
        _("B is better"),
        _("B is much better"),
    ),
    Kind.MOS: (
        pgettext_lazy("rating", "Bad"),
        pgettext_lazy("rating", "Poor"),
        pgettext_lazy("rating", "Fair"),
        pgettext_lazy("rating", "Good"),
        pgettext_lazy("rating", "Excellent"),
    ),
}
EXPLAINED: dict[Kind, Any] = {
    Kind.PREFERENCE: _("Two voices say the same sentence; listeners choose the better one."),
    Kind.ABX: _("Listeners hear the target X and choose which of two voices is nearer to it."),
    Kind.CMOS: _("Like the preference, with seven steps: also how much better."),
    Kind.MOS: _("Each voice alone, from bad to excellent: for voices of very different quality."),
}
EFFECTS: dict[Kind, Any] = {
    Kind.PREFERENCE: _("Share of votes for the first voice"),
    Kind.ABX: _("Share of votes that the first voice is nearer to the target"),
    Kind.CMOS: _("Points the first voice is better, −3 to +3"),
    Kind.MOS: _("Points the first voice is better, ratings from 1 to 5"),
}
REASONS: dict[str, Any] = {
    "traps": _("failed two traps or more"),
    "repeats": _("failed a trap and answered repeats differently"),
    "same_answer": _("gave the same answer nearly always"),
}


def answers(kind: Kind) -> list[tuple[int, int, Any]]:
    """Return key, value and words of each answer."""
    both = zip(SCALES[kind].answers, ANSWERS[kind], strict=True)
    return [(key, value, words) for key, (value, words) in enumerate(both, start=1)]


def kinds() -> list[tuple[str, Any]]:
    """Return each kind with its explanation."""
    return [(kind.value, words) for kind, words in EXPLAINED.items()]
