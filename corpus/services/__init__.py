"""What is done to the corpus: labels, takes, consent. Views and tasks call these, nothing else."""

from corpus.services.batches import suggestions_accept, suggestions_count, suggestions_undo
from corpus.services.labels import (
    UNSEEN,
    LabelConflict,
    decisions_standing,
    label_adjudicate,
    label_set,
    label_undo,
    label_undo_last,
)
from corpus.services.speakers import consent_give, consent_withdraw, speaker_of
from corpus.services.takes import (
    ConsentMissing,
    TakeIdTaken,
    consent_require,
    take_measure,
    take_store,
)
from corpus.services.verdicts import (
    VerdictConflict,
    take_judge,
    verdict_last,
    verdict_newest,
    verdict_undo,
)

__all__ = [
    "UNSEEN",
    "ConsentMissing",
    "LabelConflict",
    "TakeIdTaken",
    "VerdictConflict",
    "consent_give",
    "consent_require",
    "consent_withdraw",
    "decisions_standing",
    "label_adjudicate",
    "label_set",
    "label_undo",
    "label_undo_last",
    "speaker_of",
    "suggestions_accept",
    "suggestions_count",
    "suggestions_undo",
    "take_judge",
    "take_measure",
    "take_store",
    "verdict_last",
    "verdict_newest",
    "verdict_undo",
]
