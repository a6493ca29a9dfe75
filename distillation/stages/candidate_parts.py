"""The tasks that candidates are divided into for several workers, and their evaluations joined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from distillation.stages.evaluation import Evaluation, Evaluator, Task


class CandidateParts:
    """Numbers the parts of a search's candidates.

    Every copy of a search that begins from one checkpoint numbers them alike: from the number of
    the checkpoint's next candidate on.
    """

    def __init__(self, evaluator: Evaluator, first: int) -> None:
        self._evaluator = evaluator
        self._next = first

    def of(self, batch: Sequence[Task]) -> list[Task]:
        """Return the tasks of a batch that different workers may do."""
        parts = (part for task in batch for part in self._evaluator.parts(task))
        return [replace(part, number=n) for n, part in enumerate(parts, self._next)]

    def joined(
        self, batch: Sequence[Task], evaluations: Iterator[Evaluation]
    ) -> Iterator[Evaluation]:
        """Yield the evaluation of each candidate of the batch once all its parts are there."""
        for task in batch:
            count = len(self._evaluator.parts(task))
            parts = list(islice(evaluations, count))
            if len(parts) < count:
                return
            self._next += count
            yield self._evaluator.whole(task, parts)
