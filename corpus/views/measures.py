"""Template context for a take's measures: bars over bands, with advice."""

from typing import Any

from django.utils.translation import gettext as _

from corpus.audio.coaching import hints
from corpus.audio.profile import Part
from corpus.audio.prosody import Prosody
from corpus.models import ProsodyScore
from corpus.wording import PARTS, UNITS, advice, praise

# Range of each bar: wide enough for its band and for typical values.
SPANS = {
    "clipping": (0, 1),
    "level": (-60, 0),
    "noise": (0, 80),
    "cut_start": (0, 2),
    "cut_end": (0, 2),
    "silence": (0, 4),
    "duration": (0, 15),
    "length": (0, 12),
    "pitch_st": (-8, 8),
    "rate_ratio": (0.4, 1.6),
    "range_ratio": (0, 2.5),
    "pause_ratio": (0, 4),
    "energy_db": (-12, 12),
}


def measures_of(score: ProsodyScore) -> dict[str, Any]:
    """Split the parts of a quality score into technical checks and style measures.

    `causes` are the parts to change and `advice` says how, the most helpful first; `coach` is the
    first advice, or praise. `unusable`: a technical cause, under which the style is not measured.
    """
    parts = [bar_of(part) for part in score.parts.get("parts", [])]
    found = hints(parts_of(score), Prosody.from_json(score.measures))
    said = [advice(hint) for hint in found]
    technical = any(hint.kind == "technical" for hint in found)
    return {
        "causes": [part for part in parts if part["code"] in {hint.code for hint in found}],
        "unusable": technical,
        "technical": [part for part in parts if part["kind"] == "technical"],
        "style": [part for part in parts if part["kind"] == "style"],
        "technical_score": score.parts.get("technical"),
        "style_score": score.parts.get("style"),
        "missing": [PARTS[code] for code in score.parts.get("missing", [])],
        "advice": said,
        "coach": said[0] if said else praise(score.quality, judged=bool(score.parts.get("style"))),
        "figures": _figures(score),
    }


def parts_of(score: ProsodyScore) -> list[Part]:
    """Deserialize the stored parts of a quality score."""
    rows = score.parts.get("parts", [])
    return [Part(**{**row, "limit": tuple(row["limit"])}) for row in rows]


def bar_of(part: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a quality score with its name, unit and range, for its bar."""
    low, high = part["limit"]
    least, most = SPANS[part["code"]]
    return {
        **part,
        "name": PARTS[part["code"]],
        "unit": UNITS.get(part["unit"], part["unit"]),
        "ok": part["score"] >= 1,
        "min": least,
        "max": most,
        "low": least if low is None else low,
        "high": most if high is None else high,
    }


def _figures(score: ProsodyScore) -> list[tuple[str, float | None, str]]:
    found = score.measures
    creak_s = found.get("creak_s") or None
    unsure = [(_("creaky voice, its pitch is unsure"), creak_s, "s")] if creak_s else []
    return [
        *unsure,
        (_("mean pitch"), found.get("pitch_mean_hz"), "Hz"),
        (_("pitch range"), found.get("pitch_range_st"), "st"),
        (_("speech rate"), found.get("speech_rate"), _("syll./s")),
        (_("articulation rate"), found.get("articulation_rate"), _("syll./s")),
        (_("energy deviation"), found.get("energy_std"), ""),
        (_("pauses"), found.get("pause_s"), "s"),
        (_("voiced share"), found.get("voiced_ratio"), ""),
    ]
