"""The home page: how far labels, takes and runs are, and what to do next."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from voicelab.roles import ROLES, role_required


@require_GET
@role_required(*ROLES)
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "home.html", {})
