"""Context processor for the base template: the user's roles, the navigation, the styles."""

from typing import Any

from django.http import HttpRequest
from django.urls import resolve, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from corpus.models import StyleLabel
from corpus.services.counts import navigation_counts
from voicelab.roles import ADMIN, ROLE_NAMES, ROLES, roles_of

TAKES = {"takes", "take", "take_upload", "studio", "consent", "record_next"}
TAKES |= {
    "takes_rescore",
    "take_batch",
    "take_batch_zip",
    "takes_export",
    "listening",
    "calibration",
}
LABEL_PAGES = {
    "agreement",
    "corpus_import",
    "focus",
    "label",
    "label_accept",
    "label_disputes",
    "label_people",
    "label_save",
    "sentence_correct",
    "sentences_import",
}
LISTENING_TESTS = {
    "listening_tests",
    "listening_test",
    "listening_test_new",
    "listening_test_results",
    "listening_test_listen",
}
NAVIGATION = (
    ("home", _("Home"), "home", {"home"}),
    ("label", _("Label"), "label", LABEL_PAGES),
    ("takes", _("Takes"), "takes", TAKES),
    ("runs", _("Runs"), "runs", {"runs", "run", "run_launch", "report", "review", "compare"}),
    ("voices", _("Voices"), "voices", {"voices", "voice", *LISTENING_TESTS}),
    ("playground", pgettext_lazy("navigation", "Try"), "playground", {"playground"}),
)


def _navigation(request: HttpRequest, roles: frozenset[str]) -> list[dict[str, Any]]:
    match = request.resolver_match
    current = match.url_name if match and not match.namespace else ""
    items, counts = [], navigation_counts(request.user)
    for name, label, icon, pages in NAVIGATION:
        href = reverse(name)
        if roles & getattr(resolve(href).func, "allowed_roles", roles):
            active = current in pages
            waits = counts.get(name, ())
            items.append(
                {"href": href, "label": label, "icon": icon, "active": active, "waits": waits}
            )
    return items


def _role_names(roles: frozenset[str]) -> str:
    shown = [ADMIN] if ADMIN in roles else [role for role in ROLES if role in roles]
    return ", ".join(str(ROLE_NAMES[role]) for role in shown)


def frame(request: HttpRequest) -> dict[str, Any]:
    roles = roles_of(request.user) if hasattr(request, "user") else frozenset()
    return {
        "roles": roles,
        "role_names": _role_names(roles),
        "navigation": SimpleLazyObject(lambda: _navigation(request, roles)),
        "styles_by_key": SimpleLazyObject(lambda: {s.key: s for s in StyleLabel.objects.all()}),
    }
