"""What an engine declares about itself, available without loading it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MIN_BASE_VOICES = 2  # a search needs their differences

Recorded = Callable[[Path], Mapping[str, str]]


def _nothing(_model_dir: Path) -> Mapping[str, str]:
    return {}


def _always(_model_dir: Path) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class StudentInfo:
    """Description of a student, without its libraries.

    Attributes
    ----------
    name : str
        Used in recipes, packs and manifests.
    implementation : str
        ``module:class``, imported when the student is first made.
    stock_voices : callable
        Maps the model directory to the names of the voices in it, best known first.
    is_installed : callable
        Whether the files it needs are in the model directory.
    install_hint : str
        The command that fetches them.
    needs_models : bool
        Whether it takes the option `model_dir`.
    service_options : tuple of str
        Options passed on by the speech service: `threads`, `precision`.
    precisions : tuple of str
        Values of its option `precision`, the published one first; empty if it has none.
    strategy : str
        The search strategy of runs that name none: the best measured for this student.
    has_gradient : bool
        Whether the strategies of `search.WITH_GRADIENT` work with it (`Differentiable`).
    is_concurrent : bool
        Whether it is a `ConcurrentStudent`.
    is_natural : bool
        Whether its voices sound natural; a robotic student is for quick trials.
    takes_seconds : bool
        Whether a candidate takes seconds on a CPU, so that its base voices are worth keeping.
    pace_s : float
        Seconds for one candidate on two processor cores, for estimates before any search here.
    library : str
        The distribution whose version a recipe records.
    weights : callable
        Maps the model directory to the entries about the weights in a recipe's versions.
    licence : str
        What its voices may be used for; a msgid.
    """

    name: str
    implementation: str
    stock_voices: Callable[[Path], tuple[str, ...]]
    is_installed: Callable[[Path], bool] = _always
    install_hint: str = ""
    needs_models: bool = False
    service_options: tuple[str, ...] = ()
    precisions: tuple[str, ...] = ()
    strategy: str = "cma-es"
    has_gradient: bool = False
    is_concurrent: bool = False
    is_natural: bool = False
    takes_seconds: bool = False
    pace_s: float = 0.1
    library: str = ""
    weights: Recorded = _nothing
    licence: str = ""

    def machine_options(self, model_dir: Path) -> dict[str, Any]:
        """Return the options that depend on the machine and not on a recipe."""
        return {"model_dir": str(model_dir)} if self.needs_models else {}


@dataclass(frozen=True, kw_only=True)
class TeacherInfo:
    """Description of a teacher, without its libraries.

    Attributes
    ----------
    name, implementation : str
        As for a student.
    licence : str
        What its voice may be used for; a msgid.
    plays_takes : bool
        Whether it plays recorded takes, and so can speak no other texts.
    clones : bool
        Whether it is conditioned by a prompt.
    needs_prompt : bool
        Whether it requires one.
    needs_url : bool
        Whether it is a server on another machine, with the option `url`.
    needs_models : bool
        Whether it takes the options `model_dir` and `lang`.
    queue : str
        Celery queue of the slices in which it speaks; empty for the default queue.
    package : str
        Python package it needs that the default environment lacks; empty for none.
    weights_licence : callable
        Maps the model directory to source and licence of the weights; empty for none.
    versions, inputs : callable
        Map the model directory to a recipe's entries about package and weights, and their hashes.
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
        """Return the options that depend on the machine and not on a recipe."""
        return {"model_dir": str(model_dir), "lang": lang} if self.needs_models else {}
