"""Which voices of a run can be compared: the held-out sentences that lie in the media."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.files.storage import default_storage

from corpus.files import sha256
from corpus.models import Recording
from distillation.listening_tests.models import ComparedVoice
from distillation.models import ENDED, Run, RunState, StyleRun, VoicePack
from distillation.services.run_files import held_out_name
from distillation.services.target_access import may_hear_target

Role = ComparedVoice.Role
OF_TAKES = (Role.TARGET, Role.HUMAN)  # may be made of takes, which not everybody may hear
SPOKEN = (Role.EVOLVED, Role.DEPLOYED, Role.STOCK, Role.START, Role.TARGET)


@dataclass(frozen=True)
class Source:
    """A voice that can be compared, with the file of each sentence by its text."""

    style_run: StyleRun
    role: Role
    files: dict[str, str]

    @property
    def key(self) -> str:
        return f"{self.style_run.pk}-{self.role.value}"

    @property
    def pack(self) -> VoicePack | None:
        """The evolved or the start voice's pack; the others are of other runs or of none."""
        kinds = {Role.EVOLVED: VoicePack.Kind.EVOLVED, Role.START: VoicePack.Kind.START}
        packs = self.style_run.packs.filter(kind=kinds.get(self.role, ""))
        return packs.order_by("-step").first()


def styles_ready(run: Run) -> list[StyleRun]:
    """Return the validated styles of a run."""
    rows = run.style_runs.filter(state=RunState.FINISHED) if run.state in ENDED else ()
    return [row for row in rows if _exists(_file(row, 1, Role.EVOLVED))]


def sources_of(runs: Sequence[Run], style: str, person: Any) -> list[Source]:
    """Return the voices of a style that a person may compare, the evolved ones first.

    Of the first run there is everything; of the others the evolved voice alone.
    """
    rows = [row for run in runs for row in styles_ready(run) if row.style == style]
    found = [_spoken(row, Role.EVOLVED) for row in rows]
    for row in rows[:1]:
        roles = [role for role in SPOKEN[1:] if role not in OF_TAKES]
        found += [_spoken(row, role) for role in roles]
        if may_hear_target(person, row):
            found += [_spoken(row, Role.TARGET), _takes(row)]
    return list(_distinct(source for source in found if source.files))


def texts_in_common(sources: Iterable[Source]) -> list[str]:
    """Return the sentences that all of the voices speak, in the order of the first."""
    first, *others = sources
    return [text for text in first.files if all(text in other.files for other in others)]


def _spoken(row: StyleRun, role: Role) -> Source:
    texts = row.run.run_recipe.held_out_texts
    files = {text: _file(row, number, role) for number, text in enumerate(texts, start=1)}
    return Source(row, role, {text: name for text, name in files.items() if _exists(name)})


def _takes(row: StyleRun) -> Source:
    """Return the best accepted takes of the held-out sentences that the target is not made of.

    They are of the target's speakers, where its takes are known.
    """
    recipe = row.run.run_recipe
    takes = Recording.objects.usable().filter(
        style__key=row.style, sentence__text__in=recipe.held_out_texts
    )
    if speakers := set(row.take_uses.values_list("recording__speaker", flat=True)):
        takes = takes.filter(speaker__in=speakers)
    best = {take.sentence.text: str(take.wav.name) for take in
            reversed(takes.best_first().select_related("sentence"))}  # fmt: skip
    played = set(recipe.style(row.style).takes.values())
    files = {text: best[text] for text in recipe.held_out_texts if text in best}
    return Source(row, Role.HUMAN, {t: n for t, n in files.items() if n not in played})


def _distinct(sources: Iterable[Source]) -> Iterable[Source]:
    """Leave out a voice whose first sentence is the very file of an earlier one."""
    known = set()
    for source in sources:
        with default_storage.open(next(iter(source.files.values()))) as file:
            digest = sha256(file.read())
        if digest not in known:
            known.add(digest)
            yield source


def _file(row: StyleRun, number: int, role: Role) -> str:
    return held_out_name(row.run_id, row.style, number, role.value)


def _exists(name: str) -> bool:
    return default_storage.exists(name)
