"""`{% load doors %}`: `{% operation_id %}` inside a form makes a double click act once."""

import secrets

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def operation_id() -> SafeString:
    """A hidden field; the view hands the form to `act_once`."""
    return format_html('<input type="hidden" name="operation_id" value="{}">', new_operation())


@register.simple_tag
def new_operation() -> str:
    """What tells one press of a button from the next; ``operation`` of `c-act`."""
    return secrets.token_urlsafe(18)
