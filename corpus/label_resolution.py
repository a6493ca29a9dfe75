"""Resolve the decisions on one sentence to its label, its standing and its vote count."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

OPEN, LABELLED, DISPUTED, SETTLED = "open", "labelled", "disputed", "settled"
UNDO = "undo"


class Said(NamedTuple):
    """One decision.

    `person` and `style` are ids, `style` None after an undo; `blind`: made without seeing the
    others' decisions.
    """

    person: int
    style: int | None
    source: str
    blind: bool


class Outcome(NamedTuple):
    label: int | None
    standing: str
    votes: int


def tops(decisions: Iterable[Said]) -> dict[int, Said]:
    """Return each person's last decision that was not undone."""
    stacks: dict[int, list[Said]] = defaultdict(list)
    for said in decisions:
        if said.source != UNDO:
            stacks[said.person].append(said)
        elif stacks[said.person]:
            stacks[said.person].pop()
    return {person: stack[-1] for person, stack in stacks.items() if stack}


def outcome(decisions: list[Said], adjudicated: int | None = None) -> Outcome:
    """Derive label, standing and votes from the decisions, oldest first.

    An adjudication settles the label. If any decision was blind, every person has one vote and the
    label must be unanimous. Otherwise the last decision wins: its author saw the previous one.
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
