"""Spanish text as phonemes and syllables, and the phoneme balance of a set of texts."""

from corpus.phonetics.balance import Balance, balance, divergence
from corpus.phonetics.g2p import INVENTORY, MERGERS, phonemes, syllables
from corpus.phonetics.reference import REFERENCE, SOURCE

__all__ = [
    "INVENTORY",
    "MERGERS",
    "REFERENCE",
    "SOURCE",
    "Balance",
    "balance",
    "divergence",
    "phonemes",
    "syllables",
]
