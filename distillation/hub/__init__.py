"""Model files: listing and fetching them from the hub, and checking local ones."""

from distillation.hub.fetch import pull
from distillation.hub.kokoro_files import PACKAGE_STEPS, SOURCES, fetch_kokoro
from distillation.hub.listing import RemoteFile, remote_files
from distillation.hub.local import Finding, check, in_the_way
from distillation.hub.origin import WeightsOrigin, weights_origin, weights_recorded
from distillation.hub.sets import F5, KOKORO, SETS, SPANISH_VOICES, HubError, ModelSet

__all__ = [
    "F5",
    "KOKORO",
    "PACKAGE_STEPS",
    "SETS",
    "SOURCES",
    "SPANISH_VOICES",
    "Finding",
    "HubError",
    "ModelSet",
    "RemoteFile",
    "WeightsOrigin",
    "check",
    "fetch_kokoro",
    "in_the_way",
    "pull",
    "remote_files",
    "weights_origin",
    "weights_recorded",
]
