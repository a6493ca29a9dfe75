"""Source of a recipe without a database: sentences from the fixtures, takes from a folder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from corpus.audio.io import read_wav
from corpus.audio.profile import Profile
from corpus.audio.types import AudioError
from corpus.exchange.parsing import ExchangeErrors, parse
from corpus.files import sha256_of
from corpus.phonetics import syllables
from corpus.suggest import suggest
from distillation.recipe_builder import SYLLABLES_A_SECOND, SoundFile, StyleSource
from distillation.sentence_selection import SentenceOption, StyleTakes, ranked_speakers

# As recorded here, or as exported: with the number of speaker and take.
TAKE_NAME = re.compile(
    r"(?P<id>[a-z0-9-]+)_(?P<style>[a-z0-9-]+)(_(?P<speaker>s\d+)_\d+)?\.wav", re.ASCII
)


class TextsError(ValueError):
    """Sentences or takes are unusable; the message names the file."""


@dataclass(frozen=True)
class Sentence:
    """One sentence of the corpus; `style` is the one suggested by the guide."""

    sentence_id: str
    text: str
    style: str


@dataclass(frozen=True)
class Take:
    """One recorded sentence in one style."""

    text: str
    style: str
    path: Path
    quality: float = 0.0
    speaker: str = ""  # empty: unknown


@dataclass(frozen=True)
class Corpus:
    """The sentences, and each style's pace and profile."""

    sentences: tuple[Sentence, ...]
    speeds: dict[str, float]
    profiles: dict[str, Profile]

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(sentence.text for sentence in self.sentences)


def read_corpus(folder: Path) -> Corpus:
    """Read `sentences.yaml` and `styles.yaml` of the fixtures."""
    groups = yaml.safe_load((folder / "sentences.yaml").read_text(encoding="utf-8"))
    styles = yaml.safe_load((folder / "styles.yaml").read_text(encoding="utf-8"))
    sentences = tuple(
        Sentence(one["id"], one["text"], suggest(one["kind"], one["text"]).style)
        for group in groups
        for one in group["sentences"]
    )
    return Corpus(
        sentences,
        {style["key"]: float(style["f5_speed"]) for style in styles},
        {style["key"]: style["profile"] for style in styles},
    )


def style_sources(
    corpus: Corpus, styles: Sequence[str], takes: Sequence[Take] | None = None
) -> list[StyleSource]:
    """Return what the teacher can speak for each style: its sentences, or its takes, best first."""
    if takes is None:
        return [replace(_style(key, corpus), options=_suggested(key, corpus)) for key in styles]
    ranked = sorted(takes, key=lambda take: -take.quality)
    return [_recorded(_style(key, corpus), ranked) for key in styles]


def takes_of_one(
    takes: Sequence[Take], styles: Sequence[str], *, speaker: str = "", mix: bool = False
) -> tuple[list[Take], str]:
    """Return the takes of one speaker, the best or the one that is asked for, and why.

    Raises
    ------
    TextsError
        There is no take of that speaker.
    """
    wanted = [take for take in takes if take.style in styles]
    ranked = ranked_speakers(_qualities(wanted))
    if len(ranked) < 2 and not speaker:
        return list(takes), ""
    known = [one.speaker or "?" for one in ranked]
    if mix:
        return list(takes), f"Takes of {', '.join(known)} are mixed, as asked for."
    name = speaker or known[0]
    chosen = [take for take in takes if (take.speaker or "?") == name]
    if not chosen:
        raise TextsError(f"speaker: no take of {name}; there are takes of {', '.join(known)}.")
    why = "asked for with --speaker" if speaker else "most styles with enough takes, then quality"
    each = "; ".join(
        f"{one.speaker or '?'} {one.sentences} sentences, enough in {one.styles} of "
        f"{len(styles)} styles, quality {one.quality:.2f}"
        for one in ranked
    )
    return chosen, f"The takes of {name} are used ({why}): {each}."


def _qualities(takes: Sequence[Take]) -> dict[str, dict[str, StyleTakes]]:
    best: dict[tuple[str, str, str], float] = {}
    for take in takes:
        key = (take.speaker, take.style, take.text)
        best[key] = max(best.get(key, 0.0), take.quality)
    found: dict[str, dict[str, list[float]]] = {}
    for (speaker, style, _text), quality in best.items():
        found.setdefault(speaker, {}).setdefault(style, []).append(quality)
    return {
        speaker: {style: StyleTakes.of(some) for style, some in of_style.items()}
        for speaker, of_style in found.items()
    }


def _style(key: str, corpus: Corpus) -> StyleSource:
    return StyleSource(key=key, speed=corpus.speeds[key], profile=corpus.profiles[key])


def read_takes(path: Path, corpus: Corpus) -> list[Take]:
    """Return the takes of a folder (``shcc-01_amable.wav``) or of an exchange file.

    The speaker is what an exchange file says; else the number in an exported name
    (``shcc-01_amable_s3_1.wav``), or the name of the folder within the folder.

    Raises
    ------
    TextsError
        No takes, an unknown sentence, or a missing file of the exchange.
    """
    takes = _of_folder(path, corpus) if path.is_dir() else _of_exchange(path, corpus)
    if not takes:
        raise TextsError(f"{path}: no take in it; takes are named like shcc-01_amable.wav.")
    return takes


def _of_folder(folder: Path, corpus: Corpus) -> list[Take]:
    texts = {one.sentence_id: one.text for one in corpus.sentences}
    takes = []
    for path in sorted([*folder.glob("*.wav"), *folder.glob("*/*.wav")]):
        named = TAKE_NAME.fullmatch(path.name)
        if not named or named["style"] not in corpus.speeds:
            continue
        if named["id"] not in texts:
            raise TextsError(f"{path}: there is no sentence {named['id']} in the corpus.")
        within = "" if path.parent == folder else path.parent.name
        speaker = named["speaker"] or within
        takes.append(Take(texts[named["id"]], named["style"], path.resolve(), speaker=speaker))
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
        named = TAKE_NAME.fullmatch(wav.name)
        speaker = item.recording.speaker or (named and named["speaker"]) or ""
        takes.append(Take(item.text, item.style_label, wav.resolve(), quality, speaker))
    return takes


def _suggested(key: str, corpus: Corpus) -> list[SentenceOption]:
    pace = SYLLABLES_A_SECOND * corpus.speeds[key]
    texts = [sentence.text for sentence in corpus.sentences if sentence.style == key]
    return [SentenceOption(text, syllables(text) / pace) for text in texts]


def _recorded(style: StyleSource, takes: Sequence[Take]) -> StyleSource:
    best: dict[str, Take] = {}
    for take in takes:
        if take.style == style.key:
            best.setdefault(take.text, take)
    return replace(
        style,
        options=[
            SentenceOption(take.text, _seconds(take.path), take.quality, is_recorded=True)
            for take in best.values()
        ],
        takes={
            text: SoundFile(str(take.path), sha256_of(take.path), text)
            for text, take in best.items()
        },
    )


def _seconds(path: Path) -> float:
    try:
        return read_wav(path).duration_s
    except AudioError as error:
        raise TextsError(f"{path}: {error}") from error
