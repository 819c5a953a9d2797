"""Strict parsers for what people and programs type. Each returns the value or raises BadInput with a sentence.

Why strict: Django's own fields take `1_000`, full-width digits, `1E+2`, lone surrogates and `a@[127.0.0.1]`.
"""

import datetime as dt
import re
import unicodedata
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookbill.lib.errors import BadInput

DECIMAL = re.compile(r"-?[0-9]{1,13}(\.[0-9]{1,9})?", re.ASCII)
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*", re.ASCII)
HOST_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?", re.ASCII)

RECIPIENTS_MAX = 20
RECIPIENTS_TEXT_MAX = 20_000
FIRST_DATE, LAST_DATE = dt.date(1990, 1, 1), dt.date(2199, 12, 31)


def parse_decimal(text: str, *, places: int, field: str) -> Decimal:
    """Plain ASCII digits with at most ``places`` decimals: no exponent, no grouping, no NaN."""
    if not DECIMAL.fullmatch(text):
        raise BadInput(
            "bad_number",
            _("“%(value)s” is not a number. Write it like 115.00.") % {"value": text[:40]},
            field=field,
        )
    value = Decimal(text)
    if -int(value.as_tuple().exponent) > places:
        raise BadInput(
            "too_many_decimals",
            ngettext("At most %(places)d decimal here.", "At most %(places)d decimals here.", places)
            % {"places": places},
            field=field,
        )
    return value


def parse_amount(text: str, *, exponent: int, field: str) -> int:
    """A typed amount of money in major units, as whole minor units of a currency with ``exponent`` decimals."""
    value = parse_decimal(text.strip().replace("\u00a0", "").replace(" ", ""), places=exponent, field=field)
    return int(value.scaleb(exponent))


def parse_date(text: str, *, field: str) -> dt.date:
    """``YYYY-MM-DD`` between 1990 and 2199."""
    try:
        if not DATE.fullmatch(text):
            raise ValueError
        value = dt.date.fromisoformat(text)
    except ValueError:
        raise BadInput(
            "bad_date",
            _("“%(value)s” is not a date. Write it like 2026-11-30.") % {"value": text[:40]},
            field=field,
        ) from None
    if not FIRST_DATE <= value <= LAST_DATE:
        raise BadInput("date_out_of_range", _("The date must lie between 1990 and 2199."), field=field)
    return value


def parse_time(text: str, *, field: str) -> dt.time:
    """``HH:MM``, 24 hours."""
    if not TIME.fullmatch(text):
        raise BadInput(
            "bad_time",
            _("“%(value)s” is not a time. Write it like 14:30.") % {"value": text[:40]},
            field=field,
        )
    return dt.time.fromisoformat(text)


def clean_text(text: str, *, field: str, max_length: int, multiline: bool = False) -> str:
    """Text as a person wrote it, normalised (NFC) and trimmed. Control characters and lone surrogates are refused."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for character in text:
        category = unicodedata.category(character)
        if category == "Cs" or (
            category == "Cc" and not (character == "\t" or (multiline and character == "\n"))
        ):
            raise BadInput(
                "bad_text",
                _("This text contains a character that cannot be stored. Please type it again."),
                field=field,
            )
    text = unicodedata.normalize("NFC", text).strip()
    if len(text) > max_length:
        raise BadInput(
            "too_long",
            _("At most %(max)d characters; this has %(length)d.") % {"max": max_length, "length": len(text)},
            field=field,
        )
    return text


def parse_email(text: str, *, field: str) -> str:
    """One plain mailbox address (`local@host.tld`), the host in lower case. No quoted parts, no address literals."""
    address = text.strip()
    local, at, host = address.rpartition("@")
    labels = host.split(".")
    try:
        labels = [
            label.encode("idna").decode("ascii") if label and not label.isascii() else label
            for label in labels
        ]
    except UnicodeError:
        labels = []
    right = (
        at == "@"
        and len(address) <= 254
        and len(local) <= 64
        and LOCAL_PART.fullmatch(local)
        and len(labels) >= 2
        and all(HOST_LABEL.fullmatch(label) for label in labels)
        and not labels[-1].isdigit()
    )
    if not right:
        raise BadInput(
            "bad_email", _("“%(value)s” is not an email address.") % {"value": address[:80]}, field=field
        )
    return f"{local}@{'.'.join(labels).lower()}"


def parse_recipients(text: str, *, field: str, maximum: int = RECIPIENTS_MAX) -> list[str]:
    """A typed list of addresses (comma, semicolon, space or newline between them), checked and without repeats.

    Each piece must be one plain address: `Name <a@b.co>` is refused rather than guessed at.
    """
    found: dict[str, str] = {}
    if len(text) > RECIPIENTS_TEXT_MAX:
        raise BadInput("too_long", _("This list of recipients is too long."), field=field)
    for piece in re.split(r"[,;\s]+", text):
        if piece:
            address = parse_email(piece, field=field)
            found.setdefault(address.lower(), address)
    if len(found) > maximum:
        raise BadInput(
            "too_many_recipients",
            _("At most %(max)d recipients; this has %(count)d.") % {"max": maximum, "count": len(found)},
            field=field,
        )
    return list(found.values())
