"""Own password: changed, or chosen anew by a link that came by mail or from an administrator."""

import time
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.contrib.auth import views as auth
from django.contrib.auth.tokens import default_token_generator
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.urls import reverse, reverse_lazy
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _

from voicelab.operations.audit import Act, act_record
from voicelab.sign_in import browser_remember

# Mails an hour that one network address may ask for, and that one mailbox gets.
RESETS_FROM, RESETS_TO, RESET_SECONDS = 20, 3, 3600
NO_SERVER = ("console.EmailBackend", "dummy.EmailBackend", "locmem.EmailBackend")


def mail_is_set() -> bool:
    """Whether mail leaves this machine."""
    return not settings.EMAIL_BACKEND.endswith(NO_SERVER)


def password_link(person: Any) -> str:
    """Return the path at which this person chooses a password; it works once, for some days."""
    uid = urlsafe_base64_encode(force_bytes(person.pk))
    token = default_token_generator.make_token(person)
    return reverse("password_reset_confirm", args=[uid, token])


class PasswordChange(auth.PasswordChangeView):
    template_name = "account/password_change.html"
    success_url = reverse_lazy("password_change_done")


class PasswordChanged(auth.PasswordChangeDoneView):
    template_name = "account/password_changed.html"


class PasswordReset(auth.PasswordResetView):
    template_name = "account/reset.html"
    email_template_name = "account/reset_mail.txt"
    subject_template_name = "account/reset_subject.txt"
    success_url = reverse_lazy("password_reset_done")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "mail_is_set": mail_is_set()}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not mail_is_set():
            return self.get(request, *args, **kwargs)
        if not _may_ask(request):
            form = self.get_form()
            form.add_error(None, _("Too many requests. Try again in an hour."))
            return self.render_to_response(self.get_context_data(form=form), status=429)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        act_record(Act.LINK_ASKED, about=form.cleaned_data["email"])
        return super().form_valid(form)


class PasswordResetDone(auth.PasswordResetDoneView):
    template_name = "account/reset_sent.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "mail_is_set": mail_is_set()}


class PasswordResetConfirm(auth.PasswordResetConfirmView):
    template_name = "account/reset_confirm.html"
    success_url = reverse_lazy("password_reset_complete")

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        browser_remember(self.request, answer, self.user)  # failed attempts count no more
        return answer


class PasswordResetComplete(auth.PasswordResetCompleteView):
    template_name = "account/reset_complete.html"


def _may_ask(request: HttpRequest) -> bool:
    """Count a request for a mail; return whether sender and mailbox are under their limits."""
    asked = {
        f"reset-from-{request.META.get('REMOTE_ADDR', '')}": RESETS_FROM,
        f"reset-to-{request.POST.get('email', '').strip().lower()}": RESETS_TO,
    }
    counts = {key: _count(key) for key in asked}
    return all(counts[key] <= most for key, most in asked.items())


def _count(key: str) -> int:
    """Return how often this was asked in the last hour, this time included."""
    name, now = sha256(key.encode()).hexdigest(), time.time()
    cache = caches["counts"]
    times = [then for then in cache.get(name, ()) if then > now - RESET_SECONDS] + [now]
    cache.set(name, times, RESET_SECONDS)
    return len(times)
