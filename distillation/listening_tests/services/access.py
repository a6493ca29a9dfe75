"""Who may listen, and who may see the results of a test."""

from typing import Any

from corpus.models import Recording
from distillation.listening_tests.models import Listener, ListeningTest
from distillation.models import TakeUse
from voicelab.roles import REVIEWER, roles_of

TAKES_OF_A_TEST = ("voices__style_run__take_uses__recording", "voices__sounds__recording")


def is_withdrawn(test: ListeningTest) -> bool:
    """Return whether a speaker whose takes are played in the test has withdrawn consent."""
    gone = {"recording__speaker__withdrawn_at__isnull": False}
    of_runs = TakeUse.objects.filter(style_run__compared_voices__test=test, **gone)
    takes = Recording.objects.filter(prepared_sounds__voice__test=test)
    return of_runs.exists() or takes.filter(speaker__withdrawn_at__isnull=False).exists()


def can_listen(listener: Listener) -> bool:
    """Return whether a listener may still hear sounds and vote."""
    invited = listener.invitation is None or listener.invitation.is_valid
    is_there = listener.user is None or listener.user.is_active
    return listener.test.is_open and invited and is_there and not is_withdrawn(listener.test)


def part_of(person: Any, test: ListeningTest) -> Listener | None:
    return test.listeners.filter(user=person).first() if person.is_authenticated else None


def may_see_results(person: Any, test: ListeningTest) -> bool:
    """Return whether the results may be shown: never to somebody who is still listening."""
    part = part_of(person, test)
    if part and not part.finished_at and test.is_open:
        return False
    return REVIEWER in roles_of(person) or bool(part and test.results_shown)


def tests_waiting(person: Any) -> int:
    """Count the open tests whose part of this person is not finished; 0 without a role."""
    if not roles_of(person):
        return 0
    tests = ListeningTest.objects.filter(closed_at=None)
    for path in TAKES_OF_A_TEST:
        tests = tests.exclude(**{f"{path}__speaker__withdrawn_at__isnull": False})
    finished = Listener.objects.filter(user=person, finished_at__isnull=False)
    return tests.exclude(pk__in=finished.values("test")).count()
