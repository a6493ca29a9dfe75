"""The JSON exchange format: parse with every error at once, write streamed."""

from corpus.exchange.fields import KINDS
from corpus.exchange.items import ExchangeItem, ExchangeProsody, ExchangeRecording, dump
from corpus.exchange.located import REASONS
from corpus.exchange.parsing import ExchangeError, ExchangeErrors, parse

PHRASES = frozenset({*KINDS.values(), *REASONS})
"""English words that stand in a fault's parameters, to be translated like its message."""

__all__ = [
    "PHRASES",
    "ExchangeError",
    "ExchangeErrors",
    "ExchangeItem",
    "ExchangeProsody",
    "ExchangeRecording",
    "dump",
    "parse",
]
