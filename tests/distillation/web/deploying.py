"""Approved voices for the tests of deployment, and what is in service."""

from pathlib import Path

from django.conf import settings

from distillation import engines, manifest, voicepack
from distillation.models import Deployment, VoicePack
from distillation.services import deployments as deploying
from distillation.services.deployments import packs_deploy_later
from distillation.services.run_files import field_path
from tests.distillation.factories import approve, finished_run

LUZ, OTHER, THIRD = engines.student("praat").stock_voices()[:3]
FIT = {
    "speed": 1.04,
    "gain_db": -1.3,
    "rate_error": {"without": 0.112, "with": -0.01},
    "level_error_db": {"without": 1.3, "with": 0.1},
}


def approved(stock: str, style: str = "neutral") -> VoicePack:
    """Return an approved pack to which nothing was fitted."""
    row = finished_run(style).style_runs.get().packs.get()
    row.style_run.report["delivery"] = None
    row.style_run.save()
    row.file.name, path = field_path(row, "file")
    row.sha256 = voicepack.save(engines.student("praat").stock_voice(stock), path)
    row.save()
    approve(row)
    return row


def request(pack: VoicePack) -> Deployment:
    return packs_deploy_later(packs=[pack], person=pack.style_run.run.created_by)[0]


def served(place: Path) -> dict[str, str]:
    deployed = manifest.read(place)
    return {name: voice.sha256 for name, voice in deployed.voices.items()} if deployed else {}


def seen(pack: VoicePack) -> dict[str, int]:
    """Return what a form of now says was seen of the pack's voice."""
    last = Deployment.objects.last_of(str(settings.VOICES_DIR))
    return {f"seen-{pack.style}": last.get(pack.style, 0)}


def fitted(stock: str, style: str = "neutral") -> VoicePack:
    """Return an approved pack to which validation fitted a delivery."""
    pack = approved(stock, style)
    pack.style_run.report = {**pack.style_run.report, "delivery": FIT}
    pack.style_run.save()
    return pack


def deliveries(place: Path) -> dict[str, tuple[float, float]]:
    deployed = manifest.read(place)
    assert deployed
    return {name: (voice.speed, voice.gain_db) for name, voice in deployed.voices.items()}


def carry_out(*deployments: Deployment) -> None:
    deploying.deployments_carry_out(deployment_ids=[row.pk for row in deployments])


def ended(row: Deployment) -> tuple[str, str]:
    """Return how a deployment ended: its state and its error code."""
    row.refresh_from_db()
    return row.state, row.error.partition(":")[0]
