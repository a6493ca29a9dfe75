"""A recipe from the corpus' rows: labelled sentences and usable takes are its source."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from corpus.models import Recording, Sentence, StyleLabel
from corpus.querysets import RecordingQuerySet
from distillation.engines import TEACHERS
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
from distillation.sentence_selection import REFERENCES, SentenceOption
from distillation.services.in_use import default_student
from distillation.services.prompts import prompts_choose
from distillation.services.targets import Clip, by_style


def recipe_build(
    *,
    styles: Sequence[str],
    student: str = "",
    teacher: str = "",
    precision: str = "",
    prompt: Recording | None = None,
    own_prompts: bool = False,
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
        As the settings have them where they are empty.
    prompt : Recording, optional
        One for all styles, of a cloning teacher.
    own_prompts : bool
        Each style's best takes instead.
    targets : iterable of Clip
        Clips of a style whose teacher speaks no target.
    search : keyword arguments
        The fields of `RecipeRequest` that decide the search.

    Raises
    ------
    RecipeError
        A name that is not known, or a style without enough labelled sentences or takes; the
        message names what is missing.
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
    labels = _labels(styles)
    sources = _sources(labels, by_style(targets), plays_takes=TEACHERS[teacher].plays_takes)

    def prompts(avoid: Collection[str]) -> dict[str, list[SoundFile]]:
        chosen = prompts_choose(labels, avoid=avoid)
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


def _labels(keys: Sequence[str]) -> list[StyleLabel]:
    found = {label.key: label for label in StyleLabel.objects.filter(key__in=keys)}
    if missing := [key for key in keys if key not in found]:
        raise RecipeError(
            _("styles: %(missing)s is no style of the corpus.") % {"missing": ", ".join(missing)}
        )
    return [found[key] for key in dict.fromkeys(keys)]


def _sources(
    labels: Sequence[StyleLabel], targets: Mapping[str, Sequence[Clip]], *, plays_takes: bool
) -> list[StyleSource]:
    if unwanted := sorted(set(targets) - {label.key for label in labels}):
        raise RecipeError(
            _("styles: there are target clips for %s, which is not chosen.") % ", ".join(unwanted)
        )
    return [_source(label, targets.get(label.key, ()), plays_takes) for label in labels]


def _source(label: StyleLabel, targets: Sequence[Clip], plays_takes: bool) -> StyleSource:
    options = [] if targets else _options(label, plays_takes)
    if not targets and len(options) < REFERENCES:
        raise RecipeError(_missing(label, len(options), plays_takes))
    return StyleSource(
        key=label.key,
        name=label.name,
        speed=label.f5_speed,
        options=options,
        takes=_takes(label) if plays_takes else {},
        targets=[SoundFile(clip.name, clip.sha256, clip.text) for clip in targets],
    )


def _options(label: StyleLabel, plays_takes: bool) -> list[SentenceOption]:
    labelled = Sentence.objects.with_label().filter(Q(label_key=label.key))
    if plays_takes:
        takes = Recording.objects.usable().filter(style=label, sentence__in=labelled.values("pk"))
        return [
            SentenceOption(text, take.duration_s, take.quality or 0.0, is_recorded=True)
            for text, take in _best_of_each(takes).items()
        ]
    pace = SYLLABLES_A_SECOND * label.f5_speed
    return [SentenceOption(sentence.text, sentence.syllables / pace) for sentence in labelled]


def _takes(label: StyleLabel) -> dict[str, SoundFile]:
    takes = _best_of_each(Recording.objects.usable().filter(style=label))
    return {text: _sound(take) for text, take in takes.items()}


def _best_of_each(takes: RecordingQuerySet) -> dict[str, Any]:
    best: dict[str, Any] = {}
    for take in takes.best_first().select_related("sentence"):
        best.setdefault(take.sentence.text, take)
    return best


def _missing(label: StyleLabel, found: int, plays_takes: bool) -> str:
    counts = {"style": label.name, "wanted": REFERENCES, "found": found}
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
