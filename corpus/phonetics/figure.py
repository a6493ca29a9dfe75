"""Draw the phoneme frequencies of several sets of texts against the reference."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from corpus.phonetics.balance import Balance
from corpus.phonetics.reference import REFERENCE


def draw(sets: Mapping[str, Balance], path: Path) -> None:
    """Write a figure: the reference as bars, every set of texts as points.

    Parameters
    ----------
    sets : mapping of str to Balance
        By name; the name and the distance to the reference stand in the key.
    path : Path
        `.svg` or `.png`.

    Raises
    ------
    ValueError
        When matplotlib does not know the file's ending.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 5.5), layout="constrained")
    axes = figure.subplots()
    order = list(REFERENCE)
    axes.bar(order, [100 * REFERENCE[p] for p in order], color="0.85", label="reference")
    markers = "osD^vPX<>*hd"
    for n, (name, found) in enumerate(sets.items()):
        label = f"{name} (distance {found.distance:.3f})"
        heights = [100 * found.shares[p] for p in order]
        axes.plot(order, heights, markers[n % len(markers)], ms=5, alpha=0.75, label=label)
    axes.set_ylabel("share of the phonemes, %")
    axes.set_xlabel("phoneme (American Spanish: θ counted as s, ʎ as ʝ)")
    axes.legend(fontsize="small", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
