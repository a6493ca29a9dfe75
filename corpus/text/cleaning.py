"""What is not said is taken out of a text: markup, emoji, invisible signs; Unicode is composed."""

from __future__ import annotations

import html
import re
import unicodedata

from corpus.text.rewriting import compile_rules, rewrite

_INVISIBLE = re.compile(r"[\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u2060-\u206f\ufeff]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e]+")
_EMOJI = re.compile(
    "[\u20e3\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u2500-\u27bf\u2900-\u297f\u2b00-\u2bff"
    "\u3030\u303d\u3297\u3299\ufe00-\ufe0f\U0001f000-\U0001fbff\U000e0020-\U000e007f"
    "\u00a9\u00ae\u2120\u2122]+"
)
_NARROW = "\u00a0\u2007\u2009\u202f"  # spaces that do not break a line: they group digits
_GROUPED = re.compile(rf"(?<![\d{_NARROW}])\d{{1,3}}(?:[{_NARROW}]\d{{3}})+(?![{_NARROW}]?\d)")
_PHONE = re.compile(r"[6-9]\d\d\D\d{3}\D\d{3}")
_PARAGRAPH = r"(?:br|p|div|li|ul|ol|h[1-6]|tr|table|section|s|speak)"

_TAGS = compile_rules(
    (r"<!--[^<>]*-->", " "),
    (rf"(?i)</?{_PARAGRAPH}\b[^<>]*>", "\n"),
    (r"(?i)<break\b[^<>]*>", ", "),
    (r"</?[a-zA-Z][^<>]*>|<[!?][^<>]*>", ""),
)
_MARKDOWN = compile_rules(
    (r"!?\[([^\[\]\n]*)\]\([^()\s]*\)", r"\1"),
    (r"(?m)^[ \t]*(?:```|~~~)[^\n]*$", ""),
    (r"(?m)^[ \t]*(?:[-*_=][ \t]*){3,}$", ""),
    (r"(?m)^[ \t]*\|?[ \t]*:?-{2,}[-:| \t]*$", ""),
    (r"(?m)^[ \t]*#{1,6}[ \t]+(?=\S)", ""),
    (r"(?m)^[ \t]*(?:>[ \t]*)+", ""),
    (r"(?m)^[ \t]*[-*+•‣◦▪][ \t]+(?=\S)", ""),
    (r"(?m)^[ \t]*\||\|[ \t]*$", ""),
    (r"\|", ", "),
    (r"\*{2,}|~~|__+|`+", ""),
    (r"(?<![\w*])\*(?=[\w¿¡«“(])|(?<=[\w.,;:!?…)»”])\*(?![\w*])", ""),
    (r"(?<!\w)_(?=\w)|(?<=\w)_(?!\w)", ""),
)


def composed(text: str) -> str:
    """Return a text as it is stored: composed (NFC), without soft hyphens and zero-width signs."""
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", unicodedata.normalize("NFC", text)))


def searchable(text: str) -> str:
    """Return a text as it is searched: lower case, without accents, single spaces."""
    letters = unicodedata.normalize("NFKD", composed(text).casefold())
    return " ".join("".join(x for x in letters if not unicodedata.combining(x)).split())


def clean(text: str) -> str:
    """Return what is said of a text, line by line.

    Parameters
    ----------
    text : str
        Any Unicode, with Markdown, HTML or SSML-like tags, emoji.

    Returns
    -------
    str
        Composed (NFC); soft hyphens, zero-width and other invisible signs, tags, marks of Markdown
        and emoji are left out, a break becomes a comma, an end of a paragraph a line. A `*` or `#`
        that stands alone stays, since telephones have them.
    """
    text = composed(text)
    if "<" in text:
        text = rewrite(text, _TAGS)
    if "&" in text:
        text = html.unescape(text)
    text = rewrite(_EMOJI.sub("", text), _MARKDOWN)
    return _GROUPED.sub(_kept_together, text)


def one_line(text: str) -> str:
    """Return the text on one line: control characters and white space as single spaces."""
    return " ".join(_CONTROL.sub(" ", text).split())


def _kept_together(match: re.Match[str]) -> str:
    """Return groups of digits with the grouping sign, a telephone number with spaces."""
    sign = " " if _PHONE.fullmatch(match[0]) else "'"
    return re.sub(rf"[{_NARROW}]", sign, match[0])
