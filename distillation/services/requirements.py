"""What a launch needs and whether it is there: takes, weights, workers, consent."""

from collections.abc import Collection
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import Count

from corpus.models import Recording, Speaker, StyleLabel
from distillation.engines import STUDENTS, TEACHERS, has_voices
from distillation.sentence_selection import REFERENCES, SpeakerTakes
from distillation.services.recovery import teacher_is_there, worker_is_there
from distillation.services.usable_takes import best_speaker, sentences_counted, speakers_ranked


@dataclass(frozen=True, kw_only=True)
class StyleNeed:
    """How many sentences a style has for its target; recorded ones if the teacher plays takes."""

    style: StyleLabel
    found: int
    is_chosen: bool
    wanted: int = REFERENCES

    @property
    def met(self) -> bool:
        return self.found >= self.wanted


@dataclass(frozen=True, kw_only=True)
class Unused:
    """A speaker whose accepted takes are not used, and how many they are."""

    speaker: Speaker
    takes: int


@dataclass(frozen=True, kw_only=True)
class Requirements:
    """What is there of what a launch with this student, teacher and styles needs.

    Attributes
    ----------
    plays_takes : bool
        Whether the teacher plays accepted takes, so that the styles need them.
    styles : list of StyleNeed
        All of the corpus, those of the run and the others.
    unused : list of Unused
        Accepted takes without a standing consent.
    install_hint : str
        The command that fetches the student's files; empty if they are here.
    has_worker : bool
    lacks_teacher_worker : bool
        Whether the teacher has a queue of its own that no worker takes.
    speaker : Speaker or None
        Whose takes the run would use; None if those of all, or none.
    ranked : list of SpeakerTakes
        Who has usable takes in the chosen styles, the one that is used by default first.
    """

    plays_takes: bool
    styles: list[StyleNeed]
    unused: list[Unused]
    install_hint: str
    has_worker: bool
    lacks_teacher_worker: bool
    speaker: Speaker | None = None
    ranked: list[SpeakerTakes] = field(default_factory=list)

    @property
    def can_launch(self) -> bool:
        """Whether a launch would be accepted; it may still wait for a worker."""
        return bool(self.chosen) and not self.install_hint and all(one.met for one in self.chosen)

    @property
    def chosen(self) -> list[StyleNeed]:
        return [one for one in self.styles if one.is_chosen]

    @property
    def met(self) -> bool:
        return self.can_launch and self.has_worker and not self.lacks_teacher_worker


def launch_requirements(
    *,
    student: str,
    teacher: str,
    styles: Collection[str],
    speaker: Speaker | None = None,
    mix_speakers: bool = False,
) -> Requirements:
    """Return what is there of what a launch needs."""
    info = TEACHERS[teacher]
    labels = list(StyleLabel.objects.all())
    chosen = [label for label in labels if label.key in styles]
    ranked = speakers_ranked(chosen or labels) if info.plays_takes else []
    if mix_speakers:
        speaker = None
    elif ranked and speaker is None:
        speaker = best_speaker(chosen or labels)
    found = sentences_counted(labels, info.plays_takes, speaker)
    return Requirements(
        plays_takes=info.plays_takes,
        speaker=speaker if info.plays_takes else None,
        ranked=ranked,
        styles=[
            StyleNeed(
                style=label,
                found=found.get(label.pk, 0),
                is_chosen=label in chosen,
            )
            for label in labels
        ],
        unused=_unused(),
        install_hint=""
        if has_voices(student, settings.MODEL_DIR)
        else STUDENTS[student].install_hint,
        has_worker=worker_is_there(),
        lacks_teacher_worker=bool(info.queue) and not teacher_is_there(),
    )


def _unused() -> list[Unused]:
    gone = Speaker.objects.exclude(consented_at__isnull=False, withdrawn_at=None)
    accepted = Recording.objects.filter(state=Recording.State.ACCEPTED, speaker__in=gone)
    counts = accepted.order_by().values_list("speaker").annotate(n=Count("*"))
    takes: dict[int, int] = dict(counts)
    found = Speaker.objects.filter(pk__in=takes).order_by("name")
    return [Unused(speaker=speaker, takes=takes[speaker.pk]) for speaker in found]
