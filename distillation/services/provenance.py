"""Which takes a voice was made of, what was made of a speaker's takes, withdrawn consent."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from corpus.models import Recording, Speaker, TakeVerdict
from distillation.models import Deployment, Run, StyleRun, TakeUse, VoicePack
from distillation.recipe import sounds_used
from distillation.services.errors import RunError


@dataclass
class Made:
    """One style of a run that used takes of a speaker, and the packs and deployments it made."""

    style_run: StyleRun
    takes: list[Recording]
    packs: list[VoicePack] = field(default_factory=list)
    deployments: list[Deployment] = field(default_factory=list)


def take_uses_store(style_run: StyleRun) -> None:
    """Record which takes the style's recipe uses."""
    roles = sounds_used(style_run.run.recipe, style_run.style)
    takes = Recording.objects.filter(wav__in=roles)
    style_run.take_uses.all().delete()
    TakeUse.objects.bulk_create(
        TakeUse(style_run=style_run, recording=take, role=roles[str(take.wav.name)])
        for take in takes
    )


@dataclass(frozen=True)
class UsedTake:
    """A take that a run uses, and why this one.

    Attributes
    ----------
    use : TakeUse
    quality : float or None
        Its newest score, 0-1.
    of : int
        Accepted takes of this sentence in this style by its speaker; it was the best of them.
    accepted_by : str
        Who accepted it last; empty if nobody's verdict stands.
    """

    use: TakeUse
    quality: float | None
    of: int
    accepted_by: str


def takes_used(run: Run) -> dict[str, list[UsedTake]]:
    """Return the takes of a run by style, in the order of their sentences."""
    uses = TakeUse.objects.filter(style_run__run=run).select_related(
        "style_run", "recording__sentence", "recording__speaker", "recording__style"
    )
    uses = uses.order_by("style_run", "role", "recording__sentence__position", "pk")
    if not uses:
        return {}
    takes: Any = Recording.objects.filter(pk__in={use.recording_id for use in uses})
    quality = dict(takes.values_list("pk", "quality"))
    same: Any = Recording.objects.filter(
        state=Recording.State.ACCEPTED, sentence__in=takes.values("sentence")
    ).values_list("sentence", "style", "speaker")
    counts: Counter[Any] = Counter(same.order_by())
    verdicts: Any = TakeVerdict.objects.filter(recording__in=takes)
    accepted = verdicts.standing().filter(state=Recording.State.ACCEPTED).order_by("pk")
    people = dict(accepted.values_list("recording", "person__username"))
    found: dict[str, list[UsedTake]] = defaultdict(list)
    for use in uses:
        take = use.recording
        of = counts[take.sentence_id, take.style_id, take.speaker_id]
        row = UsedTake(use, quality[take.pk], of, people.get(take.pk, ""))
        found[use.style_run.style].append(row)
    return dict(found)


def voice_made(speaker: Speaker) -> list[Made]:
    """List every style run that used a take of the speaker, newest first, with what it made."""
    takes: dict[StyleRun, list[Recording]] = defaultdict(list)
    uses = TakeUse.objects.filter(recording__speaker=speaker).order_by(
        "-style_run", "recording__wav"
    )
    for use in uses.select_related("style_run__run", "recording__sentence", "recording__style"):
        takes[use.style_run].append(use.recording)
    made = [Made(style_run, of_run) for style_run, of_run in takes.items()]
    _add_results(made)
    return made


def consent_hold(style_run: StyleRun) -> None:
    """Raise if a speaker whose takes the style uses has withdrawn consent.

    Raises
    ------
    RunError
        `consent_withdrawn`, naming the speakers; the run is unchanged and can be retried if
        they consent again.
    """
    gone = style_run.take_uses.filter(recording__speaker__withdrawn_at__isnull=False)
    if who := sorted(set(gone.values_list("recording__speaker__name", flat=True))):
        message = _("%s withdrew the consent: this voice may not be used for anything new.")
        raise RunError("consent_withdrawn", message % ", ".join(who))


def _add_results(made: list[Made]) -> None:
    by_run = {item.style_run.pk: item for item in made}
    packs = VoicePack.objects.filter(style_run__in=by_run).with_verdict()
    deployments: dict[int, list[Deployment]] = defaultdict(list)
    rows = Deployment.objects.filter(pack__style_run__in=by_run).select_related("person")
    for row in rows:
        deployments[row.pack_id].append(row)
    for pack in packs:
        item = by_run[pack.style_run_id]
        item.packs.append(pack)
        item.deployments += deployments[pack.pk]
