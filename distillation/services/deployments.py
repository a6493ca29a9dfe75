"""Deployment of approved packs: requested by an admin, carried out by a worker under a lock."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from corpus.files import folder_lock
from corpus.storage import media, storage_fault
from distillation.delivery import PLAIN
from distillation.manifest import ManifestError
from distillation.models import HELD, Deployment, VoicePack
from distillation.querysets import DeploymentQuerySet
from distillation.services.conflicts import Seen, conflict_check
from distillation.services.decisions import approval_check, findings_of, rejection_check
from distillation.services.errors import USER_FAULTS, RunError, fault_code
from distillation.services.provenance import consent_hold
from distillation.services.queue import deployments_enqueue, voice_tests_enqueue
from distillation.services.run_files import media_file
from distillation.services.voices_dir import voices_published
from distillation.stages.deploy import PLAIN_VOICE, deploy_locked, retire_locked
from voicelab.operations.audit import Act, act_record

MAX_BEGUN = 8  # attempts, including those that failed on a locked database
WAITING_RETURN = ("stays", "return")  # of a failed test: why, and which deployment waits
Action, State = Deployment.Action, Deployment.State


def packs_deploy(
    *,
    packs: Sequence[VoicePack],
    person: Any,
    plain: Collection[int] = (),
    override: str = "",
    seen: Seen | None = None,
) -> list[Deployment]:
    """Copy approved packs to the speech service's folder; other voices there are kept.

    Each gets the delivery that validation fitted, except those whose ids are in `plain`.
    `override` is why a voice is deployed that failed a check or was not approved. With `seen`,
    nothing is deployed if one of the voices was changed since.

    Raises
    ------
    RunError
        `nothing_chosen`, `two_of_a_voice`, `two_engines`, `consent_withdrawn`, those of
        `approval_check`, `pack_changed`, `conflict`, `manifest` or `storage`: nothing was deployed.
    """
    rows = _request(packs, person, plain, override, seen)
    deployments_execute([row.pk for row in rows])
    return list(Deployment.objects.filter(pk__in=[row.pk for row in rows]).order_by("pk"))


def packs_deploy_later(
    *,
    packs: Sequence[VoicePack],
    person: Any,
    plain: Collection[int] = (),
    override: str = "",
    seen: Seen | None = None,
) -> list[Deployment]:
    """Have a worker deploy: checking a pack needs torch, which the web process never loads."""
    with transaction.atomic():
        deployments = _request(packs, person, plain, override, seen)
        deployments_enqueue(deployments)
    return deployments


def deployments_carry_out(*, deployment_ids: Sequence[int]) -> None:
    """Carry out requested deployments; a failure is recorded on the deployment."""
    with suppress(*USER_FAULTS):
        deployments_execute(deployment_ids)


def deployments_fail(*, deployment_ids: Sequence[int], code: str, message: str) -> None:
    """Mark deployments that are still requested as failed, with the reason."""
    error = f"{code}: {message}"
    _requested(deployment_ids).update(state=State.FAILED, error=error)


def deployments_execute(deployment_ids: Sequence[int]) -> None:
    """Deploy what is still requested once the folder is locked; another worker may have done it.

    What the storage refuses stays requested, with the reason: `runs_recover` sends it again.
    """
    if not _requested(deployment_ids).exists():
        return
    try:
        with storage_errors(), folder_lock(settings.VOICES_DIR):
            _drop_superseded(deployment_ids)
            _drop_lost(deployment_ids)
            if rows := list(_requested(deployment_ids)):
                _write(rows)
                _note(rows)
    except USER_FAULTS as error:
        code = fault_code(error)
        if code.startswith(HELD):
            held = {"error": f"{code}: {error}", "begun": 0, "queued_at": Now()}
            _requested(deployment_ids).update(**held)
        else:
            deployments_fail(deployment_ids=deployment_ids, code=code, message=str(error))
        raise


@contextmanager
def storage_errors() -> Iterator[None]:
    """Convert errors of the disk and the manifest to RunErrors that a person can act on.

    A fault of the storage that may pass (`corpus.faults`) has its own code.
    """
    try:
        yield
    except ManifestError as error:
        raise RunError("manifest", str(error)) from error
    except OSError as error:
        fault, where = storage_fault(error), error.filename or settings.VOICES_DIR
        raise RunError(
            fault.code if fault else "storage", f"{where}: {error.strerror or error}."
        ) from error


def file_check(pack: VoicePack, sha256: str) -> None:
    """Raise RunError `pack_changed` unless the pack's file has this SHA-256."""
    if media.sha256(str(pack.file.name)) != sha256:
        raise RunError(
            "pack_changed",
            _("%(pack)s: the file %(file)s is gone or is not the one that was reviewed.")
            % {"pack": pack, "file": pack.file.name},
        )


def _chosen(packs: Sequence[VoicePack]) -> list[VoicePack]:
    ids = [pack.pk for pack in packs]
    chosen = list(VoicePack.objects.filter(pk__in=ids).select_related("style_run__run__report"))
    if not chosen:
        raise RunError("nothing_chosen", _("Choose at least one voice that is listed here."))
    if len({pack.style for pack in chosen}) < len(chosen):
        raise RunError("two_of_a_voice", _("Choose one pack for each voice."))
    if len({pack.engine for pack in chosen}) > 1:
        raise RunError("two_engines", _("Choose packs of one engine: the service runs only one."))
    return chosen


@transaction.atomic
def _request(
    packs: Sequence[VoicePack],
    person: Any,
    plain: Collection[int],
    override: str,
    seen: Seen | None,
) -> list[Deployment]:
    chosen = _chosen(packs)
    if seen is not None:
        conflict_check({pack.style for pack in chosen}, seen)
    rows = [_new(pack, person, override.strip(), is_plain=pack.pk in plain) for pack in chosen]
    with storage_errors():
        for row in rows:
            deployable_check(row)
    for row in rows:
        row.save()
        act = Act.DEPLOY_OVERRIDDEN if row.override else Act.DEPLOY_ASKED
        deployment_record(act, row, person)
    return rows


def deployment_record(act: Act, row: Deployment, person: Any) -> None:
    """Record in the audit log what is asked for a voice."""
    told = {"deployment": row.pk, "run": row.pack.style_run.run_id, "reason": row.override}
    act_record(act, person=person, about=row, **told)


def _new(pack: VoicePack, person: Any, override: str, *, is_plain: bool) -> Deployment:
    delivery = (None if is_plain else pack.fitted) or PLAIN
    return Deployment(
        pack=pack,
        voice=pack.style,
        place=str(settings.VOICES_DIR),
        sha256=pack.sha256,
        override=override,
        person=person,
        **delivery.to_json(),
    )


def deployable_check(row: Deployment) -> None:
    """Raise RunError unless what the row asks for may be done, when requested and when done."""
    if row.action == Action.RETIRE:
        return
    consent_hold(row.pack.style_run)
    if row.action == Action.DEPLOY:
        approval_check(row.pack, row.override)
    elif row.action == Action.ROLL_BACK:
        _roll_back_check(row)
    file_check(row.pack, row.sha256)


def _roll_back_check(row: Deployment) -> None:
    """A voice that was in service goes back unless it was rejected or failed since."""
    rejection_check(row.pack)
    if findings_of(row.pack.style_run).failed and not row.override:
        approval_check(row.pack)


def _requested(deployment_ids: Sequence[int]) -> DeploymentQuerySet:
    rows = Deployment.objects.filter(pk__in=deployment_ids, state=State.REQUESTED)
    return rows.select_related("pack__style_run__run__report", "person").order_by("pk")


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


def _write(rows: Sequence[Deployment]) -> None:
    """Bring the folder to what the rows ask for."""
    for row in rows:
        deployable_check(row)
    with voices_published() as folder:
        if spoken := [row for row in rows if row.action != Action.RETIRE]:
            _copy(spoken, folder)
        for row in rows:
            if row.action == Action.RETIRE:
                retire_locked(row.voice, voices_dir=folder)


def _copy(rows: Sequence[Deployment], folder: Path) -> None:
    paths = {row.voice: media_file(row.pack.file.name) for row in rows}
    deploy_locked(
        paths,
        voices_dir=folder,
        engine=rows[0].pack.engine,
        default=PLAIN_VOICE if PLAIN_VOICE in paths else None,
        about={row.voice: _about(row) for row in rows},
        deliveries={row.voice: row.delivery for row in rows},
    )


@transaction.atomic
def _note(rows: Sequence[Deployment]) -> None:
    for row in rows:
        row.version = row.version or version_number(row)
        for earlier in Deployment.objects.latest_done().filter(voice=row.voice, place=row.place):
            _replaced_note(earlier, row)
        row.state, row.error = State.DEPLOYED, ""
        row.save(update_fields=["state", "error", "version"])
    voice_tests_enqueue([row for row in rows if row.action in (Action.DEPLOY, Action.ROLL_BACK)])


def _replaced_note(earlier: Deployment, row: Deployment) -> None:
    changed: dict[str, Any] = {"replaced_by": row}
    if earlier.test.get("return") == row.pk:
        # It failed its test, and the storage let its return wait until now.
        test = {key: found for key, found in earlier.test.items() if key not in WAITING_RETURN}
        changed |= {"state": State.RETURNED, "test": test}
    Deployment.objects.filter(pk=earlier.pk).update(**changed)


def version_number(row: Deployment) -> int:
    """Return the number of what a deployment speaks with: its pack and delivery."""
    known = Deployment.objects.filter(voice=row.voice).exclude(version=None)
    same = known.filter(sha256=row.sha256, **row.delivery.to_json()).first()
    if same and same.version:
        return same.version
    return 1 + (known.aggregate(last=Max("version"))["last"] or 0)


def _about(row: Deployment) -> dict[str, Any]:
    facts = {
        **row.pack.style_run.run.run_recipe.about_weights,
        "deployment": row.pk,
        "version": row.version or version_number(row),
        "run": row.pack.style_run.run_id,
        "by": row.person.get_username(),
        "at": row.created_at.isoformat(),
        "scores": row.pack.scores,
    }
    return facts | ({"override": _overridden(row)} if row.override else {})


def _overridden(row: Deployment) -> dict[str, Any]:
    """Return what an override admitted, why, by whom and when."""
    found = findings_of(row.pack.style_run)
    return {
        "reason": row.override,
        "by": row.person.get_username(),
        "at": row.created_at.isoformat(),
        "failed": list(found.failed),
        "worse": list(found.worse),
    }
