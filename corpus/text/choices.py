"""What the reader of Spanish may say in more than one right way, and the setting that chooses."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args, get_type_hints

SETTING = "VOICELAB_READING"
"""Environment variable: `clock=12,dollar=peso`."""
LEXICON_SETTING = "VOICELAB_LEXICON"
"""Environment variable: a file of further words, see `corpus.text.lexicon`."""


@dataclass(frozen=True)
class Choices:
    """One value for each ambiguity; docs/text.md describes them.

    Attributes
    ----------
    decimal_sign : str
        Which sign is the decimal one where a number leaves it open: `1.500` or `1,500`.
    decimals : str
        `3,75` as `coma setenta y cinco` (up to two digits) or `coma siete cinco`.
    cents : str
        `con cincuenta` (from ten cents on) or `con cincuenta céntimos`.
    dollar : str
        What a bare `$` is: a dollar or a peso.
    clock : str
        `dieciséis treinta` or `cuatro y media de la tarde`.
    first_day : str
        `uno de mayo` or `primero de mayo`.
    day_first : str
        Whether `3/4/2026` begins with its day or its month.
    phone : str
        Telephone numbers digit by digit, or their groups as numbers.
    slash : str
        `lunes/martes` as `lunes o martes`, `lunes barra martes` or with a pause.
    feminine_thousands : str
        `veintiún mil personas` or `veintiuna mil personas`.
    percent : str
        `veintiuno por ciento` or `veintiún por ciento`.
    celsius : str
        `°C` as `grados` or `grados Celsius`.
    data : str
        `GB` as `gigas` or `gigabytes`.
    lexicon : str
        Path of a file of further words; empty for none.
    """

    decimal_sign: Literal["comma", "point"] = "comma"
    decimals: Literal["number", "digits"] = "number"
    cents: Literal["short", "full"] = "short"
    dollar: Literal["dólar", "peso"] = "dólar"
    clock: Literal["24", "12"] = "24"
    first_day: Literal["uno", "primero"] = "uno"
    day_first: Literal["yes", "no"] = "yes"
    phone: Literal["digits", "groups"] = "digits"
    slash: Literal["o", "barra", "pause"] = "o"
    feminine_thousands: Literal["veintiún", "veintiuna"] = "veintiún"
    percent: Literal["uno", "un"] = "uno"
    celsius: Literal["grados", "grados Celsius"] = "grados"
    data: Literal["gigas", "gigabytes"] = "gigas"
    lexicon: str = ""


DEFAULT = Choices()


def parse_choices(written: str, *, lexicon: str = "") -> Choices:
    """Return the choices of a setting, `name=value` separated by commas.

    Raises
    ------
    ValueError
        An unknown name or value, or a lexicon that does not exist; says which ones there are.
    """
    given: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in written.split(","))):
        name, _, value = (side.strip() for side in part.partition("="))
        given[name] = _checked(name, value)
    if lexicon and not Path(lexicon).is_file():
        raise ValueError(f"{LEXICON_SETTING}: there is no file {lexicon}.")
    return Choices(**given, lexicon=lexicon)  # type: ignore[arg-type]


@lru_cache(maxsize=1)
def configured_choices() -> Choices:
    """Return the choices of this process's environment, read once."""
    return parse_choices(
        os.environ.get(SETTING, ""), lexicon=os.environ.get(LEXICON_SETTING, "").strip()
    )


def _checked(name: str, value: str) -> str:
    allowed = _allowed()
    if name not in allowed:
        raise ValueError(f"{SETTING}: no choice {name!r}; there are {', '.join(allowed)}.")
    if value not in allowed[name]:
        raise ValueError(f"{SETTING}: {name} is {' or '.join(allowed[name])}, not {value!r}.")
    return value


def _allowed() -> dict[str, tuple[str, ...]]:
    hints = get_type_hints(Choices)
    names = (field.name for field in fields(Choices) if field.name != "lexicon")
    return {name: get_args(hints[name]) for name in names}
