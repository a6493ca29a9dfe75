"""Words that their letters do not tell how to say: a file of ours, and one that anyone adds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from corpus.text.choices import LEXICON_SETTING, Choices

FILE = Path(__file__).with_name("lexicon.es.txt")
_WORD = re.compile(r"[^\W\d_]+(?:[-'’&+/][^\W\d_]+)*")
_JOINT = re.compile(r"([-'’&+/])")


class LexiconError(ValueError):
    """A line of a lexicon cannot be read; the message names file, line and remedy."""


@dataclass(frozen=True)
class Lexicon:
    """What words say.

    Attributes
    ----------
    exact : mapping
        Entries with a capital: for words written exactly so.
    folded : mapping
        Entries in lower case: for words in any case.
    """

    exact: Mapping[str, str]
    folded: Mapping[str, str]

    def said(self, word: str) -> str | None:
        """Return what a word says, or its plural in -s; None for a word that is not there."""
        found = self.exact.get(word) or self.folded.get(word.lower())
        if found or not word.endswith("s"):
            return found
        singular = self.exact.get(word[:-1]) or self.folded.get(word[:-1].lower())
        return singular and _plural(singular)


def read_lexicon_words(text: str, choices: Choices) -> str:
    """Return the text with the words of the lexicon as they are said."""
    lexicon = lexicon_of(choices.lexicon)
    return _WORD.sub(lambda m: _said(m[0], lexicon), text)


@lru_cache(maxsize=4)
def lexicon_of(extra: str) -> Lexicon:
    """Return our lexicon with the entries of another file over it, read once.

    Raises
    ------
    LexiconError
        A line that is no entry, or a file that cannot be read.
    """
    entries = read_lexicon(FILE) | (read_lexicon(Path(extra)) if extra else {})
    exact = {word: said for word, said in entries.items() if word != word.lower()}
    return Lexicon(exact, {word: said for word, said in entries.items() if word not in exact})


def read_lexicon(path: Path) -> dict[str, str]:
    """Return the entries of a file of lines `written = said`; `#` begins a comment."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LexiconError(f"{LEXICON_SETTING}: {path} cannot be read: {error}") from error
    entries: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        entry = line.partition("#")[0].strip()
        if not entry:
            continue
        written, sign, said = (side.strip() for side in entry.partition("="))
        if not sign or not said or not _WORD.fullmatch(written):
            raise LexiconError(
                f"{path.name}:{number}: a line is `written = said`, one word in letters "
                f"(- ' & + / between them) and its words; not {entry!r}."
            )
        entries[written] = said
    return entries


def _said(word: str, lexicon: Lexicon) -> str:
    found = lexicon.said(word)
    if found or not _JOINT.search(word):
        return found or word
    return "".join(lexicon.said(part) or part for part in _JOINT.split(word))


def _plural(said: str) -> str:
    return said if said.endswith("s") else f"{said}s"
