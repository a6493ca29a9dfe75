"""The rows of the corpus, where Django looks for them; the functions are named in migrations."""

from corpus.models.sentences import (
    Adjudication,
    AgreementReport,
    Category,
    LabelDecision,
    Sentence,
    SentenceFlag,
    StyleLabel,
)
from corpus.models.takes import (
    ConsentChange,
    ProsodyScore,
    QualityThreshold,
    Recording,
    Speaker,
    TakeVerdict,
    _original_name,
    _wav_name,
)
from corpus.sentence_text import DrawField, draw

__all__ = [
    "Adjudication",
    "AgreementReport",
    "Category",
    "ConsentChange",
    "DrawField",
    "LabelDecision",
    "ProsodyScore",
    "QualityThreshold",
    "Recording",
    "Sentence",
    "SentenceFlag",
    "Speaker",
    "StyleLabel",
    "TakeVerdict",
    "_original_name",
    "_wav_name",
    "draw",
]
