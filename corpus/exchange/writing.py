"""Write the exchange format piece by piece."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict

from corpus.exchange.items import ExchangeItem


def dump(items: Iterable[ExchangeItem]) -> Iterator[str]:
    """Write items as a JSON array, one object a line, exactly the format's keys.

    Parameters
    ----------
    items : iterable of ExchangeItem
        Read once, never all held.

    Yields
    ------
    str
        Pieces of the JSON text; `style_label` and `recording` are null where there is none.
    """
    before = "[\n"
    for item in items:
        found = asdict(item)
        del found["line"]
        yield before + json.dumps(found, ensure_ascii=False, allow_nan=False)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"
