"""The people of this installation, for admins: who has which role, and one-time links."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST
from django_otp.plugins.otp_totp.models import TOTPDevice

from voicelab.accounts import password_link
from voicelab.operations.audit import Act, act_record
from voicelab.roles import ADMIN, ROLE_NAMES, ROLES, posted_from, role_required
from voicelab.second_factor import second_factor_end


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
    person.is_active = not person.is_active
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
