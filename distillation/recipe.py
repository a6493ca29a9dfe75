"""RunRecipe: everything that determines a run's result, frozen, validated and fingerprinted."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from types import MappingProxyType
from typing import Any, Self

VERSION = 1  # incremented with every change that `upgraded` has to handle
WEIGHTS: Mapping[str, float] = MappingProxyType({"target": 0.48, "self": 0.50, "feature": 0.02})

# Weights of a gradient search's objective (`stages.objective`): of predicted naturalness, and of
# the squared errors of pitch (semitones), pitch range and rate (natural logarithms).
OBJECTIVE: Mapping[str, float] = MappingProxyType(
    {"naturalness": 0.15, "pitch": 0.01, "range": 0.05, "rate": 0.5}
)
GRADIENT = "gradient"  # the strategy that evolves one speaker for all styles
CORRECTIONS = 3  # steps at the end of a gradient search, in which measured prosody is corrected

THRESHOLDS: Mapping[str, float] = MappingProxyType(
    {
        "target_similarity": 0.70,
        "self_similarity": 0.85,
        "differentiation": 0.05,
        "min_duration_s": 1.0,
        "naturalness_loss": 0.2,  # against the best base voice, of 1-5
    }
)
LEFT_OUT = ("inputs",)  # hashes: the file names are compared instead


class RecipeError(ValueError):
    """A recipe cannot be run; the message names the field and what to do.

    Attributes
    ----------
    template : str
        The message before `values` are interpolated; a msgid if a user can fix the recipe.
    """

    def __init__(self, template: str, **values: Any) -> None:
        super().__init__(template % values if values else template)
        self.template, self.values = template, values


@dataclass(frozen=True, kw_only=True)
class StyleRecipe:
    """One style of a run: the teacher's pace and the sentences it speaks.

    `takes` maps each reference text to the WAV the teacher `recordings` plays for it. If
    `targets` names audio files, these are the target's clips and the teacher speaks none.
    `prompt` replaces the run's prompt of a cloning teacher for this style: (text, WAV) of one
    or several takes, joined in order. `profile` holds the accepted band (low, high) of each measure
    of `corpus.audio.profile`, for the report.
    """

    key: str
    speed: float
    reference_texts: tuple[str, ...]
    takes: dict[str, str] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    prompt: tuple[tuple[str, str], ...] = ()
    profile: dict[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RunRecipe:
    """All settings of a run, including its texts, engines, inputs and seed."""

    styles: tuple[StyleRecipe, ...]
    search_texts: tuple[str, ...]  # spoken by every candidate
    held_out_texts: tuple[str, ...]  # never scored during search
    gradient_texts: tuple[str, ...] = ()  # texts for the gradient, one per step, cyclically
    student: str = "praat"
    teacher: str = "recordings"
    lang: str = "es"
    strategy: str = "cma-es"
    steps: int = 10_000  # at most
    minutes: float = 0.0  # of search per style, at most; 0: no limit
    goal: float = 0.0  # the search ends at this score, 0-100; 0: never
    patience: int = 0  # the search ends after this many steps without a better score; 0: never
    seed: int = 0
    base_voices: tuple[str, ...] = ()  # empty: every stock voice of the student
    diversity: tuple[float, float] = (0.01, 0.15)
    early_stop: float = 0.98
    compared: str = ""  # texts compared with the target: `all`, or the `first` as published
    weights: dict[str, float] = field(default_factory=lambda: dict(WEIGHTS))
    objective: dict[str, float] = field(default_factory=lambda: dict(OBJECTIVE))
    thresholds: dict[str, float] = field(default_factory=lambda: dict(THRESHOLDS))
    teacher_options: dict[str, str] = field(default_factory=dict)  # url, model, voice, prompt …
    student_options: dict[str, str] = field(default_factory=dict)  # model_dir …
    versions: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)  # name → SHA-256
    version: int = VERSION  # of the recipe format, not of the run

    def __post_init__(self) -> None:
        if not self.compared:
            published = self.strategy == "random-walk"
            object.__setattr__(self, "compared", "first" if published else "all")
        if self.compared not in ("all", "first"):
            raise RecipeError(f"compared: all or first, not {self.compared!r}.")
        if not self.styles:
            raise RecipeError("styles: name at least one style.")
        keys = [style.key for style in self.styles]
        if len(set(keys)) != len(keys):
            raise RecipeError(f"styles: each only once, not {', '.join(keys)}.")
        if self.steps < 1:
            raise RecipeError(f"steps: a positive number, not {self.steps}.")
        if not 0 <= self.minutes < math.inf:
            raise RecipeError(f"minutes: 0 (no limit) or more, not {self.minutes}.")
        if not 0 <= self.goal <= 100:
            raise RecipeError(f"goal: a score of 0 (none) to 100, not {self.goal}.")
        if self.patience < 0:
            raise RecipeError(
                f"patience: 0 (without end) or a number of steps, not {self.patience}."
            )
        if len(self.search_texts) < 2:
            raise RecipeError("search_texts: two or more, self-similarity compares them.")
        if len(self.held_out_texts) < 2:
            raise RecipeError("held_out_texts: two or more, validation compares them.")
        if shared := set(self.search_texts) & set(self.held_out_texts):
            raise RecipeError(f"held_out_texts: the search hears {sorted(shared)[0]!r} too.")
        if shared := set(self.gradient_texts) & set(self.held_out_texts):
            raise RecipeError(f"held_out_texts: the gradient hears {sorted(shared)[0]!r} too.")
        low, high = self.diversity
        if not 0 < low <= high:
            raise RecipeError(f"diversity: 0 < low ≤ high, not {self.diversity}.")
        if set(self.weights) != {"target", "self", "feature"} or not all(
            0 < weight < math.inf for weight in self.weights.values()
        ):
            raise RecipeError("weights: target, self and feature, each above 0.")
        if set(self.objective) != set(OBJECTIVE) or not all(
            0 <= weight < math.inf for weight in self.objective.values()
        ):
            raise RecipeError(f"objective: {', '.join(OBJECTIVE)}, each 0 or above.")

    def style(self, key: str) -> StyleRecipe:
        """Return the style with this key; raise RecipeError if there is none."""
        for style in self.styles:
            if style.key == key:
                return style
        raise RecipeError(f"styles: {key!r} is not in this run ({', '.join(self.style_keys)}).")

    @property
    def style_keys(self) -> tuple[str, ...]:
        return tuple(style.key for style in self.styles)

    @property
    def speaker_style(self) -> str:
        """The style whose search evolves the speaker of all styles; empty if each has its own."""
        follows = self.strategy == GRADIENT and len(self.styles) > 1
        return self.styles[0].key if follows else ""

    def begins_from_speaker(self, style_key: str) -> bool:
        """Return whether a style begins from the speaker that another style's search evolves."""
        return self.speaker_style not in ("", style_key)

    def steps_of(self, style_key: str) -> int:
        """Return how many steps the search of a style takes at most."""
        return 1 + CORRECTIONS if self.begins_from_speaker(style_key) else self.steps

    @property
    def teacher_weights(self) -> str:
        """Source and licence of the teacher's weights; empty if it has none."""
        return self.versions.get("F5 weights", "")

    @property
    def student_weights(self) -> tuple[str, str]:
        """Kind of the student's weights and their SHA-256; empty if not recorded."""
        kind, _, sha256 = self.versions.get("Kokoro weights", "").rpartition(", ")
        return kind, sha256

    @property
    def about_weights(self) -> dict[str, Any]:
        """The manifest's entry about the student's weights; empty if not recorded."""
        kind, sha256 = self.student_weights
        return {"weights": {"kind": kind, "sha256": sha256}} if sha256 else {}

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types; `from_json` reads them back to an equal recipe."""
        return json.loads(json.dumps(asdict(self)))

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Build a recipe from the JSON of this or an older version.

        Raises
        ------
        RecipeError
            Its version is newer, or it has a field that no version up to this one had.
        """
        data = upgraded(data)
        known = {f.name for f in fields(cls)}
        if unknown := set(data) - known:
            raise RecipeError(f"recipe: unknown fields {', '.join(sorted(unknown))}.")
        data["styles"] = tuple(
            StyleRecipe(
                **{
                    **style,
                    "reference_texts": tuple(style["reference_texts"]),
                    "targets": tuple(style["targets"]),
                    "prompt": tuple((text, wav) for text, wav in style["prompt"]),
                    "profile": {
                        name: (low, high) for name, (low, high) in style["profile"].items()
                    },
                }
            )
            for style in data["styles"]
        )
        lists = ("search_texts", "held_out_texts", "gradient_texts", "base_voices", "diversity")
        for name in lists:
            if name in data:
                data[name] = tuple(data[name])
        return cls(**data)

    def fingerprint(self) -> str:
        """Return the SHA-256 of the canonical JSON: equal recipes have equal fingerprints.

        Files with a hash in `inputs` are identified by content, not by name: they may be in a
        folder or in the media storage of the web.
        """
        data = self.to_json()
        inputs = data.pop("inputs")
        del data["version"]  # does not affect what is done
        data = {**_by_content(data, inputs), "inputs": sorted(set(inputs.values()))}
        canonical = json.dumps(data, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


def upgraded(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON of a stored recipe upgraded to this version.

    Version 0 had no `version`. Its oldest recipes lack a style's target clips and prompts, the
    limits of a search, and `compared`: only the first text was compared then. Thresholds are not
    changed: a check without one was not requested.

    Raises
    ------
    RecipeError
        The recipe's version is newer than this one.
    """
    version = data.get("version", 0)
    if not isinstance(version, int) or version > VERSION:
        raise RecipeError(
            f"recipe: version {version} is newer than {VERSION}, the last one known here; open it "
            "with the Voice Lab that wrote it."
        )
    styles = [
        {"takes": {}, "targets": [], "prompt": [], "profile": {}, **style}
        for style in data["styles"]
    ]
    compared = {"compared": "first"} if version == 0 and "compared" not in data else {}
    return {**compared, **data, "styles": styles, "version": VERSION}


def sounds_used(recipe: Mapping[str, Any], style: str) -> dict[str, str]:
    """Return the audio files used by a style in a recipe's JSON, as a dict of name to role.

    A role is `take` (played by the teacher), `target` (a clip) or `prompt`. Takes plain JSON of
    any version, so that migrations can use it too.
    """
    own: Mapping[str, Any] = next((one for one in recipe["styles"] if one["key"] == style), {})
    prompt = recipe.get("teacher_options", {}).get("prompt")
    return {
        **({prompt: "prompt"} if prompt else {}),
        **{name: "prompt" for _, name in own.get("prompt", ())},
        **dict.fromkeys(own.get("targets", ()), "target"),
        **dict.fromkeys(own.get("takes", {}).values(), "take"),
    }


def _by_content(data: Any, inputs: Mapping[str, str]) -> Any:
    """Return JSON with every name of an input replaced by its hash."""
    if isinstance(data, dict):
        return {key: _by_content(value, inputs) for key, value in data.items()}
    if isinstance(data, list):
        return [_by_content(value, inputs) for value in data]
    return inputs.get(data, data) if isinstance(data, str) else data


def differences(recipes: Sequence[RunRecipe]) -> dict[str, list[Any]]:
    """Return the fields in which recipes differ, each with its value in every recipe.

    Parameters
    ----------
    recipes : sequence of RunRecipe
        Two or more.

    Returns
    -------
    dict of str to list
        Names of nested fields are joined by dots (``weights.self``, ``styles.neutral.speed``),
        in the order of the recipe; None if a recipe has no such field. The fields of a style are
        compared only among the recipes that have it.
    """
    flat = [_flat(_named(recipe)) for recipe in recipes]
    names = dict.fromkeys(name for one in flat for name in one)
    return {
        name: [one.get(name) for one in flat]
        for name in names
        if _differs([one.get(name) for one in flat if not _is_foreign(name, one)])
    }


def _differs(values: Sequence[Any]) -> bool:
    return any(value != values[0] for value in values)


def _is_foreign(name: str, recipe: Mapping[str, Any]) -> bool:
    """Return whether the field belongs to a style that is not in the recipe."""
    head, _, rest = name.partition(".")
    return head == "styles" and bool(rest) and rest.partition(".")[0] not in recipe["styles"]


def _named(recipe: RunRecipe) -> dict[str, Any]:
    """Return the fields, with `styles` as a list of keys and each style's fields separately."""
    data = {name: value for name, value in recipe.to_json().items() if name not in LEFT_OUT}
    of_style = {f"styles.{style['key']}": _without_key(style) for style in data["styles"]}
    return {**data, "styles": list(recipe.style_keys), **of_style}


def _without_key(style: Mapping[str, Any]) -> dict[str, Any]:
    takes = sorted(style["takes"].values())
    return {name: value for name, value in style.items() if name != "key"} | {"takes": takes}


def _flat(data: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in data.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{before}{name}.")
        else:
            found[f"{before}{name}"] = value
    return found
