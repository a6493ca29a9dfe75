"""Writing the audit log: services record an act in the transaction that does it."""

from typing import Any

from voicelab.operations.models import AuditEntry
from voicelab.tracing import current_trace

Act = AuditEntry.Act


def act_record(act: Act, *, person: Any = None, about: Any = "", **details: Any) -> AuditEntry:
    """Append who did what to what; address and request are those of the current request.

    Without `person` it is whoever is signed in, or nobody: the program by itself, or a stranger.
    """
    trace = current_trace()
    person = person or (getattr(trace.request, "user", None) if trace.request else None)
    known = person is not None and person.is_authenticated
    return AuditEntry.objects.create(
        act=act,
        person=person.get_username() if known else "",
        person_number=person.pk if known else None,
        about=str(about)[:250],
        details={key: value for key, value in details.items() if value not in (None, "", [])},
        address=(trace.request.META.get("REMOTE_ADDR") or None) if trace.request else None,
        request_id=trace.request_id,
    )
