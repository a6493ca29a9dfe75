"""Runs one style from its target to its report, with files in a workspace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from corpus.audio.types import Audio
from corpus.files import sha256_of
from distillation import engines, voicepack
from distillation.engines.base import EngineError, Prompt, Student, Teacher
from distillation.recipe import RunRecipe
from distillation.stages.base import Progress
from distillation.stages.clips import read_clips
from distillation.stages.evolve import Evolution
from distillation.stages.initialization import stock_of
from distillation.stages.prosody_figures import measured
from distillation.stages.reference import Target, make_prompt, make_target, take_clips
from distillation.stages.search_context import SearchContext
from distillation.stages.target_warnings import (
    TargetWarning,
    separate_encoder,
    target_warnings,
)
from distillation.stages.validate import StyleReport, validate_style
from distillation.stages.voice_atlas import MeasuredVoice, atlas_for, known_ranges

PROMPT_OPTIONS = ("prompt", "transcript")  # of `teacher_options`; the rest goes to the engine
LEAST_LETTERS = 60  # shorter texts are guessed wrong too often: 3 of our 127 sentences


class Workspace(Protocol):
    """Paths of the files of one style of a run on this machine."""

    @property
    def target(self) -> Path:
        """The target; its other clips are next to it."""
        ...

    @property
    def target_texts(self) -> tuple[str, ...]:
        """All that is spoken in the target; empty if unknown."""
        ...

    @property
    def joined_prompt(self) -> Path:
        """Where a prompt made of several takes is written."""
        ...

    @property
    def audio_dir(self) -> Path:
        """Where the held-out sentences are written."""
        ...

    def input(self, name: str) -> Path:
        """Return the path of a file named in the recipe."""
        ...

    def pack(self, kind: str) -> Path:
        """Return the path of the voice `start` or `evolved`."""
        ...

    def of_style(self, style: str) -> Workspace:
        """Return the workspace of another style of the run."""
        ...


class StyleRunner:
    """The stages of one style: reference, evolve, validate.

    Everything around a stage is up to the caller: leases, rows and transactions on the web;
    progress bars, notes and skipping finished work on the command line.

    Parameters
    ----------
    recipe : RunRecipe
    style_key : str
        One of its styles.
    workspace : Workspace
    student, teacher : callable
        Return the recipe's engines, new or cached; called when first needed.
    atlas_dir : path
        Where measurements of base voices are kept (`voice_atlas.atlas_folder`).
    on_progress : callable, optional
        Called with (sentences spoken, total).
    """

    def __init__(
        self,
        recipe: RunRecipe,
        style_key: str,
        workspace: Workspace,
        *,
        student: Callable[[], Student],
        teacher: Callable[[], Teacher],
        atlas_dir: Path,
        on_progress: Progress | None = None,
    ) -> None:
        self.recipe = recipe
        self.style = recipe.style(style_key)
        self.workspace = workspace
        self._student, self._teacher = student, teacher
        self._atlas_dir = atlas_dir
        self._on_progress = on_progress

    def make_target(self) -> Target:
        """Write the style's target, from given clips or by the teacher.

        Raises
        ------
        StageError, EngineError
            As `reference.take_clips` and `reference.make_target`.
        """
        path = self.workspace.target
        if self.style.targets:
            given = [self.workspace.input(name) for name in self.style.targets]
            return take_clips(self.style, given, path=path, find_warnings=self._warnings)
        return make_target(
            self.style,
            self._teacher(),
            self.prompt(),
            seed=self.recipe.seed,
            path=path,
            find_warnings=self._warnings,
            on_progress=self._on_progress,
        )

    def evolution(self, checkpoint: bytes | None = None) -> Evolution:
        """Return the search, resumed from a checkpoint if given; the caller advances it."""
        return Evolution(
            self.recipe,
            self.style.key,
            self._student(),
            self.workspace.target,
            checkpoint,
            context=self.search_context(),
        )

    def search_context(self) -> SearchContext:
        """Return what the search needs of the target and of the run's other styles."""
        speaker_style, speaker, targets = self.recipe.speaker_style, None, tuple[Path, ...]()
        shift = tuple[float, ...]()
        if speaker_style == self.style.key:
            keys = self.recipe.style_keys
            targets = tuple(self.workspace.of_style(key).target for key in keys)
        elif speaker_style:
            others = self.workspace.of_style(speaker_style)
            speaker = voicepack.load(others.pack("evolved"), engine=self.recipe.student)
            shift = _difference(self.workspace, others)
        return SearchContext(
            target_texts=self.workspace.target_texts,
            speaker_targets=targets,
            speaker=speaker,
            shift=shift,
            atlas_dir=self._atlas_dir,
        )

    def validate(
        self, *, base_voice: str = "", deployed: Path | None = None, with_teacher: bool = True
    ) -> StyleReport:
        """Validate the evolved voice against its start.

        Parameters
        ----------
        base_voice : str
            The base voice with the highest score, as found by the search.
        deployed : path, optional
            The pack of this style that is in service; one that cannot be used is left out.
        with_teacher : bool
            Whether the teacher should also speak the held-out sentences, where it can. If its
            prompt is missing or unusable by now, the teacher is left out.
        """
        engine = self.recipe.student
        teacher, prompt = self._who_speaks() if with_teacher else (None, None)
        return validate_style(
            self.recipe,
            self.style.key,
            self._student(),
            teacher,
            prompt,
            target=self.workspace.target,
            start=voicepack.load(self.workspace.pack("start"), engine=engine),
            evolved=voicepack.load(self.workspace.pack("evolved"), engine=engine),
            base_voice=base_voice,
            deployed=self._in_service(deployed) if deployed else None,
            target_texts=self.workspace.target_texts,
            base_voices=self._measured_base_voices(),
            audio_dir=self.workspace.audio_dir,
            on_progress=self._on_progress,
        )

    def _in_service(self, path: Path) -> voicepack.VoicePack | None:
        """Return the deployed pack; None if it is the evolved voice itself or not usable."""
        try:
            pack = voicepack.load(path, engine=self.recipe.student)
        except voicepack.PackError:
            return None
        own = voicepack.load(self.workspace.pack("evolved"), engine=self.recipe.student)
        return None if pack.sha256 == own.sha256 else pack

    def _measured_base_voices(self) -> dict[str, MeasuredVoice] | None:
        """Return the atlas of the base voices, if all were measured."""
        student = self._student()
        atlas = atlas_for(self.recipe, student, stock_of(self.recipe, student), self._atlas_dir)
        return atlas.voices if atlas is not None and atlas.is_complete else None

    def prompt(self) -> Prompt:
        """Return the teacher's prompt, with paths on this machine."""
        return make_prompt(
            self.recipe,
            self.style.key,
            place=self.workspace.input,
            joined_to=self.workspace.joined_prompt,
        )

    def _warnings(self, clips: Sequence[Audio], texts: Sequence[str]) -> tuple[TargetWarning, ...]:
        with separate_encoder() as embed:
            return target_warnings(
                clips,
                embed=embed,
                stock=known_ranges(self.recipe.student, self._atlas_dir),
                lang=self.recipe.lang,
                languages=[language_of(texts)],
            )

    def _who_speaks(self) -> tuple[Teacher | None, Prompt | None]:
        teacher = self._teacher()
        try:
            return teacher, self.prompt()
        except EngineError:
            return None, None


def _difference(own: Workspace, other: Workspace) -> tuple[float, ...]:
    """Return how a target's prosody differs from another's; empty if one is unknown."""
    found = [measured(read_clips(one.target), one.target_texts) for one in (own, other)]
    if found[0] is None or found[1] is None:
        return ()
    return tuple((found[0].vector - found[1].vector).tolist())


def changed_inputs(
    recipe: RunRecipe, style_key: str, place: Callable[[str], Path]
) -> Iterator[tuple[str, str]]:
    """Yield (name, `missing` or `changed`) for input sounds of a style that are not intact.

    Parameters
    ----------
    recipe : RunRecipe
        Its `inputs` are the expected hashes.
    style_key : str
        One of its styles.
    place : callable
        Maps a file name in the recipe to its path on this machine.
    """
    style, prompt = recipe.style(style_key), recipe.teacher_options.get("prompt", "")
    own = (*style.takes.values(), *style.targets, *dict(style.prompt).values(), prompt)
    for name in filter(None, dict.fromkeys(own)):
        path, known = place(name), recipe.inputs.get(name)
        if not path.exists():
            yield name, "missing"
        elif known and sha256_of(path) != known:
            yield name, "changed"


def make_student(name: str, options: Mapping[str, str], model_dir: Path) -> Student:
    """Make the student of a recipe on this machine.

    Raises
    ------
    EngineError
        The engine lacks something; the message says what.
    """
    of_machine = engines.STUDENTS[name].machine_options(model_dir)
    return engines.student(name, {**of_machine, **options})


def make_teacher(
    recipe: RunRecipe, model_dir: Path, *, keys: Mapping[str, str] | None = None
) -> Teacher:
    """Make the teacher of a recipe on this machine.

    Parameters
    ----------
    recipe : RunRecipe
        It holds no secrets.
    model_dir : path
        Folder of models.
    keys : mapping of str to str, optional
        Keys of speech servers by their address; a key is sent to no other.

    Raises
    ------
    EngineError
        The engine lacks something; the message says what.
    """
    of_machine = engines.TEACHERS[recipe.teacher].machine_options(model_dir, lang=recipe.lang)
    own = {k: v for k, v in recipe.teacher_options.items() if k not in PROMPT_OPTIONS}
    key = (keys or {}).get(own.get("url", ""))
    return engines.teacher(
        recipe.teacher, {**of_machine, **own, **({"api_key": key} if key else {})}
    )


def language_of(texts: Iterable[str]) -> str:
    """Return the ISO 639-1 code of the language of some texts, taken together; empty if too short.

    Parameters
    ----------
    texts : iterable of str
        In one language.

    References
    ----------
    Lui and Baldwin, "langid.py: An Off-the-shelf Language Identification Tool", ACL 2012.
    """
    together = " ".join(texts)
    if sum(map(str.isalpha, together)) < LEAST_LETTERS:
        return ""
    import py3langid

    return str(py3langid.classify(together)[0])
