"""When each word of a piece of text is spoken, from Kokoro's own durations and the sound."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise

import numpy as np

from corpus.audio.types import Samples
from corpus.text.spoken_words import Read, align_words, spoken_words
from distillation.engines.base import SpokenWord

Phonemize = Callable[[str], str]
Span = tuple[int, int]

LEAD = 2  # frames by which the sound comes before the frames of its phoneme, measured
BLOCK = 300  # samples, 12.5 ms: a word begins and ends with one that is not silent
SILENT_DB = -32.0  # against the loudest block of the word
_LETTER = re.compile(r"\w")
_PAUSES = ';:,.!?¡¿—…"«»“”()'


class Captions:
    """The words of one piece, given out as their sound is given in.

    Parameters
    ----------
    words : sequence of (str, (first frame, end))
        Of `word_frames`.
    kept : (int, int)
        First frame and end of what is spoken of the piece.
    samples : int
        Into which these frames are made.
    sr : int
        Sample rate, Hz.
    """

    def __init__(
        self, words: Sequence[tuple[str, Span]], kept: Span, samples: int, sr: int
    ) -> None:
        first, end = kept
        step = samples / (end - first)
        self._words = [
            (word, [round((min(max(at, first), end) - first) * step) for at in span])
            for word, span in words
        ]
        self._sr = sr
        self._y: Samples = np.zeros(0, np.float32)

    def after(self, y: Samples) -> list[SpokenWord]:
        """Return the words that end within the next samples."""
        self._y = np.concatenate([self._y, y])
        ended = sum(end <= len(self._y) for _, (_, end) in self._words)
        found, self._words = self._words[:ended], self._words[ended:]
        return [self._sounding(word, start, end) for word, (start, end) in found]

    def _sounding(self, word: str, start: int, end: int) -> SpokenWord:
        """Return a word's time without silence at its ends, which its durations may contain."""
        blocks = self._y[start : start + (end - start) // BLOCK * BLOCK].reshape(-1, BLOCK)
        power = np.mean(blocks.astype(np.float64) ** 2, axis=1)
        if len(power) and power.max() > 0:
            loud = np.flatnonzero(power > power.max() * 10 ** (SILENT_DB / 10))
            end = start + (int(loud[-1]) + 1) * BLOCK if loud[-1] < len(power) - 1 else end
            start += int(loud[0]) * BLOCK
        return SpokenWord(word, start / self._sr, end / self._sr)


def word_frames(
    text: str, phonemes: str, frames: Sequence[int], read: Read, phonemize: Phonemize
) -> list[tuple[str, Span]]:
    """Return the written words of a piece, each with the frames of its phonemes.

    Parameters
    ----------
    text : str
        One line.
    phonemes : str
        Of the whole text.
    frames : sequence of int, length len(phonemes) + 2
        Frames of the silence before, of each phoneme, and of the silence after.
    read : callable
        Reads a text in words, as the phonemizer of the language does first.
    phonemize : callable
        Phonemes of one word.

    Returns
    -------
    list of (str, (first frame, end))
        In order; a pause at a comma or the end of a sentence belongs to no word.
    """
    starts = [0, *accumulate(frames)]
    spoken = phoneme_spans(spoken_words(read(text)), phonemes, phonemize)
    found: list[tuple[str, Span]] = []
    for word, count in align_words(text, read):
        said, spoken = spoken[:count], spoken[count:]
        if said:
            first, end = _with_half_spaces(phonemes, said[0][0], said[-1][1], starts)
            found.append((word, (max(0, first - LEAD), max(0, end - LEAD))))
    return found


def phoneme_spans(words: Sequence[str], phonemes: str, phonemize: Phonemize) -> list[Span]:
    """Return where in a phoneme string each of its spoken words lies.

    Mostly its words are those of the text. Where a language runs some together (English "of the":
    ʌvðə) or parts one, the string is aligned with the words' own phonemes, letter by letter.
    """
    spans = [
        (start, end)
        for start, end in (match.span() for match in re.finditer(r"\S+", phonemes))
        if _LETTER.search(phonemes[start:end])
    ]
    if len(spans) != len(words):
        spans = _aligned([phonemize(word) for word in words], phonemes)
    return [_without_pauses(phonemes, span) for span in spans]


def _without_pauses(phonemes: str, span: Span) -> Span:
    start, end = span
    while start < end and phonemes[start] in _PAUSES:
        start += 1
    while start < end and phonemes[end - 1] in _PAUSES:
        end -= 1
    return start, end


def _with_half_spaces(phonemes: str, start: int, end: int, starts: Sequence[int]) -> Span:
    """Return the frames of phonemes, and half of a space that parts them from the next word."""
    first, last = starts[start + 1], starts[end + 1]
    if start > 1 and phonemes[start - 1] == " " and phonemes[start - 2] not in _PAUSES:
        first -= (first - starts[start]) // 2
    if end + 1 < len(phonemes) and phonemes[end] == " ":
        space = starts[end + 2] - last
        last += space - space // 2
    return first, last


def _aligned(parts: Sequence[str], whole: str) -> list[Span]:
    """Return the spans of `whole` that best match the parts: least changes of letters."""
    letters = "".join(parts)
    cost = np.zeros((len(letters) + 1, len(whole) + 1), int)
    cost[:, 0] = np.arange(len(letters) + 1)
    cost[0] = [0, *accumulate(0 if sign == " " else 1 for sign in whole)]
    for i, letter in enumerate(letters, 1):
        for j, sign in enumerate(whole, 1):
            cost[i, j] = min(
                cost[i - 1, j - 1] + (letter != sign),
                cost[i - 1, j] + 1,
                cost[i, j - 1] + (sign != " "),
            )
    at = _traced(cost, letters, whole)
    ends = [0, *accumulate(len(part) for part in parts)]
    return [_stripped(whole, at[first], at[end]) for first, end in pairwise(ends)]


def _traced(
    cost: np.ndarray[tuple[int, int], np.dtype[np.int_]], letters: str, whole: str
) -> list[int]:
    """Return the place in `whole` that each place between two letters has on the cheapest path."""
    i, j = len(letters), len(whole)
    at = [j] * (i + 1)
    while i:
        if j and cost[i, j] == cost[i - 1, j - 1] + (letters[i - 1] != whole[j - 1]):
            i, j = i - 1, j - 1
            at[i] = j
        elif cost[i, j] == cost[i - 1, j] + 1:
            i -= 1
            at[i] = j
        else:
            j -= 1
    at[0] = 0
    return at


def _stripped(whole: str, start: int, end: int) -> Span:
    while start < end and whole[start] == " ":
        start += 1
    while start < end and whole[end - 1] == " ":
        end -= 1
    return start, end
