"""`{% load web %}`: the small parts that lists draw by the hundred, as tags, since a component costs ten times as much."""

from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from typing import Any
from urllib.parse import unquote

from django import template
from django.http import HttpRequest, QueryDict
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from bookbill.web.periods import usual_periods

register = template.Library()

TONES = frozenset({"neutral", "primary", "info", "success", "warning", "error"})


@cache
def sprite() -> str:
    return static("web/icons.svg")


@register.simple_tag
def icon(name: str, size: str = "", label: str = "") -> SafeString:
    """`{% icon "send" %}`. Decoration unless it has a label. Sizes: "" (18 px), "sm", "lg"."""
    css = f"icon icon-{size}" if size else "icon"
    if not label:
        return picture(name, css)
    return format_html(
        '<svg class="{}" role="img" aria-label="{}"><use href="{}#{}"></use></svg>',
        css,
        label,
        sprite(),
        name,
    )


@lru_cache(maxsize=512)
def picture(name: str, css: str) -> SafeString:
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#{}"></use></svg>', css, sprite(), name
    )


@register.simple_tag
def badge(text: Any, tone: str = "neutral", icon_name: str = "") -> SafeString:
    """`{% badge invoice.status.label invoice.status.tone %}`: a status, a word in a tone."""
    drawn = icon(icon_name) if icon_name else ""
    return format_html('<span class="badge badge-{}">{}{}</span>', checked(tone), drawn, text)


@register.simple_tag
def mark(text: Any, tone: str = "neutral", icon_name: str = "") -> SafeString:
    """`{% mark _("Bounced") "error" "mail-x" %}`: what is said beside a status."""
    drawn = icon(icon_name) if icon_name else ""
    return format_html('<span class="mark mark-{}">{}{}</span>', checked(tone), drawn, text)


def checked(tone: str) -> str:
    if tone not in TONES:
        raise template.TemplateSyntaxError(f"no tone {tone!r}; there are {', '.join(sorted(TONES))}")
    return tone


@register.simple_tag
def check(value: Any, label: str, name: str = "ids", form: str = "bulk") -> SafeString:
    """`{% check invoice.pk _("Select INV-7") %}`: the cell that ticks a row."""
    return format_html(
        '<td class="cell-check"><label><span class="sr-only">{}</span><input type="checkbox" class="checkbox" '
        'name="{}" value="{}" form="{}" autocomplete="off"></label></td>',
        label,
        name,
        value,
        form,
    )


@register.simple_tag
def row_menu(href: str, menu_url: str, label: str) -> SafeString:
    """`{% row_menu page_url menu_url _("Actions for INV-7") %}`: the cell with ⋯, whose menu is fetched when opened.

    ``menu_url`` answers with the bare items (`<a>`, `<button>`, `<form>`, `<hr>`); without JavaScript ⋯ opens the page.
    """
    return format_html(
        '<td class="cell-menu"><a class="row-menu" href="{}" data-row-menu="{}" aria-haspopup="dialog" aria-label="{}">{}</a></td>',
        href,
        menu_url,
        label,
        icon("ellipsis"),
    )


@register.filter
def initials(name: str) -> str:
    """At most two letters: "Bright Home Co." gives BH."""
    words = [word for word in str(name).split() if word[:1].isalnum()]
    return "".join(word[0] for word in words[:2]).upper()


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changes: Any) -> str:
    """This page's address with some parameters changed (None takes one away): `href="{% query tab='sent' after=None %}"`."""
    request: HttpRequest = context["request"]
    parameters: QueryDict = request.GET.copy()
    for name, value in changes.items():
        if value is None or value == "":
            parameters.pop(name, None)
        else:
            parameters[name] = str(value)
    encoded = parameters.urlencode()
    return f"?{encoded}" if encoded else request.path


@dataclass(frozen=True, slots=True)
class PeriodLink:
    label: str
    href: str
    is_current: bool


@register.simple_tag(takes_context=True)
def period_links(context: dict[str, Any], name: str, today: date) -> list[PeriodLink]:
    """This page narrowed to a usual period, by the parameters ``name``_from and ``name``_to."""
    asked: QueryDict = context["request"].GET
    links = []
    for label, first, last in usual_periods(today):
        span = {f"{name}_from": first.isoformat(), f"{name}_to": last.isoformat()}
        is_current = all(asked.get(key) == value for key, value in span.items())
        links.append(PeriodLink(label, query(context, cursor=None, **span), is_current))
    return links


@register.simple_tag
def toast_tag(tags: str | None, name: str) -> str:
    """What a message's tags carry under this name: where Undo posts to, the address and the label of a link."""
    for tag in (tags or "").split():
        if tag.startswith(f"{name}="):
            return unquote(tag.removeprefix(f"{name}="))
    return ""


@register.simple_tag(takes_context=True)
def lock_reason(context: dict[str, Any], feature: str) -> str:
    """Why a feature is locked for this company; empty where it is not."""
    reason: str = (context.get("locked") or {}).get(feature, "")
    return reason


@register.filter
def times(number: int) -> range:
    """For a loop: `{% for _ in 3|times %}`."""
    return range(int(number))
