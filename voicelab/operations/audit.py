"""Writing the audit log: services record an act in the transaction that does it."""

import os
import pwd
from typing import Any

from voicelab.operations.models import AuditEntry
from voicelab.tracing import current_trace

Act = AuditEntry.Act


def system_user() -> str:
    """Return who runs this command, as the audit log names it: `system:root`."""
    number = os.getuid()
    try:
        return f"system:{pwd.getpwuid(number).pw_name}"
    except KeyError:  # a container's user may have a number only
        return f"system:{number}"


def act_record(act: Act, *, person: Any = None, about: Any = "", **details: Any) -> AuditEntry:
    """Append who did what to what; address and request are those of the current request.

    `person` is an account, or the name of who has none (`system_user`). Without it it is whoever
    is signed in, or nobody: the program by itself, or a stranger.
    """
    trace = current_trace()
    person = person or (getattr(trace.request, "user", None) if trace.request else None)
    known = getattr(person, "is_authenticated", False)
    return AuditEntry.objects.create(
        act=act,
        person=person.get_username() if known else person if isinstance(person, str) else "",
        person_number=person.pk if known else None,
        about=str(about)[:250],
        details={key: value for key, value in details.items() if value not in (None, "", [])},
        address=(trace.request.META.get("REMOTE_ADDR") or None) if trace.request else None,
        request_id=trace.request_id,
    )
