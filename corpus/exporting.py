"""Streaming ZIP export of takes for training tools, in constant memory, with its dataset card."""

import io
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import yaml
from django.db.models import Count

from corpus.audio.io import decode, encode_wav, resample
from corpus.exchange_context import NAME as CONTEXT
from corpus.exchange_context import context_written
from corpus.exchanging import corpus_export, exported_takes
from corpus.files import sha256
from corpus.models import Recording, Speaker, StyleLabel
from corpus.text.normalization import normalize_spanish

LJSPEECH, AUDIO_FOLDER, EXCHANGE = "ljspeech", "audiofolder", "exchange"
SUMS, LEFT_OUT, CARD = "SHA256SUMS", "LEFT_OUT.txt", "README.md"
METADATA = "metadata.jsonl"  # of an audio folder; in a CSV loaders read `001` and `NA` otherwise
_BATCH = 200
_FILES = {
    LJSPEECH: "`metadata.csv`: id|text|text in words; no quotes or bars inside. Sound: `wavs/`.",
    AUDIO_FOLDER: f"`{METADATA}`: a row for each file of `audio/`, with text, style and speaker.",
    EXCHANGE: "`corpus.json`: sentences, labels and their best takes; `context.json`: styles, "
    "speakers, verdicts, scores. Both are read by `manage.py import_corpus`.",
}  # fmt: skip
_EPOCH = (1980, 1, 1, 0, 0, 0)  # a fixed date: equal takes give equal bytes
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (10**12, "n>100K"))


@dataclass
class Tally:
    """Counts of the takes that went into an export; constant in size."""

    takes: Counter[tuple[str, int]] = field(default_factory=Counter)  # style, speaker
    seconds: defaultdict[tuple[str, int], float] = field(default_factory=lambda: defaultdict(float))
    waiting: int = 0
    resampled: Counter[int] = field(default_factory=Counter)  # from which rate

    def add(self, take: Any, rate: int) -> None:
        key = (take.style.key, take.speaker_id)
        self.takes[key] += 1
        self.seconds[key] += take.duration_s
        self.waiting += take.state != "accepted"
        if rate and take.sr != rate:
            self.resampled[take.sr] += 1


class _Sink(io.RawIOBase):
    """Output file of the ZIP; `taken` returns and clears what was written."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


@dataclass
class _Archive:
    """A ZIP being written, with the hash of every file in it."""

    rate: int = 0  # of all files; 0 leaves each as it is
    sink: _Sink = field(default_factory=_Sink)
    tally: Tally = field(default_factory=Tally)
    sums: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.zip = ZipFile(self.sink, "w", ZIP_STORED)

    def add(self, name: str, content: bytes) -> bytes:
        info = ZipInfo(name, _EPOCH)
        info.compress_type = ZIP_STORED if name.endswith(".wav") else ZIP_DEFLATED
        self.zip.writestr(info, content)
        self.sums.append(f"{sha256(content)}  {name}")
        return self.sink.taken()

    def add_take(self, name: str, take: Recording) -> bytes:
        """Add a take if its file is unchanged since it was measured; else record why not."""
        try:
            with take.wav.open("rb") as file:
                content = file.read()
        except FileNotFoundError:
            self.left_out.append(f"{name} ({take_name(take)}): its file is gone from the store")
            return b""
        if sha256(content) != take.sha256:
            self.left_out.append(
                f"{name} ({take_name(take)}): its file is not the one that was measured"
            )
            return b""
        self.tally.add(take, self.rate)
        if self.rate not in (0, take.sr):
            content = encode_wav(resample(decode(content), self.rate))
        return self.add(name, content)

    def end(self, layout: str) -> bytes:
        paths = [METADATA, "audio/*.wav"] if layout == AUDIO_FOLDER else []
        text = card(
            self.tally, title="Voice Lab takes", files=_FILES[layout], rate=self.rate, paths=paths
        )
        last = self.add(CARD, text.encode())
        last += self.add(LEFT_OUT, _lines(self.left_out)) if self.left_out else b""
        last += self.add(SUMS, _lines(self.sums))
        self.zip.close()
        return last + self.sink.taken()


def takes_exported(*, style: str = "", speaker: int | None = None, every: bool = False) -> Any:
    """Return the takes to export: accepted ones, with `every` also pending ones.

    Takes of speakers without consent, or who withdrew it, are never included.
    """
    agreed = Speaker.objects.filter(consented_at__isnull=False, withdrawn_at=None)
    takes: Any = Recording.objects.filter(speaker__in=list(agreed.values_list("pk", flat=True)))
    states = [Recording.State.ACCEPTED, *([Recording.State.PENDING] if every else [])]
    takes = takes.filter(state__in=states)
    if style:
        takes = takes.filter(style=StyleLabel.objects.get(key=style))
    if speaker:
        takes = takes.filter(speaker=speaker)
    return takes.select_related("sentence", "style", "speaker").order_by("pk")


def rates_of(takes: Any) -> dict[int, int]:
    """Return how many of the takes have each sample rate, the most common first."""
    rows = takes.order_by().values_list("sr").annotate(n=Count("*"))
    return dict(sorted(rows, key=lambda row: (-row[1], -row[0])))


def archive(takes: Any, layout: str, *, rate: int = 0) -> Iterator[bytes]:
    """Yield a ZIP of the takes piece by piece: `ljspeech`, `audiofolder` or `exchange`.

    The first two have one sample rate, `rate` or the most common one; `exchange` holds the files as
    they are, to be imported again. Every archive has a dataset card and ends with `SHA256SUMS` over
    all its files, as read by `sha256sum -c`. A take whose file is missing or changed is omitted and
    listed in `LEFT_OUT.txt`. `exchange` contains every sentence with its label, and the best of
    `takes` recorded in that style.
    """
    build = _Archive(0 if layout == EXCHANGE else rate or next(iter(rates_of(takes)), 0))
    yield from _LAYOUTS[layout](build, takes)
    yield build.end(layout)


def _in_order(takes: Any) -> Iterator[Any]:
    """Yield the takes by key, some at a time: a cursor would read all before the first."""
    last = 0
    while batch := list(takes.filter(pk__gt=last).order_by("pk")[:_BATCH]):
        yield from batch
        last = batch[-1].pk


def take_name(take: Any) -> str:
    """Return a unique name of a take: sentence, style, speaker, number."""
    return f"{take.sentence.sentence_id}_{take.style.key}_s{take.speaker_id}_{take.take}"


def _ljspeech(build: _Archive, takes: Any) -> Iterator[bytes]:
    rows: list[str] = []
    for take in _in_order(takes):
        piece = build.add_take(f"wavs/{take_name(take)}.wav", take)
        if piece:
            text = _plain(take.sentence.text)
            rows.append(f"{take_name(take)}|{text}|{_plain(normalize_spanish(text))}")
            yield piece
    yield build.add("metadata.csv", _lines(rows))


def _plain(text: str) -> str:
    """Return a text without what a plain `csv.reader(delimiter="|")` takes for its own."""
    quoted = re.sub(r'"([^"]*)"', r"«\1»", text).replace('"', "")
    return " ".join(quoted.replace("|", " ").split())


def _audio_folder(build: _Archive, takes: Any) -> Iterator[bytes]:
    rows: list[str] = []
    for take in _in_order(takes):
        name = f"audio/take-{take.pk:06}.wav"  # no word of a sentence id or style: see `card`
        piece = build.add_take(name, take)
        if piece:
            rows.append(json.dumps(_row(name, take, build), ensure_ascii=False))
            yield piece
    yield build.add(METADATA, _lines(rows))


def _exchange(build: _Archive, takes: Any) -> Iterator[bytes]:
    written = []
    for path, take in exported_takes(takes):
        piece = build.add_take(path, take)
        if piece:
            written.append((path, take))
            yield piece
    yield build.add("corpus.json", "".join(corpus_export(takes)).encode())
    yield build.add(CONTEXT, context_written(written).encode())


def _row(name: str, take: Any, build: _Archive) -> dict[str, Any]:
    sentence = take.sentence
    return {
        "file_name": name,
        "text": sentence.text,
        "style": take.style.key,
        "speaker": take.speaker.name,
        "sentence_id": sentence.sentence_id,
        "list": sentence.list,
        "take": take.take,
        "state": take.state,
        "quality": None if take.quality is None else round(take.quality, 4),
        "duration_s": round(take.duration_s, 3),
        "sample_rate": build.rate,
        "sha256": build.sums[-1].split()[0],
    }


def _lines(rows: Iterable[str]) -> bytes:
    return "".join(f"{row}\n" for row in rows).encode()


_LAYOUTS: dict[str, Callable[[_Archive, Any], Iterator[bytes]]] = {
    LJSPEECH: _ljspeech,
    AUDIO_FOLDER: _audio_folder,
    EXCHANGE: _exchange,
}


def card(tally: Tally, *, title: str, files: str, rate: int, paths: list[str]) -> str:
    """Return the card; `paths` are the data files of its only split, for the Hugging Face loader.

    Named there, no file's name is taken for a split.
    """
    total = tally.takes.total()
    head: dict[str, Any] = {
        "pretty_name": title,
        "language": ["es"],
        "license": "other",
        "license_name": "speakers-consent",
        "task_categories": ["text-to-speech"],
        "size_categories": [next(name for most, name in _SIZES if total < most)],
    }
    if paths:
        split = {"split": "train", "path": paths}
        head["configs"] = [{"config_name": "default", "data_files": [split]}]
    found = Speaker.objects.filter(pk__in={pk for _style, pk in tally.takes})
    speakers = {row.pk: row for row in found.order_by("name")}
    parts = [
        f"---\n{yaml.safe_dump(head, allow_unicode=True, sort_keys=False)}---",
        f"# {title}",
        files,
        f"{_counted(total)}, {sum(tally.seconds.values()) / 60:.1f} minutes, mono, 16 bit, "
        f"{f'{rate} Hz' if rate else 'each at its own sample rate'}. {_notes(tally)}".rstrip(),
        _table(tally, speakers),
        "## Licence and consent",
        "No licence is granted beyond what each speaker agreed to. Who withdraws a consent is in "
        "no later export: delete this one when you are told so.",
        *(_consent(speakers[pk]) for pk in speakers),
    ]
    return "\n\n".join(parts) + "\n"


def _counted(n: int) -> str:
    return f"{n} take" if n == 1 else f"{n} takes"


def _notes(tally: Tally) -> str:
    notes = [f"{_counted(n)} resampled from {sr} Hz." for sr, n in sorted(tally.resampled.items())]
    if tally.waiting:
        notes.append(f"{_counted(tally.waiting)} without a verdict yet.")
    return " ".join(notes)


def _table(tally: Tally, speakers: dict[int, Speaker]) -> str:
    rows = [
        f"| {_cell(speakers[pk].name)} | {style} | {n} | {tally.seconds[style, pk] / 60:.1f} |"
        for pk in speakers
        for style, n in sorted((style, n) for (style, who), n in tally.takes.items() if who == pk)
    ]
    return "\n".join(("| Speaker | Style | Takes | Minutes |", "| --- | --- | --- | --- |", *rows))


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "/").split())


def _consent(speaker: Speaker) -> str:
    kind = "a synthetic voice" if speaker.synthetic else "a person"
    scope = speaker.consent_scope or "not stated"
    quoted = "\n".join(f"> {line}" for line in speaker.consent_text.splitlines())
    when = f"{speaker.consented_at:%Y-%m-%d}" if speaker.consented_at else "never"
    return (
        f"**{_cell(speaker.name)}** ({kind}), agreed {when}, scope: {scope}.\n\n{quoted}".rstrip()
    )
