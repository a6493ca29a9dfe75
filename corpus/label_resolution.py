"""What the decisions on one sentence amount to: its label, its votes, a dispute."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

OPEN, LABELLED, DISPUTED, SETTLED = "open", "labelled", "disputed", "settled"
UNDO = "undo"


class Said(NamedTuple):
    """One decision: whose, which style (an id; None after taking back), how it came, unseen."""

    person: int
    style: int | None
    source: str
    blind: bool


class Outcome(NamedTuple):
    label: int | None
    standing: str
    votes: int


def tops(decisions: Iterable[Said]) -> dict[int, Said]:
    """Return each person's last decision that the person did not take back."""
    stacks: dict[int, list[Said]] = defaultdict(list)
    for said in decisions:
        if said.source != UNDO:
            stacks[said.person].append(said)
        elif stacks[said.person]:
            stacks[said.person].pop()
    return {person: stack[-1] for person, stack in stacks.items() if stack}


def outcome(decisions: list[Said], adjudicated: int | None = None) -> Outcome:
    """Derive label and standing, oldest decision first.

    An adjudication settles it. Where somebody decided without seeing the others, everybody has
    one vote and only a label that all voters share counts. Elsewhere the last decision counts:
    whoever made it saw the one before.
    """
    votes = tops(decisions)
    if adjudicated is not None:
        return Outcome(adjudicated, SETTLED, len(votes))
    if any(said.blind for said in decisions):
        styles = {said.style for said in votes.values()}
        if len(styles) > 1:
            return Outcome(None, DISPUTED, len(votes))
        label = styles.pop() if styles else None
    else:
        label = decisions[-1].style if decisions else None
    return Outcome(label, LABELLED if label else OPEN, len(votes))
