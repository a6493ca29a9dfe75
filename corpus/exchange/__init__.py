"""The JSON exchange format: parse with every error at once, write streamed."""

from corpus.exchange.items import ExchangeItem, ExchangeProsody, ExchangeRecording
from corpus.exchange.parsing import ExchangeError, ExchangeErrors, parse
from corpus.exchange.writing import dump

__all__ = [
    "ExchangeError",
    "ExchangeErrors",
    "ExchangeItem",
    "ExchangeProsody",
    "ExchangeRecording",
    "dump",
    "parse",
]
