"""What can be heard of a style of a run: its target, the voices on the way, the best so far."""

import hashlib
from typing import Any

from django.urls import reverse

from distillation.models import RunState, StyleRun, VoicePack

PARTS = (0, 25, 50, 100)  # percent of the search at which its best voice is kept
OVER = (RunState.FINISHED, RunState.CANCELLED)  # what is not there will not come


def sounds_of(row: StyleRun, packs: list[VoicePack], *, target: bool) -> list[dict[str, Any]]:
    """Return the sounds in their order; each has an address of its own, new with its content.

    Without `target` its sounds have none: the person may not hear them.
    """
    return [
        *(_targets(row) if target else [_sound(row, "target", "") | {"withheld": True}]),
        *(
            _milestone(row, part, pack)
            for part, pack in _parts(row, packs).items()
            if pack or row.state not in OVER
        ),
        *([] if row.stopped else [_of_style(row, "preview", row.preview.name)]),
    ]


def _targets(row: StyleRun) -> list[dict[str, Any]]:
    clips = range(2, row.target_info.get("clips", 1) + 1)
    return [_of_style(row, "target", row.target.name), *(_clip(row, number) for number in clips)]


def _of_style(row: StyleRun, what: str, name: str | None) -> dict[str, Any]:
    sound = _sound(row, what, name)
    return sound | (_addresses(row, what, sound["version"]) if name else {})


def _clip(row: StyleRun, number: int) -> dict[str, Any]:
    what = f"target-{number}"
    sound = _sound(row, what, row.target.name) | {"what": "clip", "number": number}
    return sound | _addresses(row, what, sound["version"])


def _parts(row: StyleRun, packs: list[VoicePack]) -> dict[int, VoicePack | None]:
    """Return the pack that was best at each part of the search, in percent; None: not yet."""
    end = (row.step if row.stopped else row.steps) or 1
    found: dict[int, VoicePack | None] = dict.fromkeys(PARTS)
    for pack in packs:
        if pack.kind == VoicePack.Kind.EVOLVED:
            found[PARTS[-1]] = pack
        else:
            share = 100 * pack.step / end
            found[min(PARTS[:-1], key=lambda part: abs(part - share))] = pack
    return found


def _milestone(row: StyleRun, part: int, pack: VoicePack | None) -> dict[str, Any]:
    sound = _sound(row, f"part-{part}", pack.sha256 if pack else "")
    sound |= {"what": "milestone", "percent": part}
    if pack is None:
        return sound
    return {
        **sound,
        "step": pack.step,
        "score": pack.scores.get("score"),
        "src": reverse("pack_sample", args=[pack.pk]),
        "drawn": reverse("sample_waveform", args=[pack.pk]),
    }


def _sound(row: StyleRun, what: str, content: str | None) -> dict[str, Any]:
    at = f"sound-{row.style}-{what}"
    version = hashlib.sha256(f"{at}-{content}".encode()).hexdigest()[:8]
    return {"id": at, "what": what, "version": version}  # short: a page sends them all in one line


def _addresses(row: StyleRun, what: str, version: str) -> dict[str, str]:
    query = f"?v={version}"
    return {
        name: reverse("style_audio", args=[row.run_id, row.style, what, kind]) + query
        for name, kind in (("src", "wav"), ("drawn", "svg"))
    }
