"""Selects the sentences of targets and search, and those held out for validation."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations
from statistics import fmean
from typing import NamedTuple

REFERENCES = 5
TARGET_SECONDS = (20.0, 28.0)  # of speech, without pauses; the target must last 20-30 s
SPARES = 5  # extra sentences for a teacher whose pace is unknown
CHOICE = 12  # combinations are tried over this many of the best sentences
SEARCH_PLACES = (0.5, 0.0, 1.0)  # positions in the corpus, sorted by length; the first leads
HELD_OUT = 4
GRADIENT_LETTERS = (25, 45)  # short, as memory and time of a backward pass grow with length
GRADIENT_TEXTS = (10, 40)  # minimum, below which the search overfits, and maximum
LENGTH_GAP = 3  # letters by which a held-out length differs at least from every search length


@dataclass(frozen=True)
class SentenceOption:
    """A sentence that can be spoken for a style; `seconds` is estimated unless it is recorded."""

    text: str
    seconds: float
    quality: float = 0.0
    is_recorded: bool = False


@dataclass(frozen=True)
class SentenceSelection:
    """The teacher's sentences for each style, in order; those of the search; the held-out ones.

    Held-out sentences are in none of the others, and are sorted by length.
    """

    references: Mapping[str, tuple[SentenceOption, ...]]
    search: tuple[str, ...]
    held_out: tuple[str, ...]


class SpeakerTakes(NamedTuple):
    """What one speaker recorded of the styles of a run.

    Attributes
    ----------
    speaker : str
    styles : int
        With enough recorded sentences for a target.
    sentences : int
        Recorded, over all styles.
    quality : float
        Mean of the best takes that a target is made of, 0-1.
    """

    speaker: str
    styles: int
    sentences: int
    quality: float


class StyleTakes(NamedTuple):
    """What one speaker recorded of one style: sentences, and the qualities of the best takes."""

    sentences: int
    best: Sequence[float]

    @classmethod
    def of(cls, qualities: Sequence[float]) -> StyleTakes:
        """Build from the quality of the best take of each sentence."""
        return cls(len(qualities), sorted(qualities, reverse=True)[:REFERENCES])


def ranked_speakers(recorded: Mapping[str, Mapping[str, StyleTakes]]) -> list[SpeakerTakes]:
    """Return the speakers, the one whose takes a run should use first.

    The takes of a run are of one speaker: a voice fitted to two is nobody's. First counts in how
    many styles a speaker has enough takes, then their quality, then how many they are.

    Parameters
    ----------
    recorded : mapping of str to mapping of str to StyleTakes
        By speaker and style.
    """
    found = [_speaker_takes(name, of_style) for name, of_style in recorded.items()]
    return sorted(found, key=lambda one: (-one.styles, -one.quality, -one.sentences, one.speaker))


def _speaker_takes(name: str, of_style: Mapping[str, StyleTakes]) -> SpeakerTakes:
    best = [one for some in of_style.values() for one in some.best]
    return SpeakerTakes(
        name,
        sum(some.sentences >= REFERENCES for some in of_style.values()),
        sum(some.sentences for some in of_style.values()),
        round(fmean(best), 4) if best else 0.0,
    )


def select_sentences(
    lines: Mapping[str, Sequence[SentenceOption]],
    corpus: Iterable[str],
    *,
    said: Mapping[str, set[str]] | None = None,
    used: Iterable[str] = (),
) -> SentenceSelection:
    """Choose the sentences of a run; deterministic.

    A voice pack has a row for each text length, so lengths are chosen deliberately: the search
    uses three, a middle one, the shortest and the longest, so that every length in use is within
    their range. Held-out sentences range from the shortest to the longest of the rest, with
    lengths between those of the search (at least `LENGTH_GAP` letters from each).

    Parameters
    ----------
    lines : mapping of str to sequence of SentenceOption
        What each style's teacher can speak, best first.
    corpus : iterable of str
        All sentences.
    said : mapping of str to set of str, optional
        If the teacher only has takes: the sentences with a take in each style. Held-out
        sentences are then those recorded in every style, so that styles can be compared with
        their speaker, or else taken from the styles in turn.
    used : iterable of str
        Sentences already in a target; they are not held out.
    """
    corpus = sorted(set(corpus), key=lambda text: (len(text), text))
    shared = _in_all(said)
    search = _search(_without(corpus, shared) or corpus)
    references = {key: _references(of_style, {*search, *shared}) for key, of_style in lines.items()}
    spoken = {line.text for chosen in references.values() for line in chosen} | set(used)
    if len(_without(corpus, {*spoken, *search})) < HELD_OUT:
        held_out = _held_out(_without(corpus, spoken), said or {}, ())
        search = _search(_without(corpus, held_out))
    else:
        held_out = _held_out(_without(corpus, {*spoken, *search}), said or {}, search)
    return SentenceSelection(references, search, held_out)


def gradient_texts(corpus: Iterable[str], held_out: Iterable[str]) -> tuple[str, ...]:
    """Return short sentences for a gradient, in an order that mixes their lengths.

    Excludes held-out ones. If the corpus has too few of `GRADIENT_LETTERS`, uses its shortest.
    """
    low, high = GRADIENT_LETTERS
    least, most = GRADIENT_TEXTS
    free = sorted(_without(set(corpus), held_out), key=lambda text: (len(text), text))
    short = [text for text in free if low <= len(text) <= high]
    chosen = (short if len(short) >= least else free)[:most]
    mixed = sorted(chosen, key=lambda text: hashlib.sha256(text.encode()).digest())
    return tuple(mixed)


def _in_all(said: Mapping[str, set[str]] | None) -> set[str]:
    """Return the sentences recorded in every style, if there are enough to hold out."""
    shared = reduce(set.intersection, said.values()) if said else set()
    return shared if len(shared) >= HELD_OUT else set()


def _search(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_at(texts, place) for place in SEARCH_PLACES)) if texts else ()


def _references(lines: Sequence[SentenceOption], reserved: set[str]) -> tuple[SentenceOption, ...]:
    """Choose the best five with the duration of a target; more if they are too short."""
    free = [line for line in lines if line.text not in reserved]
    if len(free) <= REFERENCES:
        free = list(lines)
    if len(free) <= REFERENCES:
        return tuple(free)
    low, high = TARGET_SECONDS

    def worth(chosen: tuple[SentenceOption, ...]) -> tuple[float, float]:
        seconds = sum(line.seconds for line in chosen)
        return -max(low - seconds, seconds - high, 0.0), sum(line.quality for line in chosen)

    chosen = max(combinations(_candidates(free), REFERENCES), key=worth)
    spare = [line for line in free if line not in chosen]
    while spare and sum(line.seconds for line in chosen) < low:
        chosen = (*chosen, spare.pop(0))
    guessed = not chosen[0].is_recorded and len(spare) > SPARES
    return (*chosen, *spare[:SPARES]) if guessed else chosen


def _candidates(lines: Sequence[SentenceOption]) -> list[SentenceOption]:
    """Return the best lines and the longest ones: short ones alone cannot make a target."""
    longest = sorted(lines, key=lambda line: -line.seconds)[:REFERENCES]
    best = [line for line in lines if line not in longest][: CHOICE - REFERENCES]
    return [line for line in lines if line in longest or line in best]


def _held_out(
    free: Sequence[str], said: Mapping[str, set[str]], search_texts: Sequence[str]
) -> tuple[str, ...]:
    """Choose from `free`: recorded in all styles, else in each style in turn, else any."""
    everywhere = _in_all({key: texts & set(free) for key, texts in said.items()})
    turns = [everywhere] if everywhere else list(said.values()) or [set(free)]
    count = max(HELD_OUT, 2 * len(turns) if len(turns) > 1 else 0)
    chosen: list[str] = []
    for number in range(count):
        left = _without(free, chosen)
        own = [text for text in left if text in turns[number % len(turns)]] or left
        if own:
            length = len(_at(free, number / (count - 1)))
            chosen.append(_nearest(own, length, search_texts))
    return tuple(sorted(chosen, key=len))


def _nearest(texts: Sequence[str], length: int, search_texts: Sequence[str]) -> str:
    """Return the text nearest to a length, preferring lengths not used by the search."""
    apart = [
        text
        for text in texts
        if all(abs(len(text) - len(one)) >= LENGTH_GAP for one in search_texts)
    ]
    return min(apart or texts, key=lambda text: abs(len(text) - length))


def _without(texts: Iterable[str], some: Iterable[str]) -> list[str]:
    gone = set(some)
    return [text for text in texts if text not in gone]


def _at(texts: Sequence[str], place: float) -> str:
    return texts[min(int(place * len(texts)), len(texts) - 1)]
