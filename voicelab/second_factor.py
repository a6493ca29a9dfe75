"""The second factor of signing in: codes of an app (TOTP), recovery codes, and their page."""

import secrets
import time
from base64 import b32encode
from typing import Any

import segno
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from voicelab.operations.audit import Act, act_record

RECOVERY_CODES = 10
NEW_KEY = "second_factor_key"  # of the session, until the first code was right


class CodeForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=20,
        help_text=gettext_lazy("Six digits from the app, or one of your recovery codes."),
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}
        ),
    )


def has_second_factor(person: Any) -> bool:
    return TOTPDevice.objects.filter(user=person, confirmed=True).exists()


@transaction.atomic
def code_accepted(person: Any, code: str) -> str:
    """Try a code of the app or a recovery code; return why it is refused, '' if it is right.

    Each wrong code doubles the time until the next is looked at. A code is taken once.
    """
    code = "".join(code.split()).replace("-", "").lower()
    of_app = code.isdecimal() and len(code) == 6
    kind: Any = TOTPDevice if of_app else StaticDevice
    device = kind.objects.select_for_update().filter(user=person, confirmed=True).first()
    if device is None:
        return _("This code is wrong.")
    allowed, why = device.verify_is_allowed()
    if not allowed:
        wait_s = max(1, round((why["locked_until"] - timezone.now()).total_seconds()))
        return ngettext("Wait %s second.", "Wait %s seconds.", wait_s) % wait_s
    if device.verify_token(code if of_app else _stored(device, code)):
        return ""
    act_record(Act.SIGN_IN_FAILED, about=person.get_username(), asked="second factor")
    return _("This code is wrong. A code of the app holds for half a minute, and once.")


@transaction.atomic
def second_factor_end(person: Any) -> None:
    if TOTPDevice.objects.filter(user=person).delete()[0]:
        act_record(Act.FACTOR_OFF, about=person.get_username())
    StaticDevice.objects.filter(user=person).delete()


@transaction.atomic
def recovery_codes_make(person: Any) -> list[str]:
    """Return new recovery codes, of which only hashes are stored; the former ones end."""
    StaticDevice.objects.filter(user=person).delete()
    device = StaticDevice.objects.create(user=person, name="recovery")
    codes = [secrets.token_hex(5) for _code in range(RECOVERY_CODES)]
    for code in codes:
        device.token_set.create(token=_digests(person, code)[0])
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _stored(device: Any, code: str) -> str:
    """Return what is stored of a recovery code, which a former SECRET_KEY may have made."""
    digests = _digests(device.user, code)
    row = device.token_set.filter(token__in=digests).first()
    return row.token if row else digests[0]


def _digests(person: Any, code: str) -> list[str]:
    return keyed_digests(f"recovery code of {person.pk}", code)


def keyed_digests(salt: str, value: str) -> list[str]:
    """Return a value's digest under SECRET_KEY, then under each of its fallbacks."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [salted_hmac(salt, value, secret=key).hexdigest()[:16] for key in keys]


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """Turn the own second factor on or off, or make new recovery codes."""
    is_on, form = has_second_factor(request.user), CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        code, action = form.cleaned_data["code"], request.POST.get("action", "")
        problem = code_accepted(request.user, code) if is_on else _begin(request, code)
        if not problem:
            return _changed(request, action if is_on else "codes")
        form.add_error("code", problem)
    if not is_on:
        form.fields["code"].help_text = ""  # there are no recovery codes yet
    context = {"form": form, "is_on": is_on} | ({} if is_on else _new_key(request))
    status = 422 if request.method == "POST" else 200
    return render(request, "account/second_factor.html", context, status=status)


def _changed(request: HttpRequest, action: str) -> HttpResponse:
    if action == "end":
        second_factor_end(request.user)
        messages.success(request, _("Signing in asks for your password alone again."))
        return redirect("second_factor")
    context = {"codes": recovery_codes_make(request.user)}
    return render(request, "account/recovery_codes.html", context)


def _new_key(request: HttpRequest) -> dict[str, Any]:
    key = request.session.setdefault(NEW_KEY, secrets.token_hex(20))
    link = TOTPDevice(user=request.user, key=key).config_url
    secret = b32encode(bytes.fromhex(key)).decode()
    picture = segno.make(link, error="m").svg_data_uri(scale=4, border=4, light="white")
    groups = [secret[at : at + 4] for at in range(0, len(secret), 4)]
    return {"link": link, "picture": picture, "secret": " ".join(groups)}


def _begin(request: HttpRequest, code: str) -> str:
    """Turn it on with the first code of the app; return why not."""
    key, code = request.session.get(NEW_KEY, ""), "".join(code.split())
    codes = TOTP(bytes.fromhex(key))
    codes.time = time.time()
    if not (key and code.isdecimal() and len(code) == 6 and codes.verify(int(code), tolerance=1)):
        return _("This code is wrong. Is the clock of the phone right?")
    with transaction.atomic():
        second_factor_end(request.user)
        device = TOTPDevice(user=request.user, name="app", key=key, last_t=codes.t())
        device.save()
        act_record(Act.FACTOR_ON, about=request.user.get_username())
    del request.session[NEW_KEY]
    return ""
