"""The available voices: deployed ones (reloaded when they change), the engine's own, aliases."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from corpus.files import sha256_of, write_json
from distillation import manifest, voicepack
from distillation.delivery import PLAIN, Delivery
from distillation.engines.base import EngineError, Student
from distillation.voicepack import PackError, VoicePack

logger = logging.getLogger(__name__)

STATE = "set_voice.json"  # the default chosen by /set_voice, kept across restarts
ALIASES = {  # OpenAI's names for Kokoro's voices
    "alloy": "af_sky",
    "echo": "am_echo",
    "fable": "af_bella",
    "onyx": "am_onyx",
    "nova": "af_nova",
    "shimmer": "af_sarah",
}
Kind = Literal["deployed", "file", "stock", "alias"]
Stamp = tuple[Path, int, int, int]


class VoiceNotFound(LookupError):
    """No such voice; the message names the expected file and the available voices."""


@dataclass(frozen=True, eq=False)
class Voice:
    """An available voice; `sha256` is that of the pack's file, `pack` is None for stock voices.

    `delivery` is the speed and gain the manifest has for a deployed voice.
    """

    name: str
    kind: Kind
    engine: str
    sha256: str = ""
    alias_of: str = ""
    pack: VoicePack | None = None
    delivery: Delivery = PLAIN


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
    """

    def __init__(
        self,
        student: Student,
        directory: Path,
        voice_file: Path | None = None,
        stock_directory: Path | None = None,
        suffix: str = ".pt",
    ) -> None:
        self._student = student
        self._directory = directory
        self._voice_file = voice_file
        self._stock_directory = stock_directory
        self._suffix = suffix
        self._snapshot = Snapshot()
        self._stock_packs: dict[str, VoicePack] = {}
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
        return self._snapshot.warnings

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
        snapshot = self._read()
        for warning in snapshot.warnings:
            if warning not in self._snapshot.warnings:
                logger.warning("voice refused: %s", warning)
        self._snapshot = snapshot
        self._stock_packs.clear()

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
        """Return the voice's pack; stock packs are read on first use and cached."""
        if voice.pack is not None:
            return voice.pack
        name = voice.alias_of or voice.name
        if name not in self._stock_packs:
            self._stock_packs[name] = self._student.stock_voice(name)
        return self._stock_packs[name]

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
            return replace(old, others=others, warnings=tuple(warnings), stamps=tuple(stamps))
        voices = {}
        for name, entry in deployed.voices.items() if deployed else ():
            stamps.append(_stamp(self._directory / entry.file))
            if voice := self._deployed_voice(name, entry, warnings):
                voices[name] = voice
        preferred = [self._voice_file.stem] if self._voice_file else []
        preferred += [deployed.default] if deployed else []
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
            name, "deployed", pack.engine, entry.sha256, pack=pack, delivery=entry.delivery
        )

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
        for alias, name in ALIASES.items():
            if name in stock:
                others.setdefault(alias, Voice(alias, "alias", engine, alias_of=name))
        return others

    def _looked_for(self, name: str) -> str:
        places = [self._directory / f"{name}{self._suffix}"]
        if self._stock_directory is not None:
            places.append(self._stock_directory / f"{ALIASES.get(name, name)}{self._suffix}")
        return " and ".join(dict.fromkeys(str(place) for place in places))


def _stamp(path: Path) -> Stamp:
    try:
        stat = path.stat()
    except OSError:
        return (path, 0, 0, 0)
    return (path, stat.st_mtime_ns, stat.st_size, stat.st_ino)


def _sha256(path: Path) -> str:
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
