"""How often each phoneme occurs in Spanish, from a published count."""

from __future__ import annotations

SOURCE = (
    "Guirao, M. & García Jurado, M. A. (1990). Frequency of occurrence of phonemes in American "
    "Spanish. Revue québécoise de linguistique 19(2), 135-149 (163 861 phonemes, five plays)"
)
"""Where the figures come from.

The percentages were transcribed from a secondary copy (the table in the Spanish encyclopaedia
article "Fonema", where the rows of the tap and the trill are exchanged) and agree with what the
paper's own abstract says: the first seven, /e a o s n r i/, make 67.5 %; all 22 make 100.01 %.
"""

_PERCENT = {
    **{"e": 14.99, "a": 13.27, "o": 10.75, "s": 9.39, "n": 7.14, "i": 6.59, "ɾ": 5.40, "t": 4.48},
    **{"k": 4.31, "d": 4.00, "l": 3.88, "m": 3.17, "b": 3.08, "u": 2.79, "p": 2.68, "ɡ": 1.11},
    **{"ʝ": 0.72, "x": 0.70, "f": 0.53, "tʃ": 0.40, "r": 0.39, "ɲ": 0.24},
}

REFERENCE: dict[str, float] = {
    phoneme: value / sum(_PERCENT.values()) for phoneme, value in _PERCENT.items()
}
"""Share of each of the 22 phonemes of American Spanish (seseo, yeísmo); sums to 1."""
