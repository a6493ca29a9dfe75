"""Draw what a list of sentences does to the phoneme balance, as an SVG for a page."""

from __future__ import annotations

from html import escape

from corpus.phonetics.balance import Balance
from corpus.phonetics.reference import REFERENCE

WIDTH, HEIGHT, _BASE, _TOP = 720, 220, 196, 12


def coverage_svg(before: Balance | None, after: Balance, *, title: str) -> str:
    """Draw per phoneme the reference as a bar, and the share before and after as marks.

    Parameters
    ----------
    before, after : Balance
        Of the corpus without and with the list; None before the first sentence.
    title : str
        Its name for a screen reader, escaped here.

    Returns
    -------
    str
        An SVG whose colours come from the page: classes `cover-reference`, `cover-before` and
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
