"""Phoneme frequencies of texts, their distance to a reference, and a chart of both."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape

from corpus.phonetics.g2p import INVENTORY, MERGERS, phonemes
from corpus.phonetics.reference import REFERENCE

WIDTH, HEIGHT, _BASE, _TOP = 720, 220, 196, 12


@dataclass(frozen=True)
class Balance:
    """Phoneme balance of a set of texts.

    Attributes
    ----------
    total : int
        Number of phonemes.
    counts : dict of str to int
        Occurrences of each phoneme of `INVENTORY` (Castilian, 24), including zeros.
    shares : dict of str to float
        Shares, 0-1, of the reference's phonemes, with its mergers applied; they sum to 1.
    missing : tuple of str
        Phonemes of `INVENTORY` that never occur.
    divergence : float
        Jensen-Shannon divergence to the reference, base 2, 0-1.
    """

    total: int
    counts: dict[str, int]
    shares: dict[str, float]
    missing: tuple[str, ...]
    divergence: float

    @property
    def distance(self) -> float:
        """Jensen-Shannon distance: the square root of the divergence, a metric, 0-1."""
        return math.sqrt(self.divergence)


def balance(texts: Iterable[str], *, reference: Mapping[str, float] = REFERENCE) -> Balance:
    """Count the phonemes of texts and compare them with a reference.

    Parameters
    ----------
    texts : iterable of str
        Spanish sentences.
    reference : mapping of str to float, optional
        Shares by phoneme, summing to 1. Phonemes it lacks are merged as American Spanish does
        (/θ/ into /s/, /ʎ/ into /ʝ/) before comparing.

    Raises
    ------
    ValueError
        If the texts contain no phoneme.
    """
    found = Counter(phoneme for text in texts for phoneme in phonemes(text))
    total = sum(found.values())
    if not total:
        raise ValueError("no Spanish words to count: give at least one sentence")
    shares = dict.fromkeys(reference, 0.0)
    for phoneme, count in found.items():
        shares[phoneme if phoneme in reference else MERGERS[phoneme]] += count / total
    return Balance(
        total=total,
        counts={phoneme: found[phoneme] for phoneme in INVENTORY},
        shares=shares,
        missing=tuple(phoneme for phoneme in INVENTORY if not found[phoneme]),
        divergence=divergence(shares, reference),
    )


def divergence(p: Mapping[str, float], q: Mapping[str, float]) -> float:
    """Jensen-Shannon divergence of two distributions, base 2.

    Parameters
    ----------
    p, q : mapping of str to float
        Shares, each summing to 1; missing keys count as 0.

    Returns
    -------
    float
        0 (equal) to 1 (nothing in common).

    References
    ----------
    Lin, J. (1991). Divergence measures based on the Shannon entropy. IEEE Transactions on
    Information Theory 37(1), 145-151.
    """
    middle = {key: (p.get(key, 0.0) + q.get(key, 0.0)) / 2 for key in {*p, *q}}
    return max(0.0, (_relative(p, middle) + _relative(q, middle)) / 2)


def _relative(p: Mapping[str, float], q: Mapping[str, float]) -> float:
    return math.fsum(share * math.log2(share / q[key]) for key, share in p.items() if share > 0)


def coverage_svg(before: Balance | None, after: Balance, *, title: str) -> str:
    """Draw for each phoneme the reference as a bar, and the shares before and after as marks.

    Parameters
    ----------
    before, after : Balance
        Of the corpus without and with the new list; `before` is None for an empty corpus.
    title : str
        Accessible name, escaped here.

    Returns
    -------
    str
        An SVG; the page's CSS sets the colours: classes `cover-reference`, `cover-before` and
        `cover-after`.
    """
    most = max(*REFERENCE.values(), *after.shares.values(), *_shares(before).values())
    step = WIDTH / len(REFERENCE)
    parts = [
        _column(phoneme, number * step, step, most, _shares(before).get(phoneme), after)
        for number, phoneme in enumerate(REFERENCE)
    ]
    return (
        f'<svg class="coverage" role="img" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )


def _shares(found: Balance | None) -> dict[str, float]:
    return found.shares if found else {}


def _column(
    phoneme: str, x: float, step: float, most: float, before: float | None, after: Balance
) -> str:
    def y(share: float) -> float:
        return _BASE - (_BASE - _TOP) * share / most

    middle, top = x + step / 2, y(REFERENCE[phoneme])
    bar = (
        f'<rect class="cover-reference" x="{x + 4:.1f}" y="{top:.1f}" '
        f'width="{step - 8:.1f}" height="{_BASE - top:.1f}"/>'
    )
    old = (
        f'<circle class="cover-before" cx="{middle - 5:.1f}" cy="{y(before):.1f}" r="4"/>'
        if before is not None
        else ""
    )
    at = y(after.shares[phoneme])
    new = f'<path class="cover-after" d="M{middle + 5:.1f},{at - 5:.1f}l5,9h-10z"/>'
    name = f'<text x="{middle:.1f}" y="{HEIGHT - 6}" text-anchor="middle">{escape(phoneme)}</text>'
    return bar + old + new + name
