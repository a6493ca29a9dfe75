"""What an engine declares about itself: all the rest needs to know before it is loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MIN_BASE_VOICES = 2  # a search goes between them

Recorded = Callable[[Path], Mapping[str, str]]


def _nothing(_model_dir: Path) -> Mapping[str, str]:
    return {}


def _always(_model_dir: Path) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class StudentInfo:
    """A student, without its libraries.

    Attributes
    ----------
    name : str
        As recipes, packs and manifests have it.
    implementation : str
        ``module:class``, imported when the student is first made.
    stock_voices : callable
        The model directory to the names of the voices that are there, best known first.
    is_installed : callable
        Whether the files it needs are in the model directory.
    install_hint : str
        The command that fetches them.
    needs_models : bool
        Whether it is made with the option `model_dir`.
    service_options : tuple of str
        Options the speech service hands on: `threads`, `precision`.
    precisions : tuple of str
        Values of its option `precision`, the published one first; empty where it has none.
    has_gradient : bool
        Whether the strategies of `search.EXPERIMENTAL` work with it (`Differentiable`).
    is_natural : bool
        Whether its voices pass for a person's; a robotic one is for quick trials.
    takes_seconds : bool
        Whether a candidate takes seconds on a processor, so that a launch should be warned.
    library : str
        The distribution whose version a recipe records.
    weights : callable
        The model directory to what a recipe records of the weights among its versions.
    """

    name: str
    implementation: str
    stock_voices: Callable[[Path], tuple[str, ...]]
    is_installed: Callable[[Path], bool] = _always
    install_hint: str = ""
    needs_models: bool = False
    service_options: tuple[str, ...] = ()
    precisions: tuple[str, ...] = ()
    has_gradient: bool = False
    is_natural: bool = False
    takes_seconds: bool = False
    library: str = ""
    weights: Recorded = _nothing

    def machine_options(self, model_dir: Path) -> dict[str, Any]:
        """Return the options that are of this machine and not of a recipe."""
        return {"model_dir": str(model_dir)} if self.needs_models else {}


@dataclass(frozen=True, kw_only=True)
class TeacherInfo:
    """A teacher, without its libraries.

    Attributes
    ----------
    name, implementation : str
        As of a student.
    licence : str
        What may be done with its voice: a msgid.
    plays_takes : bool
        Whether it plays recorded takes, and so can say nothing else.
    clones : bool
        Whether a prompt conditions it.
    needs_prompt : bool
        Whether it says nothing without one.
    needs_url : bool
        Whether it is another machine's server, with the option `url`.
    needs_models : bool
        Whether it is made with the options `model_dir` and `lang`.
    queue : str
        Celery queue of the slices in which it speaks; empty for the ordinary one.
    package : str
        Python package it needs that the ordinary environment lacks; empty for none.
    weights_licence : callable
        The model directory to whose weights those are, and their licence; empty for none.
    versions, inputs : callable
        The model directory to what a recipe records of package and weights, and their hashes.
    """

    name: str
    implementation: str
    licence: str = ""
    plays_takes: bool = False
    clones: bool = False
    needs_prompt: bool = False
    needs_url: bool = False
    needs_models: bool = False
    queue: str = ""
    package: str = ""
    weights_licence: Callable[[Path], str] = lambda _model_dir: ""
    versions: Recorded = _nothing
    inputs: Recorded = _nothing

    def machine_options(self, model_dir: Path, *, lang: str) -> dict[str, Any]:
        """Return the options that are of this machine and not of a recipe."""
        return {"model_dir": str(model_dir), "lang": lang} if self.needs_models else {}
