"""The template tag of a term: explained in place at its first use on a page."""

from typing import Any

from django import template
from django.template.loader import render_to_string

from voicelab.glossary import TERMS

register = template.Library()


@register.simple_tag(takes_context=True)
def term(context: template.Context, key: str, word: str = "") -> Any:
    """Show `word`, or the term's name; at its first use on a page with an explanation.

    Not inside links, buttons or labels: the explanation is opened by a button.
    """
    found = TERMS[key]
    shown = word or found.name
    request: Any = getattr(context, "request", None)
    explained = request.__dict__.setdefault("explained_terms", set()) if request else set()
    if key in explained:
        return shown
    explained.add(key)
    return render_to_string("components/term.html", {"term": found, "word": shown})
