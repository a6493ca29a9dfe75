"""The available voices: deployed ones (reloaded when they change), the engine's own, aliases."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from corpus.files import sha256_of, write_json
from distillation import manifest, voicepack
from distillation.delivery import PLAIN, Delivery
from distillation.engines.base import EngineError, Student
from distillation.voicepack import PackError, VoicePack
from voicelab.tts import openai_names

logger = logging.getLogger(__name__)

STATE = "set_voice.json"  # the default chosen by /set_voice, kept across restarts
Kind = Literal["deployed", "file", "stock", "alias"]
Stamp = tuple[Path, int, int, int]


class VoiceNotFound(LookupError):
    """No such voice; the message names the expected file and the available voices."""


@dataclass(frozen=True, eq=False)
class Voice:
    """An available voice; `sha256` is that of the pack's file, `pack` is None for stock voices.

    `style`, `delivery`: the style of a deployed voice, and the delivery the manifest has for
    it.
    """

    name: str
    kind: Kind
    engine: str
    sha256: str = ""
    alias_of: str = ""
    pack: VoicePack | None = None
    delivery: Delivery = PLAIN
    style: str = ""


class ChosenVoice:
    """The voice of one request; `voice` is another one if its pack turns out to be damaged."""

    def __init__(self, voice: Voice, load: Callable[[Voice], tuple[Voice, VoicePack]]) -> None:
        self.voice = voice
        self._load = load
        self._pack: VoicePack | None = None

    def pack(self) -> VoicePack:
        """Return the pack, read when it is first asked for; runs in the inference thread."""
        if self._pack is None:
            self.voice, self._pack = self._load(self.voice)
        return self._pack


@dataclass(frozen=True)
class Snapshot:
    """All voices at one point in time; replaced as a whole."""

    deployed: dict[str, Voice] = field(default_factory=dict)
    others: dict[str, Voice] = field(default_factory=dict)
    preferred: tuple[str, ...] = ()  # default voices; the first available one wins
    warnings: tuple[str, ...] = ()
    stamps: tuple[Stamp, ...] = ()  # of every file, taken before reading it

    @property
    def voices(self) -> dict[str, Voice]:
        return {**self.deployed, **{k: v for k, v in self.others.items() if k not in self.deployed}}


class Voices:
    """The voices of one student: those deployed in `directory`, then the engine's own.

    Parameters
    ----------
    student : Student
        The engine; only `stock_voices` and `stock_voice` are used.
    directory : Path
        Contains manifest.json, the packs, and the state file of /set_voice.
    voice_file : Path, optional
        A pack set by the operator (KOKORO_VOICE_PATH): a voice named after the file, and the
        default.
    stock_directory : Path, optional
        Folder of the stock packs, to watch for changes and to name in errors.
    suffix : str
        File name suffix of voices, for errors.
    names : mapping, optional
        Other names of voices, OpenAI's; each stands for its voice, or another if that is absent.
    """

    def __init__(
        self,
        student: Student,
        directory: Path,
        voice_file: Path | None = None,
        stock_directory: Path | None = None,
        suffix: str = ".pt",
        names: Mapping[str, str] = openai_names.VOICE_NAMES,
    ) -> None:
        self._student = student
        self._directory = directory
        self._voice_file = voice_file
        self._stock_directory = stock_directory
        self._suffix = suffix
        self._names = names
        self._snapshot = Snapshot()
        self._reading = threading.RLock()  # several threads ask for packs
        self._stock_packs: dict[str, VoicePack] = {}
        self._outdated: set[str] = set()  # packs above whose file may have changed
        self._damaged: dict[str, str] = {}  # warnings about stock packs, by name
        self._chosen = _read_choice(directory / STATE)

    @property
    def voices(self) -> dict[str, Voice]:
        """Every voice by name, deployed ones first."""
        return self._snapshot.voices

    @property
    def deployed(self) -> dict[str, Voice]:
        return self._snapshot.deployed

    @property
    def warnings(self) -> tuple[str, ...]:
        """Problems with voices that should be available; empty if there are none."""
        return (*self._snapshot.warnings, *self._damaged.values())

    @property
    def default(self) -> str | None:
        """The voice for requests that name none.

        In order of precedence: /set_voice, KOKORO_VOICE_PATH, the manifest, the first voice.
        """
        voices = self.voices
        wanted = (self._chosen, *self._snapshot.preferred, *voices)
        return next((name for name in wanted if name in voices), None)

    def changed(self) -> bool:
        """Return whether any file of the voices has changed since the last `refresh`."""
        return any(_stamp(stamp[0]) != stamp for stamp in self._snapshot.stamps)

    def refresh(self) -> None:
        """Reread manifest and packs; a rejected voice keeps its previous version."""
        known = self.warnings
        with self._reading:
            self._snapshot = self._read()
            self._damaged.clear()
            self._outdated = set(self._stock_packs)
            self._check_stock()
        for warning in self.warnings:
            if warning not in known:
                logger.warning("voice refused: %s", warning)

    def find(self, name: str | None) -> Voice:
        """Return the voice called `name`, or the default one for None.

        Raises
        ------
        VoiceNotFound
            The message names the expected files and the available voices.
        """
        voices = self.voices
        wanted = name or self.default
        if wanted in voices:
            return voices[wanted]
        if wanted is None:
            raise VoiceNotFound(
                f"No voices found: looked for {self._looked_for('*')}. "
                "Deploy one, or put a stock voice there."
            )
        raise VoiceNotFound(
            f"Voice {wanted!r} not found: looked for {self._looked_for(wanted)}. "
            f"Available voices: {', '.join(voices) or 'none'}."
        )

    def pack(self, voice: Voice) -> VoicePack:
        """Return the voice's pack; stock packs are read on first use and cached.

        A stock pack that can no longer be read keeps its previous version.

        Raises
        ------
        EngineError, PackError
            It cannot be read, and never could.
        """
        if voice.pack is not None:
            return voice.pack
        if voice.alias_of:
            return self.pack(self.find(voice.alias_of))
        with self._reading:
            return self._stock_pack(voice.name)

    def _stock_pack(self, name: str) -> VoicePack:
        if name not in self._stock_packs or name in self._outdated:
            try:
                self._stock_packs[name] = self._student.stock_voice(name)
            except (EngineError, PackError) as error:
                self._warn_of_damage(name, error)
                if name not in self._stock_packs:
                    raise
            self._outdated.discard(name)
        return self._stock_packs[name]

    def usable(self, wanted: Voice) -> tuple[Voice, VoicePack]:
        """Return the wanted voice with its pack; if that is damaged, the first that is not.

        In order: the wanted voice, the default one, then all others as they are listed.

        Raises
        ------
        EngineError, PackError
            The wanted voice's, if no voice can be read.
        """
        failed: EngineError | PackError | None = None
        for voice in self._instead_of(wanted):
            try:
                return voice, self.pack(voice)
            except (EngineError, PackError) as error:
                failed = failed or error
        assert failed is not None  # noqa: S101  # the wanted voice was tried
        raise failed

    def _instead_of(self, wanted: Voice) -> Iterator[Voice]:
        yield wanted
        if self.default is not None:
            yield self.find(self.default)
        yield from self.voices.values()

    def _check_stock(self) -> None:
        """Read every stock pack once, so that damage is known before a caller asks for it."""
        for voice in self._snapshot.others.values():
            if voice.kind == "stock":
                try:
                    self._student.stock_voice(voice.name)
                except (EngineError, PackError) as error:
                    self._warn_of_damage(voice.name, error)

    def _warn_of_damage(self, name: str, error: EngineError | PackError) -> None:
        kept = "the previous one remains" if name in self._stock_packs else "another voice is"
        self._damaged[name] = f"{name}: {str(error).rstrip('.')}; {kept} in use."

    def choose(self, name: str) -> bool:
        """Make `name` the default; return whether the choice could be persisted."""
        self._chosen = self.find(name).name
        return _write_choice(self._directory / STATE, self._chosen)

    def _read(self) -> Snapshot:
        old, warnings = self._snapshot, list[str]()
        stamps = [_stamp(self._directory / manifest.NAME)]
        if self._stock_directory is not None:
            stamps.append(_stamp(self._stock_directory))
            stamps += [_stamp(path) for path in self._stock_directory.glob("*")]
        others = self._others(stamps, warnings)
        try:
            deployed = manifest.read(self._directory)
        except manifest.ManifestError as error:
            warnings.append(f"{error} The previous voices remain in use.")
            paths = {stamp[0] for stamp in stamps}
            stamps += [stamp for stamp in old.stamps if stamp[0] not in paths]
            others = self._with_aliases(old.deployed, others)
            return replace(old, others=others, warnings=tuple(warnings), stamps=tuple(stamps))
        voices = {}
        for name, entry in deployed.voices.items() if deployed else ():
            stamps.append(_stamp(self._directory / entry.file))
            if voice := self._deployed_voice(name, entry, warnings):
                voices[name] = voice
        preferred = [self._voice_file.stem] if self._voice_file else []
        preferred += [deployed.default] if deployed else []
        others = self._with_aliases(voices, others)
        return Snapshot(voices, others, tuple(preferred), tuple(warnings), tuple(stamps))

    def _deployed_voice(
        self, name: str, entry: manifest.ManifestVoice, warnings: list[str]
    ) -> Voice | None:
        old = self._snapshot.deployed.get(name)
        path = self._directory / entry.file
        try:
            if (found := _sha256(path)) != entry.sha256:
                raise PackError(
                    "hash",
                    f"{path}: its SHA-256 is {found[:12]}…, the manifest says "
                    f"{entry.sha256[:12]}…; deploy it again",
                )
            pack = voicepack.load(path, engine=self._student.name)
        except PackError as error:
            kept = "the previous one remains in use" if old else "it is not served"
            warnings.append(f"{name}: {str(error).rstrip('.')}; {kept}.")
            return old
        return Voice(
            name, "deployed", pack.engine, entry.sha256,
            pack=pack, delivery=entry.delivery, style=entry.style,
        )  # fmt: skip

    def _others(self, stamps: list[Stamp], warnings: list[str]) -> dict[str, Voice]:
        engine = self._student.name
        others: dict[str, Voice] = {}
        if self._voice_file is not None:
            stamps.append(_stamp(self._voice_file))
            try:
                sha256 = _sha256(self._voice_file)
                pack = voicepack.load(self._voice_file, engine=engine)
                name = self._voice_file.stem
                others[name] = Voice(name, "file", engine, sha256, pack=pack)
            except PackError as error:
                warnings.append(f"KOKORO_VOICE_PATH: {error}")
        try:
            stock = self._student.stock_voices()
        except EngineError as error:
            warnings.append(str(error))
            stock = ()
        for name in stock:
            others.setdefault(name, Voice(name, "stock", engine))
        return others

    def _with_aliases(
        self, deployed: dict[str, Voice], others: dict[str, Voice]
    ) -> dict[str, Voice]:
        """Return the other voices and, behind them, the names that stand for a voice."""
        present = [name for name, voice in others.items() if voice.kind != "alias"]
        assigned = openai_names.assign(self._names, present or list(deployed))
        engine, plain = self._student.name, Voice("", "alias", "")
        aliases = {
            name: Voice(
                name, "alias", engine, alias_of=to, delivery=deployed.get(to, plain).delivery
            )
            for name, to in assigned.items()
        }
        return {**others, **{name: one for name, one in aliases.items() if name not in others}}

    def _looked_for(self, name: str) -> str:
        places = [f"VOICES_DIR/{name}{self._suffix}"]
        if self._stock_directory is not None:
            places.append(f"MODEL_DIR/{self._stock_directory.name}/{name}{self._suffix}")
        return " and ".join(places)


def _stamp(path: Path) -> Stamp:
    try:
        stat = path.stat()
    except OSError:
        return (path, 0, 0, 0)
    return (path, stat.st_mtime_ns, stat.st_size, stat.st_ino)


def _sha256(path: Path) -> str:
    if path.exists() and not path.is_file():  # reading a named pipe would block
        raise PackError("unreadable", f"{path}: not a regular file")
    try:
        return sha256_of(path)
    except OSError as error:
        raise PackError("missing", f"{path}: cannot be read ({error.strerror})") from error


def _read_choice(path: Path) -> str | None:
    try:
        choice = json.loads(path.read_text(encoding="utf-8"))["voice"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        logger.warning("%s: not readable (%s); the default voice is the manifest's.", path, error)
        return None
    return choice if isinstance(choice, str) else None


def _write_choice(path: Path, name: str) -> bool:
    try:
        write_json(path, {"voice": name})
    except OSError as error:
        logger.warning("%s: cannot be written (%s); a restart forgets /set_voice.", path, error)
        return False
    return True
