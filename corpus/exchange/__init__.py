"""The JSON exchange format: parsing that reports all errors at once, streaming output."""

from corpus.exchange.fields import KINDS
from corpus.exchange.items import ExchangeItem, ExchangeProsody, ExchangeRecording, dump
from corpus.exchange.located import REASONS
from corpus.exchange.parsing import ExchangeError, ExchangeErrors, parse

PHRASES = frozenset({*KINDS.values(), *REASONS})
"""English phrases used as error parameters, to be translated like the message."""

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
