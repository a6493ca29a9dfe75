"""The files of each model: their repositories on the hub and their local paths."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

SPANISH_VOICES = ("ef_dora", "em_alex", "em_santa")


class HubError(RuntimeError):
    """Model files are unavailable; `code` is stable, the message says what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Part:
    """One file of a model, or several of which the newest is used.

    Attributes
    ----------
    repo : str
        Its repository.
    patterns : tuple of str
        Shell patterns of its path there, in order of preference; among several matches, the last
        in natural order (the highest step) is used.
    folder : str
        Its folder under the model directory; the file keeps its name.
    """

    repo: str
    patterns: tuple[str, ...]
    folder: str = ""

    @property
    def target(self) -> str:
        """Its path, or a pattern of it, under the model directory."""
        name = self.patterns[0].rpartition("/")[2]
        return f"{self.folder}/{name}" if self.folder else name


@dataclass(frozen=True, kw_only=True)
class ModelSet:
    """The files of one model; `voices` is the folder of its packs, if it has any."""

    name: str
    parts: tuple[Part, ...]
    voices: str = ""

    @property
    def repo(self) -> str:
        return self.parts[0].repo


_KOKORO, _F5, _VOCOS = "hexgrad/Kokoro-82M", "jpgallegoar/F5-Spanish", "charactr/vocos-mel-24khz"

KOKORO = ModelSet(
    name="kokoro",
    voices="voices",
    parts=(
        Part(repo=_KOKORO, patterns=("config.json",)),
        Part(repo=_KOKORO, patterns=("kokoro-v1_0.pth",)),
    ),
)
F5 = ModelSet(
    name="f5",
    parts=(
        Part(repo=_F5, patterns=("model_*.safetensors", "model_*.pt"), folder="f5"),
        Part(repo=_F5, patterns=("vocab.txt", "*/vocab.txt"), folder="f5"),
        Part(repo=_VOCOS, patterns=("config.yaml",), folder="f5/vocos"),
        Part(repo=_VOCOS, patterns=("pytorch_model.bin",), folder="f5/vocos"),
    ),
)
SETS: Mapping[str, ModelSet] = MappingProxyType({one.name: one for one in (KOKORO, F5)})


def with_repo(model: ModelSet, repo: str) -> ModelSet:
    """Return the set with its first repository replaced: another checkpoint of the same kind."""
    parts = tuple(
        Part(
            repo=repo if part.repo == model.repo else part.repo,
            patterns=part.patterns,
            folder=part.folder,
        )
        for part in model.parts
    )
    return ModelSet(name=model.name, parts=parts, voices=model.voices)


def natural(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts names by the numbers in them: model_50 before model_100."""
    return [(int(part or 0), text) for text, part in re.findall(r"(\D*)(\d*)", name)]
