"""What a run without database says: sentences and styles of the fixtures, takes of a folder."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from corpus.exchange import ExchangeErrors, parse
from corpus.suggest import suggest
from distillation.recipe import StyleRecipe

SEARCH_LIST, HELD_OUT_LIST = "lista_04", "lista_05"
SEARCH_PLACES = (0.5, 0.1, 0.9)  # of the list from its shortest to its longest sentence
HELD_OUT_PLACES = (0.0, 0.35, 0.7, 1.0)
TAKE_NAME = re.compile(r"(?P<id>[a-z0-9-]+)_(?P<style>[a-z0-9-]+)\.wav")


class TextsError(ValueError):
    """Sentences or takes that cannot be used; the message names the file."""


@dataclass(frozen=True)
class Line:
    """One sentence of the corpus; `style` is its label or, without one, the suggestion."""

    sentence_id: str
    text: str
    list: str
    style: str


@dataclass(frozen=True)
class Take:
    """One recorded sentence in one style."""

    text: str
    style: str
    path: Path
    quality: float = 0.0


@dataclass(frozen=True)
class Corpus:
    """The sentences, and each style's pace."""

    lines: tuple[Line, ...]
    speeds: dict[str, float]

    def of_list(self, name: str) -> list[str]:
        """Return a list's texts, shortest first."""
        return sorted((line.text for line in self.lines if line.list == name), key=len)


def read_corpus(folder: Path) -> Corpus:
    """Read `sentences.yaml` and `styles.yaml` of the fixtures."""
    groups = yaml.safe_load((folder / "sentences.yaml").read_text(encoding="utf-8"))
    styles = yaml.safe_load((folder / "styles.yaml").read_text(encoding="utf-8"))
    lines = tuple(
        Line(one["id"], one["text"], group["list"], suggest(one["kind"], one["text"]).style)
        for group in groups
        for one in group["sentences"]
    )
    return Corpus(lines, {style["key"]: float(style["f5_speed"]) for style in styles})


def search_texts(corpus: Corpus) -> tuple[str, ...]:
    """Return what the search hears: a middle, a short and a long balanced sentence."""
    return _places(corpus.of_list(SEARCH_LIST), SEARCH_PLACES)


def held_out_texts(corpus: Corpus) -> tuple[str, ...]:
    """Return what only validation hears, from short to long, of another list."""
    return _places(corpus.of_list(HELD_OUT_LIST), HELD_OUT_PLACES)


def style_recipes(
    corpus: Corpus, styles: Sequence[str], takes: Iterable[Take] | None = None
) -> tuple[StyleRecipe, ...]:
    """Return each style with the sentences its teacher speaks, those of the search left out.

    Parameters
    ----------
    corpus : Corpus
        Of `read_corpus`.
    styles : sequence of str
        Keys of the corpus's styles.
    takes : iterable of Take, optional
        Where given, only sentences with a take of the style, best quality first.
    """
    reserved = {*search_texts(corpus), *held_out_texts(corpus)}
    if takes is None:
        return tuple(_without_takes(key, corpus, reserved) for key in styles)
    ranked = sorted(takes, key=lambda take: -take.quality)
    return tuple(_with_takes(key, corpus.speeds[key], ranked, reserved) for key in styles)


def read_takes(path: Path, corpus: Corpus) -> list[Take]:
    """Return the takes of a folder (``shcc-01_amable.wav``) or of an exchange file.

    Raises
    ------
    TextsError
        No take, an unknown sentence, or a file of the exchange that is not there.
    """
    takes = _of_folder(path, corpus) if path.is_dir() else _of_exchange(path, corpus)
    if not takes:
        raise TextsError(f"{path}: no take in it; takes are named like shcc-01_amable.wav.")
    return takes


def _of_folder(folder: Path, corpus: Corpus) -> list[Take]:
    texts = {line.sentence_id: line.text for line in corpus.lines}
    takes = []
    for path in sorted(folder.glob("*.wav")):
        named = TAKE_NAME.fullmatch(path.name)
        if not named or named["style"] not in corpus.speeds:
            continue
        if named["id"] not in texts:
            raise TextsError(f"{path}: there is no sentence {named['id']} in the corpus.")
        takes.append(Take(texts[named["id"]], named["style"], path.resolve()))
    return takes


def _of_exchange(path: Path, corpus: Corpus) -> list[Take]:
    try:
        items = parse(path.read_bytes(), styles=corpus.speeds)
    except ExchangeErrors as error:
        raise TextsError(f"{path}: {error}") from error
    takes = []
    for item in items:
        if not item.recording or not item.style_label:
            continue
        wav = path.parent / item.recording.path
        if not wav.is_file():
            raise TextsError(f"{path}: line {item.line}: {wav} is not there.")
        quality = item.recording.quality_score or 0.0
        takes.append(Take(item.text, item.style_label, wav.resolve(), quality))
    return takes


def _without_takes(key: str, corpus: Corpus, reserved: set[str]) -> StyleRecipe:
    texts = _free((line.text for line in corpus.lines if line.style == key), reserved)
    return StyleRecipe(key=key, speed=corpus.speeds[key], reference_texts=texts)


def _with_takes(key: str, speed: float, takes: Sequence[Take], reserved: set[str]) -> StyleRecipe:
    own: dict[str, str] = {}
    for take in takes:
        if take.style == key:
            own.setdefault(take.text, str(take.path))
    return StyleRecipe(key=key, speed=speed, reference_texts=_free(own, reserved), takes=own)


def _free(texts: Iterable[str], reserved: set[str]) -> tuple[str, ...]:
    return tuple(text for text in texts if text not in reserved)


def _places(texts: Sequence[str], places: Sequence[float]) -> tuple[str, ...]:
    return tuple(texts[round(place * (len(texts) - 1))] for place in places)
