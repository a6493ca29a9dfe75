"""Resolve the decisions on one sentence to its label, its standing and its vote count."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

OPEN, LABELLED, DISPUTED, SETTLED = "open", "labelled", "disputed", "settled"
UNDO, DISPUTE = "undo", "dispute"


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


def counted(decisions: list[Said]) -> list[Said]:
    """Return the decisions of which every person has one vote; none if the last decision wins.

    They are all of them if any was blind. If somebody disputed a label instead of replacing it,
    they are all of whose choice was disputed, since an undo may bring an earlier one back, and
    everybody's since.
    """
    if any(said.blind for said in decisions):
        return decisions
    first = next((n for n, said in enumerate(decisions) if said.source == DISPUTE), None)
    if first is None:
        return []
    disputed = {said.person for said in standing(decisions[:first])[-1:]}
    return [said for said in decisions[:first] if said.person in disputed] + decisions[first:]


def standing(decisions: list[Any]) -> list[Any]:
    """Return the decisions that were not undone; each undo takes back the latest left."""
    kept: list[Any] = []
    for said in decisions:
        if said.source != UNDO:
            kept.append(said)
        elif kept:
            kept.pop()
    return kept


def outcome(decisions: list[Said], adjudicated: int | None = None) -> Outcome:
    """Derive label, standing and votes from the decisions, oldest first.

    An adjudication settles the label. If any decision was blind or is a dispute, every person has
    one vote and the label must be unanimous. Otherwise the last decision wins: its author saw the
    previous one and chose to replace it.
    """
    votes = len(tops(decisions))
    if adjudicated is not None:
        return Outcome(adjudicated, SETTLED, votes)
    if each := counted(decisions):
        styles = {said.style for said in tops(each).values()}
        if len(styles) > 1:
            return Outcome(None, DISPUTED, votes)
        label = styles.pop() if styles else None
    else:
        label = decisions[-1].style if decisions else None
    return Outcome(label, LABELLED if label else OPEN, votes)
