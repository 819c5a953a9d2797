"""`{% load passkeys %}`: what the browser needs to know, as text."""

import json
from typing import Any

from django import template
from django.core.serializers.json import DjangoJSONEncoder

register = template.Library()


@register.filter
def as_json(value: Any) -> str:
    """JSON, escaped like every other text. A script element would be refused by the content security policy."""
    return json.dumps(value, cls=DjangoJSONEncoder)
