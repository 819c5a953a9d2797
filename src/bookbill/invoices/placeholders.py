"""The kinds of mail, which placeholders the text of each may have, and putting values in their places. Pure."""

import re
from collections.abc import Collection, Mapping
from enum import StrEnum


class MailKind(StrEnum):
    INVOICE = "invoice"
    UPDATED = "updated"
    REMINDER = "reminder"
    RECEIPT = "receipt"
    CANCELLED = "cancelled"


_OF_AN_INVOICE = ("customer", "company", "invoice", "issue_date", "total")

ALLOWED: Mapping[MailKind, tuple[str, ...]] = {
    MailKind.INVOICE: (*_OF_AN_INVOICE, "due", "due_date", "to_pay"),
    MailKind.UPDATED: (*_OF_AN_INVOICE, "due", "due_date", "to_pay"),
    MailKind.REMINDER: (*_OF_AN_INVOICE, "due", "due_date", "overdue"),
    MailKind.RECEIPT: ("customer", "company", "amount", "tip", "method", "date", "applied_to", "still_due"),
    MailKind.CANCELLED: _OF_AN_INVOICE,
}

# One word in braces. Everything else ("{0.__class__}", "%s", "{{ }}") is text.
PLACEHOLDER = re.compile(r"\{([^\W\d]\w*)\}")


def unknown_in(text: str, allowed: Collection[str]) -> list[str]:
    """The placeholders of a text that are not allowed, as they stand there, without repeats."""
    names = dict.fromkeys(PLACEHOLDER.findall(text))
    return [in_braces(name) for name in names if name not in allowed]


def in_braces(name: str) -> str:
    """A placeholder as people write it."""
    return "{" + name + "}"


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders replaced in one pass: what a value says is never read again."""
    return PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)
