"""What a search of one style needs besides the recipe and its target."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from distillation.voicepack import VoicePack


@dataclass(frozen=True, kw_only=True)
class SearchContext:
    """Files and voices around the search of one style.

    Attributes
    ----------
    target_texts : tuple of str
        All that is spoken in the target; empty if unknown.
    speaker_targets : tuple of Path
        The targets of every style of the run, of which one speaker is evolved; empty for the
        style's target alone.
    speaker : VoicePack or None
        The speaker, as evolved for the run's first style: the other styles begin from it.
    shift : tuple of float
        How the target differs from the speaker's (`ProsodyFigures.vector`); empty if unknown.
    atlas_dir : Path or None
        Where measurements of base voices are kept; None for only in memory.
    """

    target_texts: tuple[str, ...] = ()
    speaker_targets: tuple[Path, ...] = ()
    speaker: VoicePack | None = None
    shift: tuple[float, ...] = ()
    atlas_dir: Path | None = None
