"""The dataset card of an export (README.md): what is in it, under which licence and consent."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import yaml

from corpus.models import Speaker

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
