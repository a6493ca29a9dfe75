"""Decisions on packs, and the deployment of approved ones."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from distillation.models import Decision, Deployment, VoicePack
from distillation.services.faults import USER_FAULTS, RunError, fault_code
from distillation.services.origins import consent_hold
from distillation.services.queue import deployments_enqueue
from distillation.services.tools import media_path, sha256_of
from distillation.stages.deploy import deploy

DEFAULT_VOICE = "neutral"


def pack_decide(*, pack: VoicePack, person: Any, verdict: str, reason: str) -> Decision:
    """Add a decision on exactly the file that the pack is now."""
    if verdict not in Decision.Verdict.values:
        raise RunError("verdict", _("Approve or reject, not “%s”.") % verdict)
    if not reason.strip():
        raise RunError("reason", _("Say why: the reason is missing."))
    if pack.kind != VoicePack.Kind.EVOLVED:
        raise RunError("not_evolved", _("Only the evolved voice of a style can be judged."))
    return Decision.objects.create(
        pack=pack,
        pack_sha256=pack.sha256,
        verdict=verdict,
        reason=reason.strip(),
        person=person,
    )


def packs_deploy(*, packs: Sequence[VoicePack], person: Any) -> list[Deployment]:
    """Copy approved packs to the speech service's folder, beside the voices that stay there.

    Raises
    ------
    RunError
        `not_approved`, `pack_changed`, `two_of_a_voice`: nothing was deployed.
    """
    deployments = _request(packs, person)
    _carry_out(deployments)
    return deployments


def packs_deploy_later(*, packs: Sequence[VoicePack], person: Any) -> list[Deployment]:
    """Let a worker deploy: checking a pack takes torch, which the web process never loads."""
    with transaction.atomic():
        deployments = _request(packs, person)
        deployments_enqueue(deployments)
    return deployments


def deployments_carry_out(*, deployment_ids: Sequence[int]) -> None:
    """Do what was requested and is not done yet; what cannot be done is noted on it."""
    rows = Deployment.objects.filter(pk__in=deployment_ids, state=Deployment.State.REQUESTED)
    rows = rows.select_related("pack__style_run", "person")
    if rows:
        try:
            _carry_out(list(rows))
        except USER_FAULTS as error:
            rows.update(state=Deployment.State.FAILED, error=f"{fault_code(error)}: {error}")


def _approved(packs: Sequence[VoicePack]) -> list[VoicePack]:
    chosen: list[Any] = list(
        VoicePack.objects.with_verdict()
        .filter(pk__in=[pack.pk for pack in packs])
        .select_related("style_run__run")
    )
    if not chosen or len({pack.style for pack in chosen}) < len(chosen):
        raise RunError("two_of_a_voice", _("Choose one pack for each voice."))
    if len({pack.engine for pack in chosen}) > 1:
        raise RunError("two_engines", _("Choose packs of one engine: the service runs only one."))
    for pack in chosen:
        consent_hold(pack.style_run.run.run_recipe, [pack.style])
        if pack.verdict != Decision.Verdict.APPROVE:
            raise RunError("not_approved", _("%s was not approved; review it first.") % pack)
        path = media_path(pack.file.name)
        if not path.exists() or sha256_of(path.read_bytes()) != pack.sha256:
            raise RunError(
                "pack_changed",
                _("%(pack)s: the file %(file)s is gone or is not the one that was judged.")
                % {"pack": pack, "file": pack.file.name},
            )
    return chosen


@transaction.atomic
def _request(packs: Sequence[VoicePack], person: Any) -> list[Deployment]:
    return [
        Deployment.objects.create(
            pack=pack,
            voice=pack.style,
            place=str(settings.VOICES_DIR),
            sha256=pack.sha256,
            person=person,
        )
        for pack in _approved(packs)
    ]


def _carry_out(deployments: Sequence[Deployment]) -> None:
    chosen = _approved([row.pack for row in deployments])
    paths = {pack.style: media_path(pack.file.name) for pack in chosen}
    deploy(
        paths,
        voices_dir=settings.VOICES_DIR,
        engine=chosen[0].engine,
        default=_default_voice(paths),
        about={row.voice: _about(row) for row in deployments},
    )
    with transaction.atomic():
        for row in deployments:
            _replace(row)


def _replace(row: Deployment) -> None:
    earlier = Deployment.objects.current().filter(voice=row.voice, place=row.place)
    earlier.update(replaced_by=row)
    row.state = Deployment.State.DEPLOYED
    row.save(update_fields=["state"])


def _default_voice(paths: dict[str, Any]) -> str | None:
    """Return the neutral voice if it is among these; else the default stays as it is."""
    return DEFAULT_VOICE if DEFAULT_VOICE in paths else None


def _about(row: Deployment) -> dict[str, Any]:
    return {
        "deployment": row.pk,
        "run": row.pack.style_run.run_id,
        "by": row.person.get_username(),
        "at": row.created_at.isoformat(),
        "scores": row.pack.scores,
    }
