"""What happens to accounts goes to the audit log, from whatever page or command it is done."""

from typing import Any

from django.contrib.auth import get_user_model, signals
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.dispatch import receiver

from voicelab.operations.audit import Act, act_record

User: Any = get_user_model()
RIGHTS = ("is_superuser", "is_staff")


@receiver(signals.user_logged_in)
def _signed_in(user: Any, **_signal: Any) -> None:
    act_record(Act.SIGNED_IN, person=user)


@receiver(signals.user_logged_out)
def _signed_out(user: Any, **_signal: Any) -> None:
    if user is not None:
        act_record(Act.SIGNED_OUT, person=user)


@receiver(signals.user_login_failed)
def _sign_in_failed(credentials: dict[str, Any], request: Any = None, **_signal: Any) -> None:
    if getattr(request, "axes_locked_out", False):
        return  # a guessing program would fill the log; the attempts that locked it are there
    name = str(credentials.get(User.USERNAME_FIELD) or "").replace("\0", "")
    act_record(Act.SIGN_IN_FAILED, about=name)


@receiver(pre_save, sender=User)
def _account_changes(
    instance: Any, update_fields: Any = None, raw: bool = False, **_signal: Any
) -> None:
    """Record a new password, an account closed or opened, and rights above the roles."""
    if raw or instance.pk is None:
        return
    if instance._password is not None:  # not a mere upgrade of the stored hash
        act_record(Act.PASSWORD_CHANGED, about=instance.get_username())
    watched = {"is_active", *RIGHTS}
    if update_fields is not None and not watched & set(update_fields):
        return
    before = User.objects.filter(pk=instance.pk).values(*watched).first()
    if before is None:
        return
    if before["is_active"] != instance.is_active:
        act = Act.ACCOUNT_OPENED if instance.is_active else Act.ACCOUNT_CLOSED
        act_record(act, about=instance.get_username())
    changed = {name: getattr(instance, name) for name in RIGHTS}
    changed = {name: value for name, value in changed.items() if value != before[name]}
    if changed:
        act_record(Act.ROLES_CHANGED, about=instance.get_username(), rights=changed)


@receiver(post_save, sender=User)
def _account_added(instance: Any, created: bool, raw: bool = False, **_signal: Any) -> None:
    if created and not raw:
        rights = [name for name in RIGHTS if getattr(instance, name)]
        act_record(Act.ACCOUNT_ADDED, about=instance.get_username(), rights=rights)


@receiver(post_delete, sender=User)
def _account_deleted(instance: Any, **_signal: Any) -> None:
    act_record(Act.ACCOUNT_DELETED, about=instance.get_username())


@receiver(m2m_changed, sender=User.groups.through)
def _roles_changed(
    instance: Any, action: str, reverse: bool, model: Any, pk_set: Any, **_signal: Any
) -> None:
    word = {"post_add": "added", "post_remove": "removed", "pre_clear": "removed"}.get(action)
    if word is None or (action != "pre_clear" and not pk_set):
        return
    if reverse:  # group.user_set.add(person)
        people = User.objects.filter(pk__in=pk_set) if pk_set else instance.user_set.all()
        for person in people:
            _roles_record(person, word, [instance.name])
        return
    held = model.objects.filter(pk__in=pk_set) if pk_set else instance.groups.all()
    _roles_record(instance, word, sorted(held.values_list("name", flat=True)))


def _roles_record(person: Any, word: str, names: list[str]) -> None:
    if names:
        act_record(Act.ROLES_CHANGED, about=person.get_username(), **{word: names})
