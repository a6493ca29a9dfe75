"""Which takes would help most next: by style, length and sound, where there are none or few."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    ExpressionWrapper,
    IntegerField,
    OuterRef,
    Q,
    Value,
    When,
)

from corpus.models import Recording, Sentence, Speaker, StyleLabel
from corpus.phonetics import phonemes, syllables
from corpus.sentence_text import SOUNDS
from distillation.models import Run, TakeUse, ValidationReport

BANDS = (15, 19)  # syllables, at most, of a short and a medium sentence: a third of the corpus each
ANY = ""  # the column of all sentences
COLUMNS = (ANY, *SOUNDS)
NONE = (0,) * len(COLUMNS)
Counts = dict[tuple[int, int], tuple[int, ...]]  # by style and length, for each of `COLUMNS`
MOST = 8  # suggestions
EACH = 5  # sentences of a suggestion
CANDIDATES = 60  # sentences looked at for a suggestion
ENOUGH = 2  # takes in a cell; with fewer it is a gap
WEAK = 0.03  # of similarity below the run's mean, from which a cell counts as weak


@dataclass(frozen=True)
class Cell:
    """The sentences of one style and length, all or those with one sound.

    Attributes
    ----------
    style : StyleLabel
    band : int
        0 short, 1 medium, 2 long.
    sound : str
        A phoneme of `SOUNDS`, or `ANY`.
    sentences, takes : int
        Labelled with the style, and how many of them have a take in it.
    score, mean : float or None
        Mean similarity of the last run's held-out sentences that belong here, and of all of them.
    """

    style: StyleLabel
    band: int
    sound: str
    sentences: int
    takes: int
    score: float | None = None
    mean: float | None = None

    @property
    def letters(self) -> str:
        return SOUNDS.get(self.sound, "")

    @property
    def free(self) -> int:
        """Sentences that can still be recorded."""
        return self.sentences - self.takes

    @property
    def is_weak(self) -> bool:
        return self.loss >= WEAK

    @property
    def loss(self) -> float:
        """How far the score lies below the mean, 0 if it is unknown."""
        return max(0.0, self.mean - self.score) if self.score and self.mean else 0.0

    @property
    def state(self) -> str:
        """`nothing` to record, `empty`, `weak`, `few` or `enough`."""
        if not self.sentences:
            return "nothing"
        if not self.takes:
            return "empty"
        if self.is_weak:
            return "weak"
        return "few" if self.takes < min(ENOUGH, self.sentences) else "enough"

    @property
    def need(self) -> tuple[float, int, int, int]:
        """The order: weak and no take, a length without any take, weak, no take of a sound, few."""
        if self.state == "empty" and not self.is_weak:
            first = 3 if self.sound else 1
        else:
            first = {"empty": 0, "weak": 2, "few": 4}.get(self.state, 9)
        return first, -round(1000 * self.loss), self.takes, self.style.position


@dataclass(frozen=True)
class Suggestion:
    """A cell that lacks takes, and the sentences to record."""

    cell: Cell
    sentences: list[Sentence]

    @property
    def ids(self) -> str:
        return ",".join(sentence.sentence_id for sentence in self.sentences)


@dataclass(frozen=True)
class Needs:
    """The table of cells, a row for each style and length, and what to record next."""

    rows: list[list[Cell]]
    suggestions: list[Suggestion]
    run: Run | None  # the last that was validated
    has_scores: bool  # its report has the similarity of each sentence


def recording_needs(speaker: Speaker | None) -> Needs:
    """Return what a speaker should record next, or what all speakers together lack.

    Parameters
    ----------
    speaker : Speaker or None
        Pending and accepted takes of this speaker count, and the last run that used any; None:
        accepted takes of all, and the last run.
    """
    report = _last_report(speaker)
    scores = _scores(report.data["styles"]) if report else {}
    rows = _rows(speaker, scores)
    wanted = sorted(
        (cell for row in rows for cell in _open(row) if cell.free and cell.state != "enough"),
        key=lambda cell: cell.need,
    )
    run, has_scores = (report.run if report else None), any(scores.values())
    return Needs(rows, _suggestions(wanted, speaker), run, has_scores)


def _last_report(speaker: Speaker | None) -> ValidationReport | None:
    reports = ValidationReport.objects.order_by("-pk").select_related("run")
    if speaker:
        uses = TakeUse.objects.filter(recording__speaker=speaker)
        reports = reports.filter(run__in=uses.values("style_run__run"))
    return reports.first()


def _open(row: list[Cell]) -> list[Cell]:
    """Return the cells of a row to suggest: not its sounds while it has no take at all."""
    return row[:1] if row[0].state == "empty" else row


def band_of(count: int) -> int:
    """Return the length of a sentence with so many syllables: 0 short, 1 medium, 2 long."""
    return sum(count > most for most in BANDS)


def _labelled(speaker: Speaker | None) -> Any:
    """Return the labelled sentences and whether they have a take, of the speaker or accepted."""
    labelled: Any = Sentence.objects.current().filter(label__isnull=False)
    if speaker is None:
        accepted = Q(recorded=Sentence.Recorded.ACCEPTED)
        return labelled.annotate(has_take=ExpressionWrapper(accepted, BooleanField()))
    agreed = Speaker.objects.filter(consented_at__isnull=False, withdrawn_at=None, pk=speaker.pk)
    whose = agreed.values_list("pk", flat=True).first()
    mine = Recording.objects.filter(speaker=whose, is_best=True, sentence=OuterRef("pk"))
    return labelled.annotate(has_take=Exists(mine))


def _rows(
    speaker: Speaker | None, scores: Mapping[str, Mapping[tuple[int, str], float]]
) -> list[list[Cell]]:
    sentences, takes = _counts(_labelled(speaker))
    rows = []
    for style in StyleLabel.objects.all():
        of_style = scores.get(style.key, {})
        for length in range(len(BANDS) + 1):
            row = [
                Cell(
                    style,
                    length,
                    sound,
                    sentences.get((style.pk, length), NONE)[number],
                    takes.get((style.pk, length), NONE)[number],
                    of_style.get((length, sound)),
                    of_style.get((-1, ANY)),
                )
                for number, sound in enumerate(COLUMNS)
            ]
            rows.append(row)
    return rows


def _counts(labelled: Any) -> tuple[Counts, Counts]:
    """Count by style and length, a number for each of `COLUMNS`; all, and those recorded."""
    short, medium = BANDS
    band = Case(
        When(syllables__lte=short, then=Value(0)),
        When(syllables__lte=medium, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    rows = labelled.order_by().annotate(band=band)
    groups = rows.values_list("label", "band", "sounds", "has_take").annotate(n=Count("*"))
    sentences: dict[tuple[int, int], list[int]] = {}
    takes: dict[tuple[int, int], list[int]] = {}
    for label, length, sounds, has_take, n in groups:
        for counts in (sentences, takes) if has_take else (sentences,):
            cell = counts.setdefault((label, length), [0] * len(COLUMNS))
            cell[0] += n
            for bit in range(len(SOUNDS)):
                cell[bit + 1] += n if sounds & 2**bit else 0
    return _frozen(sentences), _frozen(takes)


def _frozen(counts: Mapping[tuple[int, int], Sequence[int]]) -> Counts:
    return {cell: tuple(numbers) for cell, numbers in counts.items()}


def _scores(styles: Mapping[str, Any]) -> dict[str, dict[tuple[int, str], float]]:
    """Return the mean similarity by style, and by length and sound; (-1, ANY) is the mean of all.

    Reports from before similarities were stored by sentence have none.
    """
    found = {}
    for key, report in styles.items():
        values = (report.get("similarity") or {}).get("by_sentence") or []
        texts = [one["text"] for one in report.get("audio", ())]
        found[key] = _by_cell(texts, values) if len(texts) == len(values) else {}
    return found


def _by_cell(texts: Sequence[str], values: Sequence[float]) -> dict[tuple[int, str], float]:
    cells: dict[tuple[int, str], list[float]] = {}
    for text, value in zip(texts, values, strict=True):
        said = set(phonemes(text))
        length = band_of(syllables(text))
        places = [(-1, ANY), (length, ANY), *((length, one) for one in SOUNDS if one in said)]
        for place in places:
            cells.setdefault(place, []).append(value)
    return {place: fmean(some) for place, some in cells.items()}


def _suggestions(wanted: Sequence[Cell], speaker: Speaker | None) -> list[Suggestion]:
    """Return the first cells with sentences that no earlier suggestion has."""
    found: list[Suggestion] = []
    used: list[int] = []
    for cell in wanted:
        if len(found) == MOST:
            break
        free = _labelled(speaker).filter(label=cell.style, has_take=False).exclude(pk__in=used)
        low = (BANDS[cell.band - 1] + 1) if cell.band else 0
        free = free.filter(syllables__gte=low)
        if cell.band < len(BANDS):
            free = free.filter(syllables__lte=BANDS[cell.band])
        if cell.sound:
            free = free.filter(phonemes__contains=cell.sound)
        if sentences := _varied(list(free[:CANDIDATES])):
            used += [sentence.pk for sentence in sentences]
            found.append(Suggestion(cell, sentences))
    return found


def _varied(free: Sequence[Sentence]) -> list[Sentence]:
    """Return the sentences that have the most different sounds together, in the corpus's order."""
    left, heard = list(free), set[str]()
    chosen: list[Sentence] = []
    while left and len(chosen) < EACH:
        best = max(left, key=lambda one: len(_sounds(one) - heard))
        left.remove(best)
        chosen.append(best)
        heard |= _sounds(best)
    return [one for one in free if one in chosen]


def _sounds(sentence: Sentence) -> set[str]:
    return set(sentence.phonemes.split()) & set(SOUNDS)
