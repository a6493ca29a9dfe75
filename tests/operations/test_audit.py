"""The audit log: what is recorded, that nobody changes it, its page and its export."""

import csv
import io
import json
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.cache import caches
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from corpus.services.labels import label_adjudicate
from corpus.services.speakers import consent_withdraw
from corpus.services.verdicts import take_judge, verdict_undo
from tests.conftest import append_only
from tests.factories import LabelFactory, PersonFactory, RecordingFactory, SpeakerFactory
from voicelab.operations.audit import Act, act_record
from voicelab.operations.models import AppendOnly, AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(PersonFactory(username="ana", roles=["admin"]))
    return client


def acts(**which: Any) -> list[str]:
    return list(AuditEntry.objects.filter(**which).order_by("pk").values_list("act", flat=True))


def test_sign_in_and_failed_sign_in_are_recorded_with_address_and_request() -> None:
    person: Any = PersonFactory(username="eva")
    person.set_password("long-and-good-1")
    person.save()
    caches["counts"].clear()
    client = Client(headers={"X-Request-ID": "abc-1"})
    said = {"username": "eva", "password": "wrong"}
    client.post(reverse("login"), said)
    client.post(reverse("login"), said | {"password": "long-and-good-1"})
    client.post(reverse("logout"))
    failed, came, left = AuditEntry.objects.filter(request_id="abc-1").order_by("pk")
    assert (failed.act, failed.person, failed.about) == ("sign-in-failed", "", "eva")
    assert (came.act, came.person, came.address) == ("signed-in", "eva", "127.0.0.1")
    assert (left.act, left.person) == ("signed-out", "eva")


def test_changes_of_accounts_are_recorded_with_who_made_them(admin: Client) -> None:
    form = {"username": "leo", "roles": ["labeler"]}
    admin.post(reverse("people"), form)
    leo: Any = PersonFactory._meta.model.objects.get(username="leo")
    admin.post(reverse("person_active", args=[leo.pk]), {"active": 0})
    leo.refresh_from_db()
    leo.groups.set([Group.objects.get_or_create(name="reviewer")[0]])
    leo.is_staff = True
    leo.set_password("long-and-good-1")
    leo.save()
    done = AuditEntry.objects.filter(about="leo").order_by("pk")
    assert [(row.act, row.person, row.details) for row in done] == [
        ("account-added", "ana", {}),
        ("roles-changed", "ana", {"added": ["labeler"]}),
        ("link-made", "ana", {}),
        ("account-closed", "ana", {}),
        ("roles-changed", "", {"removed": ["labeler"]}),
        ("roles-changed", "", {"added": ["reviewer"]}),
        ("password-changed", "", {}),
        ("roles-changed", "", {"rights": {"is_staff": True}}),
    ]


def test_verdicts_disputes_consents_and_runs_are_recorded() -> None:
    person: Any = PersonFactory(username="rita")
    take: Any = RecordingFactory()
    take_judge(recording=take, person=person, state="rejected", reason="noise")
    verdict_undo(recording=take, person=person)
    speaker: Any = SpeakerFactory()
    assert consent_withdraw(speaker=speaker, person=person)
    disputed: Any = LabelFactory(source="dispute")
    sentence, style = disputed.sentence, disputed.style
    sentence.standing = "disputed"
    sentence.save()
    label_adjudicate(sentence=sentence, style=style, person=person, reason="clear")
    assert acts(person="rita") == [
        "take-judged", "take-judged", "consent-withdrawn", "adjudicated",
    ]  # fmt: skip
    first = AuditEntry.objects.filter(act="take-judged").last()
    assert first.details == {"take": take.pk, "state": "rejected", "reason": "noise"}


def test_an_act_that_is_rolled_back_is_not_recorded() -> None:
    with transaction.atomic():
        act_record(Act.EXPORTED, about="nothing")
        transaction.set_rollback(True)
    assert not AuditEntry.objects.filter(act="exported").exists()


def test_neither_model_nor_database_changes_or_deletes_an_entry() -> None:
    with connection.cursor() as cursor:
        for statement in append_only.ON[connection.vendor]:
            cursor.execute(statement)
    entry = act_record(Act.EXPORTED, about="x")
    entry.about = "y"
    for change in (entry.save, entry.delete, AuditEntry.objects.all().delete):
        with pytest.raises(AppendOnly):
            change()
    with pytest.raises(AppendOnly):
        AuditEntry.objects.update(about="y")
    for statement in (
        "UPDATE operations_auditentry SET about = 'y'",
        "DELETE FROM operations_auditentry",
    ):
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    assert AuditEntry.objects.get(pk=entry.pk).about == "x"


def test_the_page_filters_and_the_export_holds_the_same_rows(admin: Client) -> None:
    act_record(Act.EXPORTED, about="=evil()", takes=3)
    act_record(Act.RUN_LAUNCHED, about="run 4")
    page = admin.get(reverse("audit"), {"act": "exported"})
    assert [row.about for row in page.context["page"]] == ["=evil()"]
    sent: Any = admin.get(reverse("audit_export", args=["csv"]), {"act": "exported"})
    rows = list(csv.DictReader(io.StringIO(b"".join(sent.streaming_content).decode())))
    assert rows[0]["about"] == "'=evil()"
    assert json.loads(rows[0]["details"]) == {"takes": 3}
    sent = admin.get(reverse("audit_export", args=["json"]), {"act": "exported"})
    named = json.loads(b"".join(sent.streaming_content))
    assert [row["about"][:6] for row in named] == ["=evil(", "audit-", "audit-"]
    assert named[1]["person"] == "ana"


def test_a_wrong_date_is_refused_and_an_empty_filter_result_says_so(admin: Client) -> None:
    assert admin.get(reverse("audit"), {"since": "soon"}).status_code == 422
    assert admin.get(reverse("audit_export", args=["csv"]), {"since": "soon"}).status_code == 422
    assert b"No entry fits" in admin.get(reverse("audit"), {"about": "xyzzy"}).content
    assert admin.get(reverse("audit_export", args=["xml"])).status_code == 404
