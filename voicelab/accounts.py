"""Own password, by form or one-time link; for admins, the people, their roles and their links."""

import time
from hashlib import sha256
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth import views as auth
from django.contrib.auth.models import Group
from django.contrib.auth.tokens import default_token_generator
from django.core.cache import caches
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse, reverse_lazy
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST
from django_otp.plugins.otp_totp.models import TOTPDevice

from voicelab.operations.audit import Act, act_record
from voicelab.roles import ADMIN, ROLE_NAMES, ROLES, posted_from, role_required
from voicelab.second_factor import second_factor_end
from voicelab.sign_in import browser_remember, client_address

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
        f"reset-from-{client_address(request)}": RESETS_FROM,
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


class PersonForm(forms.ModelForm):
    """A new person; the password is chosen by a one-time link."""

    roles = forms.MultipleChoiceField(
        label=gettext_lazy("Roles"),
        choices=list(ROLE_NAMES.items()),
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = get_user_model()
        fields = ("username", "first_name", "last_name", "email")
        help_texts = {"username": gettext_lazy("For signing in: letters, digits and @ . + - _")}


@require_http_methods(["GET", "POST"])
@role_required(ADMIN)
def people(request: HttpRequest) -> HttpResponse:
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        person = _person_add(form)
        messages.success(request, _("%s was added.") % person.get_username())
        return render(request, "account/link.html", _link_context(request, person))
    status = 422 if request.method == "POST" else 200
    return render(
        request, "account/people.html", {"people": _people(), "form": form}, status=status
    )


@posted_from("people")
@role_required(ADMIN)
def person_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a one-time link; a superuser's only for a superuser, who could take their account."""
    person: Any = get_object_or_404(get_user_model(), pk=pk, is_active=True)
    if person.is_superuser and not request.user.is_superuser:
        raise PermissionDenied
    return render(request, "account/link.html", _link_context(request, person))


@require_POST
@role_required(ADMIN)
def person_active(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a person's account or open it again; what they did stays."""
    person: Any = get_object_or_404(get_user_model(), pk=pk)
    if person == request.user or (person.is_superuser and not request.user.is_superuser):
        raise PermissionDenied
    wanted = request.POST.get("active")  # not the other of what is: a page may be an old one
    if wanted not in ("0", "1"):
        return HttpResponseBadRequest(_("Close the account or open it again: which is not said."))
    person.is_active = wanted == "1"
    person.save(update_fields=["is_active"])
    return redirect("people")


@require_POST
@role_required(ADMIN)
def person_second_factor(request: HttpRequest, pk: int) -> HttpResponse:
    """End a person's second factor, whose phone and recovery codes are lost."""
    person: Any = get_object_or_404(get_user_model(), pk=pk)
    if person.is_superuser and not request.user.is_superuser:
        raise PermissionDenied
    second_factor_end(person)
    messages.success(request, _("%s signs in with the password alone now.") % person.get_username())
    return redirect("people")


@transaction.atomic
def _person_add(form: PersonForm) -> Any:
    person = form.save(commit=False)
    person.set_unusable_password()
    person.save()
    for role in form.cleaned_data["roles"]:
        person.groups.add(Group.objects.get_or_create(name=role)[0])
    return person


def _link_context(request: HttpRequest, person: Any) -> dict[str, Any]:
    act_record(Act.LINK_MADE, about=person.get_username())
    return {"person": person, "link": request.build_absolute_uri(password_link(person))}


def _people() -> list[Any]:
    found: Any = get_user_model()._default_manager.prefetch_related("groups")
    guarded = TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True)
    found = found.annotate(has_second_factor=Exists(guarded))
    rows = list(found.order_by("-is_active", "username"))
    for person in rows:
        held = {group.name for group in person.groups.all()}
        person.role_words = [str(ROLE_NAMES[role]) for role in ROLES if role in held]
    return rows
