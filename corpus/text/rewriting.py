"""Rewriting rules: patterns and what replaces them, applied in their order."""

from __future__ import annotations

import re
from collections.abc import Callable

Replacement = str | Callable[[re.Match[str]], str]
Rules = tuple[tuple[re.Pattern[str], Replacement], ...]


def compile_rules(*rules: tuple[str, Replacement]) -> Rules:
    """Return rules for `rewrite`: a pattern and, as of `re.sub`, what replaces it."""
    return tuple((re.compile(pattern), replacement) for pattern, replacement in rules)


def rewrite(text: str, rules: Rules) -> str:
    """Return the text after every rule, the first one first."""
    for pattern, replacement in rules:
        text = pattern.sub(replacement, text)
    return text
