"""Signing in: limits that lock nobody else out, the second factor, logs that stay."""

import re
import time
from typing import Any

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.test import Client, override_settings
from django.urls import reverse
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from tests.factories import PersonFactory
from voicelab.operations.models import AuditEntry
from voicelab.sign_in import BY_ACCOUNT, BY_ADDRESS, BY_PERSON, client_address

pytestmark = pytest.mark.django_db
PASSWORD, WRONG = "a-good-one", "a-bad-one"
HOME, OFFICE = "198.51.100.7", "203.0.113.9"


@pytest.fixture(autouse=True)
def ana() -> Any:
    return _person("ana")


def _person(name: str, **more: Any) -> Any:
    person: Any = PersonFactory(username=name, **more)
    person.set_password(PASSWORD)
    person.save()
    return person


def _try(client: Client, name: str, password: str = WRONG, address: str = OFFICE) -> int:
    form = {"username": name, "password": password}
    answer = client.post(reverse("login"), form, REMOTE_ADDR=address)
    return answer.status_code


def _signed_in_before(address: str = OFFICE) -> Any:
    client: Any = Client()
    assert _try(client, "ana", PASSWORD, address) == 302
    client.post(reverse("logout"))
    return client


def test_guessing_at_one_account_is_stopped_where_it_happens_and_only_there() -> None:
    own, stranger = _signed_in_before(), Client()
    seen = [_try(stranger, "ana") for _attempt in range(BY_PERSON)]
    assert seen == [200] * (BY_PERSON - 1) + [429]
    assert _try(stranger, "ana", PASSWORD) == 429
    assert _try(Client(), "ana", PASSWORD, HOME) == 302
    assert _try(own, "ana", PASSWORD) == 302  # the same address, such as an office's


def test_trying_many_names_from_one_address_is_stopped_but_not_for_who_works_there() -> None:
    own = _signed_in_before()
    seen = [_try(Client(), f"name{n}") for n in range(BY_ADDRESS)]
    assert seen[-2:] == [200, 429]
    assert _try(Client(), "ana") == 429
    assert _try(own, "ana", PASSWORD) == 302


def test_guessing_at_one_account_from_many_addresses_is_stopped_but_not_for_its_person() -> None:
    own = _signed_in_before(HOME)
    for n in range(BY_ACCOUNT):
        status = _try(
            Client(headers={"User-Agent": "known browser x"}), "ana", address=f"192.0.2.{n}"
        )
    assert status == 429
    assert _try(Client(), "ana", address="192.0.2.250") == 429
    assert _try(own, "ana", PASSWORD, "192.0.2.251") == 302


def test_a_known_browser_has_a_limit_too_and_a_new_password_ends_it(ana: Any) -> None:
    own = _signed_in_before()
    assert [_try(own, "ana") for _attempt in range(BY_PERSON)][-1] == 429
    assert _try(own, "ana", PASSWORD) == 429
    admin = Client()
    admin.force_login(PersonFactory(roles=["admin"]))
    page = admin.post(reverse("person_link", args=[ana.pk])).content.decode()
    [link] = re.findall(r"http://testserver(/account/reset/[^\"\s<]+)", page)[:1]
    form = own.get(link).url
    own.post(form, {"new_password1": PASSWORD, "new_password2": PASSWORD})
    assert _try(own, "ana", PASSWORD) == 302


def test_of_ipv6_the_network_counts(rf: Any) -> None:
    for sent, counted in (
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("203.0.113.9", "203.0.113.9"),
        ("", "0.0.0.0"),  # noqa: S104
    ):
        assert client_address(rf.get("/", REMOTE_ADDR=sent)) == counted


def _code(key: str, step: int = 0) -> str:
    codes = TOTP(bytes.fromhex(key))
    codes.time = time.time() + 30 * step
    return f"{codes.token():06}"


def _turned_on(client: Client) -> tuple[str, list[str]]:
    """Turn the second factor on; return its key and the recovery codes."""
    address = reverse("second_factor")
    assert client.get(address).context["picture"].startswith("data:image/svg+xml")
    key = client.session["second_factor_key"]
    wrong = client.post(address, {"code": "000000"})
    assert wrong.status_code == 422
    assert not TOTPDevice.objects.exists()
    page = client.post(address, {"code": _code(key, -1)})
    return key, page.context["codes"]


def _asked_for_code(next_page: str = "") -> Any:
    client: Any = Client()
    form = {"username": "ana", "password": PASSWORD, "next": next_page}
    answer = client.post(reverse("login"), form)
    assert answer.url.startswith(reverse("login_code"))
    assert "_auth_user_id" not in client.session
    assert client.get(answer.url).status_code == 200
    return client


def test_the_second_factor_from_turning_on_to_turning_off(ana: Any) -> None:
    own = Client()
    own.force_login(ana)
    key, recovery = _turned_on(own)
    assert not StaticToken.objects.filter(token__in=[code.replace("-", "") for code in recovery])
    client = _asked_for_code("/glossary/")
    form = {"code": _code(key), "next": "/glossary/"}
    assert client.post(reverse("login_code"), form).url == "/glossary/"
    assert client.session["_auth_user_id"] == str(ana.pk)
    again = _asked_for_code().post(reverse("login_code"), form)
    assert again.status_code == 422  # a code holds once
    by_paper = {"code": recovery[0].upper()}
    assert _asked_for_code().post(reverse("login_code"), by_paper).status_code == 302
    assert _asked_for_code().post(reverse("login_code"), by_paper).status_code == 422
    StaticToken.objects.first().device.throttle_reset()
    TOTPDevice.objects.get().throttle_reset()
    assert own.post(reverse("second_factor"), {"code": "x", "action": "end"}).status_code == 422
    told = AuditEntry.objects.filter(about="ana").values_list("act", flat=True)
    assert {"factor-on", "sign-in-failed"} <= set(told)
    ended = {"code": recovery[1], "action": "end"}
    StaticToken.objects.first().device.throttle_reset()
    assert own.post(reverse("second_factor"), ended).status_code == 302
    assert AuditEntry.objects.filter(act="factor-off", person="ana").count() == 1
    assert _try(Client(), "ana", PASSWORD) == 302


def test_wrong_codes_make_the_next_one_wait_and_an_admin_ends_a_lost_factor(ana: Any) -> None:
    own, admin = Client(), Client()
    own.force_login(ana)
    key, _recovery = _turned_on(own)
    client = _asked_for_code()
    for code in ("000000", _code(key)):
        answer = client.post(reverse("login_code"), {"code": code})
        assert answer.status_code == 422
    assert "Espere 1 segundo." in answer.content.decode()
    admin.force_login(PersonFactory(roles=["admin"]))
    assert "Segundo factor" in admin.get(reverse("people")).content.decode()
    admin.post(reverse("person_second_factor", args=[ana.pk]))
    assert not TOTPDevice.objects.exists()
    client.get(reverse("login_code"))  # what was begun before leads nowhere without a code
    assert "_auth_user_id" not in client.session


def test_a_new_secret_key_ends_nothing_while_the_former_one_is_a_fallback(ana: Any) -> None:
    own = _signed_in_before()
    with override_settings(SECRET_KEY="n" * 50, SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
        for _attempt in range(BY_PERSON):
            _try(Client(), "ana")
        assert _try(Client(), "ana", PASSWORD) == 429
        assert _try(own, "ana", PASSWORD) == 302


def test_a_recovery_code_outlives_a_new_secret_key_and_a_command_ends_a_lost_factor(
    ana: Any,
) -> None:
    own = Client()
    own.force_login(ana)
    _key, recovery = _turned_on(own)
    with override_settings(SECRET_KEY="n" * 50, SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
        answer = _asked_for_code().post(reverse("login_code"), {"code": recovery[0]})
    assert answer.status_code == 302
    call_command("end_second_factor", "ana")
    assert _try(Client(), "ana", PASSWORD) == 302
    assert AuditEntry.objects.filter(act="factor-off", about="ana").exists()
    for name, why in (("ana", "no second factor"), ("ena", "Nobody")):
        with pytest.raises(CommandError, match=why):
            call_command("end_second_factor", name)


def test_commands_make_the_first_admin_and_give_a_forgotten_password_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    call_command("createsuperuser", "--noinput", username="eva", email="")
    monkeypatch.setattr("getpass.getpass", lambda **_prompt: "three-plain-words")
    call_command("changepassword", "eva")
    client: Any = Client()
    assert _try(client, "eva", "three-plain-words") == 302
    assert client.get(reverse("people")).status_code == 200


def test_the_admin_has_no_door_of_its_own() -> None:
    answer = Client().get(reverse("admin:index"), follow=True)
    assert answer.redirect_chain[-1][0] == f"{reverse('login')}?next=%2Fadmin%2F"


def test_logs_of_the_admin_stay_even_if_their_person_is_to_go() -> None:
    chief = _person("chief", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(chief)
    busy = _person("busy", is_staff=True)
    LogEntry.objects.create(user=busy, action_flag=1, object_repr="x")
    entry = LogEntry.objects.get()
    for action in ("delete", "change"):
        address = reverse(f"admin:admin_logentry_{action}", args=[entry.pk])
        assert client.post(address, {"post": "yes"}).status_code == 403
    assert client.get(reverse("admin:admin_logentry_changelist")).status_code == 200
    assert client.get(reverse("admin:axes_accesslog_changelist")).status_code == 200
    client.post(reverse("admin:auth_user_delete", args=[busy.pk]), {"post": "yes"})
    assert LogEntry.objects.filter(user=busy).exists()
