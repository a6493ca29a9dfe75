"""What is done to the corpus: labels, takes, consent. Views and tasks call these, nothing else."""

from corpus.services.labels import (
    UNSEEN,
    LabelConflict,
    decisions_standing,
    label_set,
    label_undo,
)

__all__ = ["UNSEEN", "LabelConflict", "decisions_standing", "label_set", "label_undo"]
