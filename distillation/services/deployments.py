"""Decisions on packs, and deployment of approved ones."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from corpus.files import sha256_of
from distillation.delivery import PLAIN
from distillation.manifest import ManifestError
from distillation.models import Decision, Deployment, RunState, VoicePack
from distillation.querysets import DeploymentQuerySet
from distillation.services.errors import USER_FAULTS, RunError, fault_code
from distillation.services.provenance import consent_hold
from distillation.services.queue import deployments_enqueue
from distillation.services.run_files import media_path
from distillation.stages.deploy import PLAIN_VOICE, deploy_locked, folder_lock

MAX_BEGUN = 8  # attempts, including those that failed on a locked database


def pack_decide(*, pack: VoicePack, person: Any, verdict: str, reason: str) -> Decision:
    """Add a decision on the pack's current file."""
    if verdict not in Decision.Verdict.values:
        raise RunError("verdict", _("Approve or reject, not “%s”.") % verdict)
    if not reason.strip():
        raise RunError("reason", _("Say why: the reason is missing."))
    if pack.kind != VoicePack.Kind.EVOLVED:
        raise RunError("not_evolved", _("Only the evolved voice of a style can be reviewed."))
    if pack.style_run.state != RunState.FINISHED:
        raise RunError("not_validated", _("This voice is not validated yet; review it afterwards."))
    return Decision.objects.create(
        pack=pack,
        pack_sha256=pack.sha256,
        verdict=verdict,
        reason=reason.strip(),
        person=person,
    )


def packs_deploy(
    *, packs: Sequence[VoicePack], person: Any, plain: Collection[int] = ()
) -> list[Deployment]:
    """Copy approved packs to the speech service's folder; other voices there are kept.

    Each gets the speed and gain that validation fitted, except those whose ids are in `plain`.

    Raises
    ------
    RunError
        `nothing_chosen`, `two_of_a_voice`, `two_engines`, `consent_withdrawn`, `not_approved`,
        `pack_changed`, `manifest` or `storage`: nothing was deployed.
    """
    ids = [row.pk for row in _request(packs, person, plain)]
    _carry_out(ids)
    return list(Deployment.objects.filter(pk__in=ids).order_by("pk"))


def packs_deploy_later(
    *, packs: Sequence[VoicePack], person: Any, plain: Collection[int] = ()
) -> list[Deployment]:
    """Have a worker deploy: checking a pack needs torch, which the web process never loads."""
    with transaction.atomic():
        deployments = _request(packs, person, plain)
        deployments_enqueue(deployments)
    return deployments


def deployments_carry_out(*, deployment_ids: Sequence[int]) -> None:
    """Carry out requested deployments; a failure is recorded on the deployment."""
    with suppress(*USER_FAULTS):
        _carry_out(deployment_ids)


def deployments_fail(*, deployment_ids: Sequence[int], code: str, message: str) -> None:
    """Mark deployments that are still requested as failed, with the reason."""
    error = f"{code}: {message}"
    _requested(deployment_ids).update(state=Deployment.State.FAILED, error=error)


def _approved(packs: Sequence[VoicePack]) -> list[VoicePack]:
    chosen: list[Any] = list(
        VoicePack.objects.with_verdict()
        .filter(pk__in=[pack.pk for pack in packs])
        .select_related("style_run__run")
    )
    if not chosen:
        raise RunError("nothing_chosen", _("Choose at least one voice that is listed here."))
    if len({pack.style for pack in chosen}) < len(chosen):
        raise RunError("two_of_a_voice", _("Choose one pack for each voice."))
    if len({pack.engine for pack in chosen}) > 1:
        raise RunError("two_engines", _("Choose packs of one engine: the service runs only one."))
    for pack in chosen:
        consent_hold(pack.style_run)
        if pack.verdict != Decision.Verdict.APPROVE:
            raise RunError("not_approved", _("%s was not approved; review it first.") % pack)
        path = media_path(pack.file.name)
        if not path.is_file() or sha256_of(path) != pack.sha256:
            raise RunError(
                "pack_changed",
                _("%(pack)s: the file %(file)s is gone or is not the one that was reviewed.")
                % {"pack": pack, "file": pack.file.name},
            )
    return chosen


@transaction.atomic
def _request(packs: Sequence[VoicePack], person: Any, plain: Collection[int]) -> list[Deployment]:
    with _storage_errors():
        chosen = _approved(packs)
    deliveries = {pack.pk: (None if pack.pk in plain else pack.fitted) or PLAIN for pack in chosen}
    return [
        Deployment.objects.create(
            pack=pack,
            voice=pack.style,
            place=str(settings.VOICES_DIR),
            sha256=pack.sha256,
            person=person,
            **deliveries[pack.pk].to_json(),
        )
        for pack in chosen
    ]


def _carry_out(deployment_ids: Sequence[int]) -> None:
    """Deploy what is still requested once the folder is locked; another worker may have done it."""
    if not _requested(deployment_ids).exists():
        return
    try:
        with _storage_errors(), folder_lock(settings.VOICES_DIR):
            _drop_superseded(deployment_ids)
            _drop_lost(deployment_ids)
            if rows := list(_requested(deployment_ids)):
                _copy(rows)
                _note(rows)
    except USER_FAULTS as error:
        deployments_fail(deployment_ids=deployment_ids, code=fault_code(error), message=str(error))
        raise


@contextmanager
def _storage_errors() -> Iterator[None]:
    """Convert errors of the disk and the manifest to RunErrors that a person can act on."""
    try:
        yield
    except ManifestError as error:
        raise RunError("manifest", str(error)) from error
    except OSError as error:
        where = error.filename or settings.VOICES_DIR
        raise RunError("storage", f"{where}: {error.strerror or error}.") from error


def _requested(deployment_ids: Sequence[int]) -> DeploymentQuerySet:
    rows = Deployment.objects.filter(pk__in=deployment_ids, state=Deployment.State.REQUESTED)
    return rows.select_related("pack__style_run", "person").order_by("pk")


def _drop_superseded(deployment_ids: Sequence[int]) -> None:
    """Fail outdated requests: those with a newer one for the same voice and place."""
    for row in _requested(deployment_ids):
        if newer := Deployment.objects.newer_than(row).first():
            message = _("a newer deployment of this voice stands, that of %(pack)s by %(person)s.")
            message %= {"pack": newer.pack, "person": newer.person}
            deployments_fail(deployment_ids=[row.pk], code="superseded", message=message)


def _drop_lost(deployment_ids: Sequence[int]) -> None:
    """Count the attempts; fail deployments that were begun too often and never ended."""
    for row in _requested(deployment_ids).filter(begun__gte=MAX_BEGUN):
        message = _("begun %d times and never ended; look at the worker's log and its memory.")
        message %= row.begun
        deployments_fail(deployment_ids=[row.pk], code="deploy_lost", message=message)
    _requested(deployment_ids).update(begun=F("begun") + 1)


def _copy(rows: Sequence[Deployment]) -> None:
    chosen = _approved([row.pack for row in rows])
    paths = {pack.style: media_path(pack.file.name) for pack in chosen}
    deploy_locked(
        paths,
        voices_dir=settings.VOICES_DIR,
        engine=chosen[0].engine,
        default=PLAIN_VOICE if PLAIN_VOICE in paths else None,
        about={row.voice: _about(row) for row in rows},
        deliveries={row.voice: row.delivery for row in rows},
    )


@transaction.atomic
def _note(rows: Sequence[Deployment]) -> None:
    for row in rows:
        earlier = Deployment.objects.current().filter(voice=row.voice, place=row.place)
        earlier.update(replaced_by=row)
        row.state = Deployment.State.DEPLOYED
        row.save(update_fields=["state"])


def _about(row: Deployment) -> dict[str, Any]:
    return {
        **row.pack.style_run.run.run_recipe.about_weights,
        "deployment": row.pk,
        "run": row.pack.style_run.run_id,
        "by": row.person.get_username(),
        "at": row.created_at.isoformat(),
        "scores": row.pack.scores,
    }
