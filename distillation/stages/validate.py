"""Stage validate: measures and checks start and evolved voice on the held-out sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from corpus.audio.io import write_wav
from corpus.audio.loudness import integrated_lufs, normalize
from corpus.audio.prosody import Prosody, measure
from corpus.audio.types import Audio, AudioError
from corpus.phonetics import syllables
from distillation.engines import TEACHERS
from distillation.engines.base import EngineError, Prompt, Student, Teacher
from distillation.recipe import RunRecipe
from distillation.scoring import Score, Scorer
from distillation.scoring.naturalness import available
from distillation.stages import delivery_fit, prosody_figures, second_opinion
from distillation.stages.base import Progress, StageError
from distillation.stages.checks import NATURALNESS_LOSS, Check, checked
from distillation.stages.clips import read_clips
from distillation.stages.differentiation import MEASURES, measured
from distillation.stages.evidence import ceiling, impostors, similarities
from distillation.stages.intervals import ScoredVoice, score_intervals
from distillation.stages.naturalness import Naturalness, predicted_naturalness
from distillation.stages.prosody_figures import ProsodyFigures, SentenceFigures
from distillation.stages.reference import PAUSE_S, joined
from distillation.stages.speech_cache import cached_speech
from distillation.stages.voice_atlas import MeasuredVoice
from distillation.voicepack import VoicePack

LUFS = -23.0
KINDS = ("target", "start", "evolved", "stock", "deployed")  # of the files of a sentence


@dataclass(frozen=True, kw_only=True)
class VoiceResult:
    """One voice over the held-out sentences.

    Attributes
    ----------
    sha256 : str
        Of the pack's engine and values.
    score : Score
        Against the target clip; target and feature similarity are means over the sentences.
    durations_s : tuple of float
        One for each sentence.
    prosody : tuple of Prosody
        One for each sentence.
    measures : tuple of mapping
        `differentiation.MEASURES` of each sentence.
    """

    sha256: str
    score: Score
    durations_s: tuple[float, ...]
    prosody: tuple[Prosody, ...]
    measures: tuple[Mapping[str, float | None], ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types; `prosody` includes the measures, `prosody_mean` their means."""
        means = {name: _mean([one[name] for one in self.measures]) for name in MEASURES}
        both = zip(self.prosody, self.measures, strict=True)
        return {
            "sha256": self.sha256,
            "score": self.score.to_json(),
            "durations_s": list(self.durations_s),
            "prosody": [{**_without_contour(prosody), **more} for prosody, more in both],
            "prosody_mean": means,
        }


@dataclass(frozen=True, kw_only=True)
class StyleReport:
    """The validation report of one style.

    Attributes
    ----------
    style : str
    checks : tuple of Check
        Of the evolved voice.
    start, evolved : VoiceResult
        Before and after the search, on the same sentences.
    target_prosody : Prosody
        Of the target clip as a whole; its speech rate is unknown.
    naturalness : Naturalness or None
        None if the recipe does not check it or its predictor is not installed.
    target_figures : ProsodyFigures or None
        Pitch, range and rate of the target, taken together.
    target_sentences : SentenceFigures or None
        Pitch and range of its sentences, where it has three or more.
    similarity : dict
        What the similarity means (`stages.evidence`): intervals, `ceiling`, `impostors`, and
        `lost`, the points of the score that held-out sentences lose against those of the search.
    score_intervals : dict
        The score with intervals over the sentences (`stages.intervals`).
    second_measure : dict or None
        The measure of an encoder that no search uses (`stages.second_opinion`).
    delivery : dict or None
        What a deployment adds to the pack (`stages.delivery_fit`).
    audio : tuple of dict
        For each sentence its `text` and the files of `KINDS`, relative to the audio folder; None
        for a `target` that the teacher cannot speak, a `stock` voice (the best base voice) that is
        not known, and where no voice is `deployed`.
    """

    style: str
    checks: tuple[Check, ...]
    start: VoiceResult
    evolved: VoiceResult
    target_prosody: Prosody
    naturalness: Naturalness | None = None
    target_figures: ProsodyFigures | None = None
    target_sentences: SentenceFigures | None = None
    similarity: dict[str, Any] = field(default_factory=dict)
    score_intervals: dict[str, Any] = field(default_factory=dict)
    second_measure: dict[str, Any] | None = None
    delivery: dict[str, Any] | None = None
    audio: tuple[dict[str, str | None], ...] = field(default=())

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    @property
    def gain(self) -> dict[str, float]:
        """Evolved minus start, for the score and its three parts, on held-out sentences."""
        before, after = self.start.score.to_json(), self.evolved.score.to_json()
        return {name: after[name] - before[name] for name in after}

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "style": self.style,
            "passed": self.passed,
            "checks": [asdict(check) for check in self.checks],
            "start": self.start.to_json(),
            "evolved": self.evolved.to_json(),
            "gain": self.gain,
            "target_prosody": _without_contour(self.target_prosody),
            "naturalness": self.naturalness and self.naturalness.to_json(),
            "target_figures": self.target_figures and list(self.target_figures),
            "target_sentences": self.target_sentences and self.target_sentences._asdict(),
            "similarity": self.similarity,
            "score_intervals": self.score_intervals,
            "second_measure": self.second_measure,
            "delivery": self.delivery,
            "audio": list(self.audio),
        }


def validate_style(
    recipe: RunRecipe,
    style_key: str,
    student: Student,
    teacher: Teacher | None,
    prompt: Prompt | None,
    *,
    target: str | Path,
    start: VoicePack,
    evolved: VoicePack,
    base_voice: str = "",
    deployed: VoicePack | None = None,
    target_texts: Sequence[str] = (),
    base_voices: Mapping[str, MeasuredVoice] | None = None,
    audio_dir: str | Path,
    on_progress: Progress | None = None,
) -> StyleReport:
    """Speak the held-out sentences with the start and the evolved voice and check the latter.

    Parameters
    ----------
    recipe : RunRecipe
        Its held-out texts, thresholds, weights and seed.
    style_key : str
        One of its styles.
    student : Student
        Speaks both voices.
    teacher, prompt : Teacher, Prompt or None
        If the teacher can speak a held-out sentence, its audio is written too, for review.
    target : path
        The style's target; its other clips are next to it.
    start, evolved : VoicePack
        Before and after the search.
    base_voice : str, optional
        The base voice with the highest score (`Evolution.base_voice`), which the evolved voice
        must about match in naturalness; if unknown, the start is used instead.
    deployed : VoicePack, optional
        The voice of this style that is in service now, to compare the evolved one with.
    target_texts : sequence of str, optional
        All text spoken in the target, for its rate; if unknown, syllables are counted from audio.
    base_voices : mapping of str to MeasuredVoice, optional
        The atlas of the base voices: the impostors, and the cohort of the second measure.
    audio_dir : path
        Output folder for ``{style}/{n}-{kind}.wav``, n from 1, kind of `KINDS`, at -23 LUFS.
    on_progress : callable, optional
        Called with (sentences done, total).

    Raises
    ------
    StageError
        `bad_target`: no speech in the target clip.
    """
    clips, scorer = _scorer(recipe, Path(target))
    best = student.stock_voice(base_voice) if base_voice else None
    packs, stock = _packs(start, evolved, deployed, best)
    checks_naturalness = NATURALNESS_LOSS in recipe.thresholds and available()
    speak = partial(_by_teacher, teacher, prompt, recipe.style(style_key).speed, recipe.seed)
    spoken, files = _speak_held_out(
        recipe, style_key, student, packs, speak, Path(audio_dir), on_progress, stock=stock
    )
    scored: dict[str, ScoredVoice] = {
        kind: ScoredVoice.of(scorer, spoken[kind])
        for kind in ("start", "evolved", "deployed")
        if kind in packs
    }
    results = {
        kind: _result(scored[kind].score, packs[kind], recipe.held_out_texts, spoken[kind])
        for kind in ("start", "evolved")
    }
    natural = predicted_naturalness(spoken, clips, base_voice) if checks_naturalness else None
    searched = [
        cached_speech(student, text, evolved, seed=recipe.seed) for text in recipe.search_texts
    ]
    figures = prosody_figures.measured(clips, target_texts)
    return StyleReport(
        style=style_key,
        checks=checked(results["evolved"], natural, recipe.thresholds),
        start=results["start"],
        evolved=results["evolved"],
        target_prosody=measure(joined(clips, PAUSE_S)),
        naturalness=natural,
        target_figures=figures,
        target_sentences=prosody_figures.of_sentences(clips),
        delivery=delivery_fit.fitted(
            recipe,
            student,
            evolved,
            searched,
            spoken["evolved"],
            target=figures,
            knows_words=bool(target_texts),
            target_lufs=float(np.mean([integrated_lufs(clip) for clip in clips])),
        ),
        audio=tuple(files),
        score_intervals=score_intervals(scored, recipe.weights),
        **_evidence(
            clips,
            scorer,
            {kind: spoken[kind] for kind in packs},
            base_voices or {},
            lost=scorer.score_all(searched).total - results["evolved"].score.total,
        ),
    )


def _packs(
    start: VoicePack, evolved: VoicePack, deployed: VoicePack | None, best: VoicePack | None
) -> tuple[dict[str, VoicePack], str]:
    """Return the voices that speak, and which of them is the best base voice, if it is known."""
    packs = {"start": start, "evolved": evolved}
    packs |= {"deployed": deployed} if deployed else {}
    if best is None or best.sha256 == start.sha256:
        return packs, "start" if best else ""
    return packs | {"best_base": best}, "best_base"


def _evidence(
    clips: Sequence[Audio],
    scorer: Scorer,
    voices: Mapping[str, Sequence[Audio]],
    atlas: Mapping[str, MeasuredVoice],
    *,
    lost: float,
) -> dict[str, Any]:
    """Return what a report says of the similarity, by both encoders."""
    target = scorer.target_embedding
    found = similarities(voices, target)
    embeddings = {name: one.embeddings for name, one in atlas.items()}
    return {
        "similarity": {
            **found,
            "ceiling": ceiling(clips),
            "impostors": impostors(embeddings, target) if atlas else None,
            "lost": lost,
        },
        "second_measure": second_opinion.second_opinion(
            [one.second for one in atlas.values()],
            clips,
            voices["start"],
            voices["evolved"],
            gained=found["gain"]["mean"] > 0,
        ),
    }


def _scorer(recipe: RunRecipe, target: Path) -> tuple[list[Audio], Scorer]:
    clips = read_clips(target)
    try:
        return clips, Scorer(*clips, weights=recipe.weights)
    except AudioError as error:
        raise StageError("bad_target", f"{target}: {error}") from error


def _speak_held_out(
    recipe: RunRecipe,
    style_key: str,
    student: Student,
    packs: Mapping[str, VoicePack],
    speak_target: Callable[[str], Audio | None],
    audio_dir: Path,
    on_progress: Progress | None,
    *,
    stock: str,
) -> tuple[dict[str, list[Audio]], list[dict[str, str | None]]]:
    """Return the held-out sentences by voice, and the files they were written to.

    `stock` is the voice among `packs` that is the best base voice; empty if it is unknown.
    """
    spoken: dict[str, list[Audio]] = {kind: [] for kind in (*packs, "target")}
    files = []
    for number, text in enumerate(recipe.held_out_texts, start=1):
        audios: dict[str, Audio | None] = {
            kind: cached_speech(student, text, pack, seed=recipe.seed)
            for kind, pack in packs.items()
        }
        audios["target"] = speak_target(text)
        for kind, audio in audios.items():
            spoken[kind] += [audio] if audio else []
        written = {**audios, "stock": audios.get(stock)}
        files.append(_write(audio_dir, style_key, number, text, written))
        if on_progress:
            on_progress(number, len(recipe.held_out_texts))
    return spoken, files


def _by_teacher(
    teacher: Teacher | None, prompt: Prompt | None, speed: float, seed: int, text: str
) -> Audio | None:
    """Return the sentence spoken by the teacher, or None if it cannot speak it."""
    if teacher is None or prompt is None:
        return None
    info = TEACHERS.get(teacher.name)
    if info and info.plays_takes and text not in prompt.takes:
        return None  # it would play a slice of the prompt, which says something else
    try:
        return teacher.synthesize(text, prompt, speed=speed, seed=seed)
    except EngineError:
        return None


def _write(
    audio_dir: Path, style_key: str, number: int, text: str, audios: dict[str, Audio | None]
) -> dict[str, str | None]:
    files: dict[str, str | None] = {"text": text}
    for kind in KINDS:
        name, audio = f"{style_key}/{number}-{kind}.wav", audios.get(kind)
        files[kind] = name if audio is not None else None
        if audio is None:
            (audio_dir / name).unlink(missing_ok=True)
        else:
            write_wav(audio_dir / name, normalize(audio, LUFS))
    return files


def _result(
    score: Score, pack: VoicePack, texts: Sequence[str], audios: Sequence[Audio]
) -> VoiceResult:
    spoken = list(zip(texts, audios, strict=True))
    prosody = tuple(measure(audio, syllables=syllables(text)) for text, audio in spoken)
    return VoiceResult(
        sha256=pack.sha256,
        score=score,
        durations_s=tuple(audio.duration_s for audio in audios),
        prosody=prosody,
        measures=tuple(measured(audio, one) for audio, one in zip(audios, prosody, strict=True)),
    )


def _without_contour(prosody: Prosody) -> dict[str, Any]:
    data = prosody.to_json()
    del data["contour"]
    return data


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
