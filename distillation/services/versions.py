"""Versions of a voice: which came before, and the ways back to it or out of service."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from distillation.models import Deployment
from distillation.services.conflicts import conflict_check
from distillation.services.deployments import (
    Action,
    State,
    deployable_check,
    deployment_record,
    deployments_execute,
    storage_errors,
)
from distillation.services.errors import RunError
from distillation.services.queue import deployments_enqueue
from voicelab.operations.audit import Act


def voice_roll_back(*, deployment: Deployment, person: Any) -> Deployment:
    """Have a worker put the version before this one back into service.

    Raises
    ------
    RunError
        `conflict`: this is not the version in service any more; `no_former`; `rejected`,
        `failed_checks`, `consent_withdrawn` or `pack_changed`: the former may not be deployed.
    """
    former = former_version(deployment)
    if former is None:
        raise RunError("no_former", _("%s has no earlier version.") % deployment.voice)
    return _request(deployment, former, Action.ROLL_BACK, person)


def voice_retire(*, deployment: Deployment, person: Any) -> Deployment:
    """Have a worker take a voice out of the speech service; deploying it again undoes that.

    Raises
    ------
    RunError
        `conflict`: this is not the version in service any more.
    """
    return _request(deployment, deployment, Action.RETIRE, person)


def version_return(*, deployment: Deployment, reason: dict[str, Any]) -> Deployment | None:
    """Bring back what a deployment replaced, at once; without that, retire the voice.

    `reason` is kept as the deployment's test. Returns None if something newer stands already.
    """
    if deployment.replaced_by_id or Deployment.objects.newer_than(deployment).exists():
        return None
    former = deployment.replaces.exclude(action=Action.RETIRE).order_by("-pk").first()
    back = _row(former or deployment, Action.RETURN if former else Action.RETIRE)
    back.person = deployment.person
    back.save()
    deployment_record(Act.VOICE_RETURNED, back, None)
    deployments_execute([back.pk])
    Deployment.objects.filter(pk=deployment.pk).update(state=State.RETURNED, test=reason)
    return back


def former_version(deployment: Deployment) -> Deployment | None:
    """Return the last deployment of the version before this one that was in service."""
    same = Deployment.objects.filter(
        voice=deployment.voice, state=State.DEPLOYED, version__lt=deployment.version or 0
    ).exclude(action=Action.RETIRE)
    return same.select_related("pack__style_run__run__report").order_by("-version", "-pk").first()


@transaction.atomic
def _request(shown: Deployment, source: Deployment, action: str, person: Any) -> Deployment:
    conflict_check({shown.voice}, {shown.voice: shown.pk})
    in_use = shown.place == str(settings.VOICES_DIR)
    if not in_use or shown.replaced_by_id or shown.state != State.DEPLOYED:
        raise RunError("conflict", _("%s is not in service any more.") % shown)
    row = _row(source, action)
    row.person = person
    with storage_errors():
        deployable_check(row)
    row.save()
    act = Act.ROLL_BACK_ASKED if action == Action.ROLL_BACK else Act.RETIRE_ASKED
    deployment_record(act, row, person)
    deployments_enqueue([row])
    return row


def _row(source: Deployment, action: str) -> Deployment:
    """Return a new row that speaks as `source` did."""
    return Deployment(
        action=action,
        pack=source.pack,
        voice=source.voice,
        version=source.version,
        place=str(settings.VOICES_DIR),
        sha256=source.sha256,
        override=source.override,
        **source.delivery.to_json(),
    )
