"""Every address × every role and a stranger, against the table of permissions.py."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.contrib.admin import site
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.factories import PersonFactory
from tests.web.permissions import EVERYBODY, PERMISSIONS
from voicelab.roles import ROLES

SAMPLES = {
    "IntConverter": 999_999,
    "SlugConverter": "nothing",
    "StringConverter": "nothing",
    "UUIDConverter": UUID(int=0),
}


def _patterns(resolver: Any) -> Iterator[URLPattern]:
    for item in resolver.url_patterns:
        if isinstance(item, URLResolver):
            if item.namespace != "admin":
                yield from _patterns(item)
        else:
            yield item


OWN = {"home", "password_change", "password_change_done"}  # also of a person without a role
ADDRESSES = {pattern.name: pattern for pattern in _patterns(get_resolver())}


def _url(name: str) -> str:
    kinds = ADDRESSES[name].pattern.converters
    return reverse(name, kwargs={key: SAMPLES[type(c).__name__] for key, c in kinds.items()})


def test_the_table_has_exactly_the_existing_addresses():
    assert set(ADDRESSES) == set(PERMISSIONS)


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["anonymous", "nobody", *ROLES])
def test_the_server_lets_each_role_do_what_the_table_says(role):
    client = Client(raise_request_exception=False)
    if role != "anonymous":
        person = PersonFactory(username=role, roles=[role] if role in ROLES else [])
    for name, (method, allowed) in PERMISSIONS.items():
        if role != "anonymous":
            client.force_login(person)  # sign-out is among the addresses
        answer = client.generic(method, _url(name))
        assert _verdict(answer) == _expected(role, name, allowed), f"{role} {method} {name}"


def _verdict(answer: Any) -> str:
    if answer.status_code == 302 and answer.url.startswith(f"{reverse('login')}?"):
        return "sign in"
    if answer.status_code == 403:
        return "refused"
    assert answer.status_code < 500
    return "allowed"


def _expected(role: str, name: str, allowed: frozenset[str]) -> str:
    if role in allowed or allowed == EVERYBODY or (role == "nobody" and name in OWN):
        return "allowed"
    return "sign in" if role == "anonymous" else "refused"


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["labeler", "speaker", "reviewer"])
def test_the_admin_site_is_for_staff(role):
    client = Client()
    client.force_login(PersonFactory(roles=[role]))
    for model in site._registry:
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        assert client.get(url).status_code == 302


@pytest.mark.django_db
def test_decisions_cannot_be_changed_even_by_admins():
    client = Client()
    client.force_login(PersonFactory(is_staff=True, is_superuser=True))
    for name in ("labeldecision", "takeverdict", "adjudication", "recording"):
        assert client.get(reverse(f"admin:corpus_{name}_add")).status_code == 403
        assert client.get(reverse(f"admin:corpus_{name}_changelist")).status_code == 200
    assert client.get(reverse("admin:corpus_stylelabel_add")).status_code == 200


@pytest.mark.django_db
def test_an_ended_session_takes_the_whole_page_to_sign_in_not_a_table_row():
    answer = Client().post(
        reverse("label_save", args=["x"]),
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/label/?state=todo"},
    )
    assert answer.status_code == 200
    assert answer["HX-Redirect"] == f"{reverse('login')}?next=/label/%3Fstate%3Dtodo"
