"""Builds a recipe from the database: labelled sentences, usable takes and prompts."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from django.conf import settings
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from corpus.models import (
    Recording,
    Sentence,
    Speaker,
    StyleLabel,
)
from corpus.querysets import RecordingQuerySet
from distillation.engines import TEACHERS
from distillation.engines.reference_audio import JOIN_S, LONGEST_S, LONGEST_SPEECH_S
from distillation.recipe import RecipeError, RunRecipe
from distillation.recipe_builder import (
    SYLLABLES_A_SECOND,
    RecipeRequest,
    SoundFile,
    StyleSource,
    build_recipe,
    check_prompt,
    check_request,
)
from distillation.sentence_selection import (
    REFERENCES,
    SentenceOption,
)
from distillation.services.in_use import default_student
from distillation.services.targets import Clip, by_style
from distillation.services.usable_takes import best_speaker, sentences_counted, usable_takes

ENOUGH_S = 6.0  # takes are joined until a prompt lasts this long
MOST_READ = 2000  # takes of a style, the best ones: more would not change what is chosen
Takes = dict[str, list[Any]]  # by style, best first


def recipe_build(
    *,
    styles: Sequence[str],
    student: str = "",
    teacher: str = "",
    precision: str = "",
    prompt: Recording | None = None,
    own_prompts: bool = False,
    speaker: Speaker | None = None,
    mix_speakers: bool = False,
    tts_url: str = "",
    targets: Iterable[Clip] = (),
    **search: Any,
) -> RunRecipe:
    """Return a recipe of labelled sentences and usable takes, the same for the same corpus.

    Parameters
    ----------
    styles : sequence of str
        Keys, in the order of the report.
    student, teacher, precision, tts_url : str
        Taken from the settings if empty.
    prompt : Recording, optional
        One prompt for all styles, for a cloning teacher.
    own_prompts : bool
        Use each style's best takes as its prompt instead.
    speaker : Speaker, optional
        Whose takes are used; by default the first of `speakers_ranked`.
    mix_speakers : bool
        Use the best takes whoever spoke them.
    targets : iterable of Clip
        Target clips, for styles whose target is not spoken by the teacher.
    search : keyword arguments
        The fields of `RecipeRequest` that determine the search.

    Raises
    ------
    RecipeError
        A name is unknown, or a style lacks labelled sentences or takes; the message names what
        is missing.
    """
    teacher = teacher or settings.TEACHER
    clones = teacher in TEACHERS and TEACHERS[teacher].clones
    request = RecipeRequest(
        student=student or default_student(),
        teacher=teacher,
        precision=precision or settings.KOKORO_PRECISION,
        url=tts_url or settings.TTS_URL,
        prompt=_sound(prompt) if prompt and clones else None,
        **search,
    )
    check_request(request, settings.MODEL_DIR)
    check_prompt(request, own=own_prompts)
    if prompt and clones and not _fits_its_words(prompt):
        raise RecipeError(
            _(
                "prompt: the sound of take %s does not fit the words of its sentence: part of it "
                "is missing, or something else is said. Choose another take."
            )
            % prompt.pk
        )
    labels, clips = _labels(styles), by_style(targets)
    whose = None
    if not mix_speakers:
        given = [prompt] if request.prompt and prompt else []
        whose = speaker or _speaker_of(clips, given) or best_speaker(labels)
        _check_one_speaker(clips, given, whose)
    sources = _sources(labels, clips, whose, plays_takes=TEACHERS[teacher].plays_takes)

    def prompts(avoid: Collection[str]) -> dict[str, list[SoundFile]]:
        chosen = prompts_choose(labels, avoid=avoid, speaker=whose)
        return {key: [_sound(take) for take in takes] for key, takes in chosen.items()}

    return build_recipe(
        request,
        sources,
        Sentence.objects.values_list("text", flat=True),
        model_dir=settings.MODEL_DIR,
        prompts=prompts if own_prompts else None,
    )


def _sound(take: Recording) -> SoundFile:
    return SoundFile(str(take.wav.name), take.sha256, take.sentence.text)


def _fits_its_words(take: Recording) -> bool:
    """Return whether the take's pace was plausible for its sentence when it was measured."""
    return all(check["ok"] for check in take.checks if check["code"] == "length")


def _labels(keys: Sequence[str]) -> list[StyleLabel]:
    found = {label.key: label for label in StyleLabel.objects.filter(key__in=keys)}
    if missing := [key for key in keys if key not in found]:
        raise RecipeError(
            _("styles: %(missing)s is not a style of the corpus.") % {"missing": ", ".join(missing)}
        )
    return [found[key] for key in dict.fromkeys(keys)]


def _speaker_of(
    clips: Mapping[str, Sequence[Clip]], prompts: Sequence[Recording]
) -> Speaker | None:
    """Return the speaker of the chosen takes, if there are any."""
    names = [clip.speaker for of_style in clips.values() for clip in of_style if clip.speaker]
    names += [take.speaker.name for take in prompts]
    return Speaker.objects.get(name=names[0]) if names else None


def _check_one_speaker(
    clips: Mapping[str, Sequence[Clip]], prompts: Sequence[Recording], speaker: Speaker | None
) -> None:
    """Reject chosen takes that are not all by one speaker."""
    named = {"target_takes": [one.speaker for of_style in clips.values() for one in of_style]}
    named["prompt"] = [take.speaker.name for take in prompts]
    for field, names in named.items():
        others = {name for name in names if name and speaker and name != speaker.name}
        if speaker and others:
            raise RecipeError(
                field
                + ": "
                + _(
                    "a take by %(other)s was chosen beside takes by %(speaker)s: their voices "
                    "would be mixed. Choose takes of one speaker, or say that they shall be mixed."
                )
                % {"other": ", ".join(sorted(others)), "speaker": speaker.name}
            )


def _sources(
    labels: Sequence[StyleLabel],
    targets: Mapping[str, Sequence[Clip]],
    speaker: Speaker | None,
    *,
    plays_takes: bool,
) -> list[StyleSource]:
    if unwanted := sorted(set(targets) - {label.key for label in labels}):
        raise RecipeError(
            _("styles: there are target clips for %s, which is not chosen.") % ", ".join(unwanted)
        )
    shared = _in_every_style(labels, speaker) if plays_takes else []
    return [_source(one, targets.get(one.key, ()), speaker, plays_takes, shared) for one in labels]


def _in_every_style(labels: Sequence[StyleLabel], speaker: Speaker | None) -> list[int]:
    """Return sentences recorded in each of these styles: what is held out best."""
    takes = usable_takes(labels, speaker).order_by().values("sentence")
    counted = takes.annotate(styles=Count("style", distinct=True)).filter(styles=len(labels))
    return list(counted.order_by("sentence").values_list("sentence", flat=True)[:MOST_READ])


def _source(
    label: StyleLabel,
    targets: Sequence[Clip],
    speaker: Speaker | None,
    plays_takes: bool,
    shared: Collection[int],
) -> StyleSource:
    options = [] if targets else sentence_options(label, plays_takes, speaker)
    if not targets and len(options) < REFERENCES:
        raise RecipeError(_missing(label, len(options), plays_takes, speaker))
    return StyleSource(
        key=label.key,
        name=label.name,
        speed=label.f5_speed,
        options=options,
        takes=_takes(label, speaker, shared) if plays_takes else {},
        targets=[SoundFile(clip.name, clip.sha256, clip.text) for clip in targets],
        profile=label.profile,
    )


def sentence_options(
    label: StyleLabel, plays_takes: bool, speaker: Speaker | None = None
) -> list[SentenceOption]:
    """Return what a teacher can speak of a style, best first: takes of one speaker, or of all."""
    labelled = Sentence.objects.with_label().filter(Q(label_key=label.key))
    if plays_takes:
        takes = usable_takes([label], speaker).filter(is_best=True)
        return [
            SentenceOption(text, take.duration_s, take.quality or 0.0, is_recorded=True)
            for text, take in _best_of_each(takes).items()
        ]
    pace = SYLLABLES_A_SECOND * label.f5_speed
    return [
        SentenceOption(sentence.text, sentence.syllables / pace) for sentence in labelled.current()
    ]


def _takes(
    label: StyleLabel, speaker: Speaker | None, shared: Collection[int]
) -> dict[str, SoundFile]:
    takes = usable_takes([label], speaker)
    found = _best_of_each(takes) | _best_of_each(takes.filter(sentence__in=shared))
    return {text: _sound(take) for text, take in found.items()}


def _best_of_each(takes: RecordingQuerySet) -> dict[str, Any]:
    best: dict[str, Any] = {}
    for take in takes.best_first().select_related("sentence")[:MOST_READ]:
        best.setdefault(take.sentence.text, take)
    return best


def _missing(label: StyleLabel, found: int, plays_takes: bool, speaker: Speaker | None) -> str:
    counts = {"style": label.name, "wanted": REFERENCES, "found": found}
    if plays_takes and speaker and sentences_counted([label], plays_takes).get(label.pk, 0) > found:
        return _(
            "%(style)s: %(wanted)d sentences labelled with this style need an accepted take by "
            "%(speaker)s; there are %(found)d, the others are by other speakers. Record or accept "
            "more, leave the style out, or say that speakers shall be mixed."
        ) % {**counts, "speaker": speaker.name}
    if plays_takes:
        return (
            _(
                "%(style)s: %(wanted)d sentences labelled with this style need an accepted take "
                "by a speaker who consented; there are %(found)d. Record or accept more takes."
            )
            % counts
        )
    return (
        _("%(style)s: %(wanted)d labelled sentences are needed; there are %(found)d. Label more.")
        % counts
    )


def prompts_choose(
    labels: Sequence[StyleLabel],
    *,
    avoid: Collection[str] = (),
    speaker: Speaker | None = None,
) -> Takes:
    """Return the takes of each style's prompt, in order.

    All are by one speaker, so that the styles share one voice: the speaker with takes in the most
    styles, then with the best takes, unless one is given. Takes are added by quality until they
    last 6 s; a prompt lasts at most 12 s, including silence. Takes of sentences in `avoid` come
    last: the teacher will speak those later and would only repeat the prompt.

    Raises
    ------
    RecipeError
        The speaker has no such take in some styles; the message names them.
    """
    by_speaker: dict[int, Takes] = defaultdict(lambda: defaultdict(list))
    usable = [usable_takes([label], speaker).filter(duration_s__lte=LONGEST_S) for label in labels]
    ordered = chain.from_iterable(
        takes.best_first().select_related("sentence", "style", "speaker")[:MOST_READ]
        for takes in usable
    )
    fitting = filter(_fits_its_words, ordered)
    for take in sorted(fitting, key=lambda take: take.sentence.text in avoid):
        by_speaker[take.speaker_id][take.style.key].append(take)
    best = max(by_speaker.values(), key=_worth, default={})
    if missing := [label.name for label in labels if label.key not in best]:
        raise RecipeError(_message(missing))
    return {label.key: _joined(best[label.key]) for label in labels}


def _worth(takes: Takes) -> tuple[int, float]:
    return len(takes), sum(of_style[0].quality or 0.0 for of_style in takes.values())


def _message(missing: list[str]) -> str:
    message = _(
        "own_prompts: no accepted take of at most %(seconds)d s in %(styles)s by the speaker of "
        "the other styles. Record or accept one, or choose one prompt for all styles."
    )
    return message % {"styles": ", ".join(missing), "seconds": LONGEST_S}


def _joined(takes: list[Any]) -> list[Any]:
    chosen, seconds = takes[:1], takes[0].duration_s
    for take in takes[1:]:
        if seconds >= ENOUGH_S:
            break
        said = any(take.sentence_id == one.sentence_id for one in chosen)
        if not said and seconds + JOIN_S + take.duration_s <= LONGEST_SPEECH_S:
            chosen.append(take)
            seconds += JOIN_S + take.duration_s
    return chosen
