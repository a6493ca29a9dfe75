"""What every language has in common where figures and signs become words."""

from __future__ import annotations

import re
from dataclasses import dataclass

EDGE = re.compile(r"(?<=\d)(?=[^\W\d_])|(?<=[^\W\d_])(?=\d)")  # between figure and letter
# "$5", but in "5 € 3" the sign belongs to what stands before it
SIGN_FIRST = re.compile(r"(?<!\d)(?<!\d\s)([$€£])\s?(\d[\d.,]*)\b")


@dataclass(frozen=True)
class Unit:
    """What is counted: how it may be written, and how one and several of it are called."""

    written: str
    one: str
    many: str
    feminine: bool = False
