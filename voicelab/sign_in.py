"""Signing in: attempts are limited by address and account, and a code may be asked for.

Whoever fails too often is refused for a quarter of an hour, but nobody can lock another person out:
browsers in which a person has signed in, or opened a one-time link, hold a signed cookie, and are
counted by themselves.
"""

import secrets
import time
from ipaddress import ip_address, ip_network
from typing import Any

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_username
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.contrib.auth import views as auth
from django.core import signing
from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.generic import FormView, RedirectView

from voicelab.second_factor import CodeForm, code_accepted, has_second_factor, keyed_digests

# Failures within a quarter of an hour: of a person in one browser or at one address, of one address
# for all names (an office behind one address mistypes, too), of one account from everywhere.
BY_PERSON, BY_ADDRESS, BY_ACCOUNT = 8, 60, 40
BROWSER_COOKIE, BROWSER_DAYS, PEOPLE = "browser", 180, 20
BROWSER = "known browser "
PENDING, PENDING_S = "signing_in", 600


class SignInHandler(AxesDatabaseHandler):
    """What django-axes counts failures with."""

    def user_login_failed(
        self, sender: Any, credentials: dict[str, Any], request: Any = None, **more: Any
    ) -> None:
        if request is not None:
            known = known_browser(request, get_client_username(request, credentials))
            # A mark, so that no browser passes for a known one by what it calls itself.
            request.axes_user_agent = known or f"- {request.axes_user_agent}"[:255]
        super().user_login_failed(sender, credentials, request, **more)

    def get_failures(self, request: Any, credentials: dict[str, Any] | None = None) -> int:
        """Return AXES_FAILURE_LIMIT if one of the limits is reached, else 0."""
        username = get_client_username(request, credentials)
        recent = AccessAttempt.objects.filter(attempt_time__gte=get_cool_off_threshold(request))
        if known := known_browser(request, username):
            own = recent.filter(username=username, user_agent=known)
            reached = _failures(own) >= BY_PERSON
        else:
            others = recent.exclude(user_agent__startswith=BROWSER)
            here = others.filter(ip_address=request.axes_ip_address)
            reached = (
                _failures(here.filter(username=username)) >= BY_PERSON
                or _failures(here) >= BY_ADDRESS
                or _failures(others.filter(username=username)) >= BY_ACCOUNT
            )
        return settings.AXES_FAILURE_LIMIT if reached else 0


def _failures(attempts: "QuerySet[AccessAttempt]") -> int:
    return attempts.aggregate(sum=Sum("failures_since_start"))["sum"] or 0


def client_address(request: HttpRequest) -> str:
    """Return the sender's address; of IPv6 its network, since a household has 2^64 addresses."""
    sent = request.META.get("REMOTE_ADDR", "")
    try:
        address = ip_address(sent)
    except ValueError:
        return "0.0.0.0"  # noqa: S104 (no address: a socket of this machine)
    if address.version == 4:
        return sent
    return str(ip_network((address, 64), strict=False).network_address)


def known_browser(request: HttpRequest, username: str | None) -> str:
    """Return the name of the browser if this person has signed in there before, else ''."""
    browser = _browser(request)
    is_known = not set(_digests(username)).isdisjoint(browser["people"])
    return f"{BROWSER}{browser['id']}" if is_known else ""


def browser_remember(request: HttpRequest, answer: HttpResponseBase, person: Any) -> None:
    """Let the browser prove from now on that this person has signed in there."""
    this, *former = _digests(person.get_username())
    others = [one for one in _browser(request)["people"] if one not in (this, *former)]
    kept = {"id": secrets.token_hex(16), "people": [this, *others][:PEOPLE]}
    answer.set_cookie(
        BROWSER_COOKIE,
        signing.dumps(kept, salt=BROWSER_COOKIE),
        max_age=BROWSER_DAYS * 86_400,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )


def _browser(request: HttpRequest) -> dict[str, Any]:
    sent, age_s = request.COOKIES.get(BROWSER_COOKIE, ""), BROWSER_DAYS * 86_400
    try:
        found: dict[str, Any] = signing.loads(sent, salt=BROWSER_COOKIE, max_age=age_s)
    except signing.BadSignature:
        return {"id": "", "people": []}
    return found


def _digests(username: str | None) -> list[str]:
    return keyed_digests(BROWSER_COOKIE, username or "")


class SignIn(auth.LoginView):
    """Name and password; whoever has a second factor is asked for its code next."""

    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        person = form.get_user()
        if has_second_factor(person):
            pending = {"pk": person.pk, "backend": person.backend, "at": time.time()}
            self.request.session[PENDING] = pending
            query = urlencode({self.redirect_field_name: self.get_redirect_url()})
            return redirect(f"{reverse('login_code')}?{query}")
        answer = super().form_valid(form)
        browser_remember(self.request, answer, person)
        return answer


admin_login = RedirectView.as_view(pattern_name="login", query_string=True)


class SignInCode(auth.RedirectURLMixin, FormView):
    """The code of the second factor, asked for after the password."""

    form_class = CodeForm
    template_name = "registration/login_code.html"

    def get_default_redirect_url(self) -> str:
        return reverse(settings.LOGIN_REDIRECT_URL)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        pending = request.session.get(PENDING, {"at": 0})
        people = get_user_model()._default_manager.filter(is_active=True)
        self.person: Any = people.filter(pk=pending.get("pk")).first()
        if self.person is None or time.time() - pending["at"] > PENDING_S:
            return redirect("login")
        self.backend = pending["backend"]
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "next": self.get_redirect_url()}

    def form_valid(self, form: Any) -> HttpResponse:
        if problem := code_accepted(self.person, form.cleaned_data["code"]):
            form.add_error("code", problem)
            return self.render_to_response(self.get_context_data(form=form), status=422)
        del self.request.session[PENDING]
        login(self.request, self.person, backend=self.backend)
        answer = super().form_valid(form)
        browser_remember(self.request, answer, self.person)
        return answer
