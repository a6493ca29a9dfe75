"""Every address × every role and a stranger, against the table of permissions.py."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.contrib.admin import site
from django.http import QueryDict
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from distillation.models import Run
from tests.factories import PersonFactory
from tests.web.permissions import EVERYBODY, FIELDS, HUGE, LEAD_TO_FORM, OF_DJANGO, PERMISSIONS
from voicelab.roles import ADMIN, ROLES

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


OWN = {
    "home",
    "password_change",
    "password_change_done",
    "second_factor",
}  # also of a person without a role
ADDRESSES = {pattern.name: pattern for pattern in _patterns(get_resolver())}


def address(name: str) -> str:
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
    for name, (methods, allowed) in PERMISSIONS.items():
        for method in methods.split():
            if role != "anonymous":
                client.force_login(person)  # sign-out is among the addresses
            answer = _request(client, method, name, HUGE if role == ADMIN else "")
            assert _verdict(answer) == _expected(role, name, allowed), f"{role} {method} {name}"


def _request(client: Client, method: str, name: str, value: str) -> Any:
    sent = "&".join(f"{field}={value}" for field in FIELDS) if value else ""
    if method == "GET":
        return client.get(address(name), query_params=QueryDict(sent))
    return client.generic(method, address(name), sent, "application/x-www-form-urlencoded")


@pytest.mark.django_db
def test_every_other_method_is_refused():
    client = Client()
    client.force_login(PersonFactory(is_superuser=True))
    for name in PERMISSIONS.keys() - OF_DJANGO:
        answered = {*PERMISSIONS[name][0].split(), *(["GET"] if name in LEAD_TO_FORM else [])}
        for method in {"GET", "POST", "PUT", "DELETE"} - answered:
            assert client.generic(method, address(name)).status_code == 405, f"{method} {name}"


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["anonymous", *ROLES])
def test_only_admins_steer_a_run(role):
    run = Run.objects.create(name="Prueba", recipe={}, created_by=PersonFactory())
    client = Client()
    if role != "anonymous":
        client.force_login(PersonFactory(roles=[role]))
    changed = {"run_pause": "paused", "run_resume": "queued", "run_cancel": "cancelled"}
    for step, state in changed.items():
        before = Run.objects.get().state
        client.post(reverse(step, args=[run.pk]))
        assert Run.objects.get().state == (state if role == ADMIN else before)


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
