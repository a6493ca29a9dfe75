"""How an evolved style fits the profile of its style, relative to the evolved neutral voice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from statistics import fmean
from typing import Any

from corpus.audio.profile import Baseline, Profile, quality, style_part
from corpus.audio.prosody import Prosody
from distillation.stages.style_direction import NEUTRAL


def profile_fit(
    styles: Mapping[str, Mapping[str, Any]], profiles: Mapping[str, Profile]
) -> dict[str, list[dict[str, Any]]]:
    """Compare each style with its profile as takes are (`corpus.audio.profile`).

    The baseline is the neutral voice of the same run, so that speakers of any pitch are compared
    alike. The voices are measured as their packs speak, without the gain and speed of a delivery.

    Parameters
    ----------
    styles : mapping of str to mapping
        Style reports in JSON, with the prosody of each held-out sentence.
    profiles : mapping of str to mapping
        Accepted band (low, high) of each measure, by style.

    Returns
    -------
    dict
        For each style with a profile, but the neutral, a part for each measure
        (`corpus.audio.profile.Part`) of the means over the held-out sentences. Empty without a
        neutral voice.
    """
    with_profile = [key for key in styles if key != NEUTRAL and profiles.get(key)]
    if NEUTRAL not in styles or not with_profile:
        return {}
    baseline = Baseline.of(_prosody(styles[NEUTRAL]))
    return {key: _fit(styles[key], profiles[key], baseline) for key in with_profile}


def _prosody(report: Mapping[str, Any]) -> list[Prosody]:
    return [Prosody.from_json(one) for one in report["evolved"]["prosody"]]


def _fit(
    report: Mapping[str, Any], profile: Profile, baseline: Baseline | None
) -> list[dict[str, Any]]:
    values: dict[str, list[float]] = {}
    for sentence in _prosody(report):
        for part in quality(sentence, (), profile, baseline).parts:
            values.setdefault(part.code, []).append(part.value)
    return [
        asdict(style_part(code, fmean(found), (profile[code][0], profile[code][1])))
        for code, found in values.items()
    ]
