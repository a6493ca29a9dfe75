"""Creates a listening test: its voices, and their sounds prepared to be played blind."""

from collections.abc import Sequence
from secrets import randbelow
from typing import Any, NamedTuple

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from corpus.audio.io import encode_wav
from corpus.audio.loudness import integrated_lufs
from corpus.audio.types import Audio
from corpus.models import Recording
from distillation.listening_tests.design import trap_sounds
from distillation.listening_tests.models import ComparedVoice, ListeningTest, PreparedSound
from distillation.listening_tests.preparation import (
    at_loudness,
    common_lufs,
    degraded,
    equally_long,
    trimmed,
)
from distillation.listening_tests.scales import SCALES, Kind
from distillation.listening_tests.services.access import may_see_results
from distillation.listening_tests.services.errors import ListeningError
from distillation.listening_tests.services.sources import (
    OF_TAKES,
    Role,
    Source,
    texts_in_common,
)
from distillation.services.provenance import consent_hold
from distillation.services.run_files import sound_read
from distillation.services.target_access import may_hear_target

MAX_VOICES, MAX_SENTENCES = 6, 30  # prepared while the creator waits: 5 ms a sound


class _Sound(NamedTuple):
    """A sound in preparation."""

    voice: int
    sentence: int
    degraded: bool
    audio: Audio


def listening_test_create(
    *,
    kind: Kind,
    sources: Sequence[Source],
    sentences: int,
    person: Any,
    results_shown: bool = True,
    seed: int | None = None,
) -> ListeningTest:
    """Create a test of the voices; the first source is the one that effects are told of.

    Raises
    ------
    ListeningError
        `target_missing`, `too_few_voices`, `too_many_voices`, `no_sentences`, `not_allowed`.
    RunError
        `consent_withdrawn`.
    AudioError
        A file of a voice cannot be read.
    """
    reference = _reference(kind, sources)
    _check(kind, sources, reference, person)
    texts = texts_in_common(sources)[: min(sentences, MAX_SENTENCES)]
    if not texts:
        raise ListeningError("no_sentences", _("These voices have no sentence in common."))
    sounds = _prepared(sources, texts, reference)
    first = sources[0].style_run
    with transaction.atomic():
        test = ListeningTest.objects.create(
            kind=kind.value,
            run=first.run,
            style=first.style,
            texts=texts,
            seed=randbelow(2**31) if seed is None else seed,
            results_shown=results_shown,
            created_by=person,
        )
        voices = [_voice_store(test, n, one, reference) for n, one in enumerate(sources)]
        for sound in sounds:
            _sound_store(voices[sound.voice], sources[sound.voice], texts, sound)
    return test


def listening_test_close(*, test: ListeningTest) -> None:
    ListeningTest.objects.filter(pk=test.pk, closed_at=None).update(closed_at=timezone.now())


@transaction.atomic
def listening_test_reopen(*, test: ListeningTest) -> None:
    """Let people listen again, but for listeners who may have seen the results meanwhile."""
    locked = ListeningTest.objects.select_for_update().get(pk=test.pk)
    if locked.is_open:
        return
    parts = test.listeners.filter(finished_at=None, user__isnull=False).select_related("user")
    seen = [part.pk for part in parts if may_see_results(part.user, locked)]
    test.listeners.filter(pk__in=seen).update(finished_at=timezone.now())
    ListeningTest.objects.filter(pk=test.pk).update(closed_at=None)


def _reference(kind: Kind, sources: Sequence[Source]) -> int | None:
    """Return which voice is X in an ABX: the target, else the human take."""
    for role in OF_TAKES if kind == Kind.ABX else ():
        for number, source in enumerate(sources):
            if source.role == role:
                return number
    return None


def _check(kind: Kind, sources: Sequence[Source], reference: int | None, person: Any) -> None:
    if kind == Kind.ABX and reference is None:
        raise ListeningError(
            "target_missing", _("Similarity needs the target or a human take: tick one of them.")
        )
    judged = len(sources) - (reference is not None)
    if judged < SCALES[kind].sides:
        raise ListeningError("too_few_voices", _("Tick two voices at least, besides the target X."))
    if len(sources) > MAX_VOICES:
        raise ListeningError("too_many_voices", _("Tick %d voices at most.") % MAX_VOICES)
    for source in sources:
        if source.role in OF_TAKES and not may_hear_target(person, source.style_run):
            raise ListeningError("not_allowed", _("You may not play the takes of this target."))
        consent_hold(source.style_run)


def _prepared(
    sources: Sequence[Source], texts: Sequence[str], reference: int | None
) -> list[_Sound]:
    """Return all sounds at one loudness; those of a sentence are equally long."""
    sounds = [
        _Sound(voice, sentence, False, trimmed(sound_read(source.files[text])))
        for sentence, text in enumerate(texts)
        for voice, source in enumerate(sources)
    ]
    clean = {(sound.voice, sound.sentence): sound.audio for sound in sounds}
    judged = [voice for voice in range(len(sources)) if voice != reference]
    for voice, sentence in dict.fromkeys(trap_sounds(judged, len(texts))):
        bad = degraded(clean[voice, sentence], seed=sentence)
        sounds.append(_Sound(voice, sentence, True, bad))
    lufs = common_lufs(sound.audio for sound in sounds)
    ready = []
    for sentence in range(len(texts)):
        group = [sound for sound in sounds if sound.sentence == sentence]
        audios = equally_long([at_loudness(sound.audio, lufs) for sound in group])
        ready += [one._replace(audio=audio) for one, audio in zip(group, audios, strict=True)]
    return ready


def _voice_store(
    test: ListeningTest, position: int, source: Source, reference: int | None
) -> ComparedVoice:
    return ComparedVoice.objects.create(
        test=test,
        position=position,
        role=source.role,
        style_run=source.style_run,
        pack=source.pack,
        is_reference=position == reference,
    )


def _sound_store(voice: ComparedVoice, source: Source, texts: Sequence[str], sound: _Sound) -> None:
    name = source.files[texts[sound.sentence]]
    row = PreparedSound(
        voice=voice,
        sentence=sound.sentence,
        degraded=sound.degraded,
        source=name,
        recording=_recording(source, name),
        duration_s=sound.audio.duration_s,
        loudness_lufs=integrated_lufs(sound.audio),
    )
    row.file.save("", ContentFile(encode_wav(sound.audio)), save=False)
    row.save()


def _recording(source: Source, name: str) -> Recording | None:
    return Recording.objects.filter(wav=name).first() if source.role == Role.HUMAN else None
