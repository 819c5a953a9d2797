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
# Marks that turn the direction of whatever follows them, an amount too. They come along unseen with pasted phone numbers.
TURNING = dict.fromkeys(map(ord, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))
LINE_ENDS = {0x2028: "\n", 0x2029: "\n"}
UNSEEN = {"Cf", "Zs", "Zl", "Zp", "Cc"}
# 13 to 19 digits in one or in groups of at least three (so not a row of dates), beginning as the numbers of cards do.
CARD = re.compile(
    r"(?<![0-9A-Za-z])(?<![0-9][ -])(?=4|5|6|3(?:0[0-5]|[4-9])|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720))"
    r"(?=[0-9 -]{13,})[0-9]{3,19}(?:[ -][0-9]{3,6}){0,5}(?![ -]?[0-9])",
    re.ASCII,
)
HOST_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?", re.ASCII)

RECIPIENTS_MAX = 20
RECIPIENTS_TEXT_MAX = 20_000
FIRST_DATE, LAST_DATE = dt.date(1990, 1, 1), dt.date(2199, 12, 31)


def parse_decimal(text: str, *, places: int, field: str, point: str = ".") -> Decimal:
    """Plain ASCII digits with at most ``places`` decimals: no exponent, no grouping, no NaN.

    ``point`` is what the writer's language puts before decimals; a point is understood beside it.
    """
    plain = text.replace(point, ".")
    if not DECIMAL.fullmatch(plain):
        raise BadInput(
            "bad_number",
            _("“%(value)s” is not a number. Write it like %(example)s.")
            % {"value": text[:40], "example": f"115{point}00" if places else "115"},
            field=field,
        )
    value = Decimal(plain)
    value = value or abs(value)  # no "-0.00" on an invoice
    if -int(value.as_tuple().exponent) > places:
        raise BadInput(
            "too_many_decimals",
            ngettext("At most %(places)d decimal here.", "At most %(places)d decimals here.", places)
            % {"places": places},
            field=field,
        )
    return value


def parse_amount(text: str, *, exponent: int, field: str, point: str = ".") -> int:
    """A typed amount of money in major units, as whole minor units of a currency with ``exponent`` decimals."""
    value = parse_decimal(
        re.sub("[ \u00a0\u202f]", "", text.strip()), places=exponent, field=field, point=point
    )
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


def clean_text(
    text: str, *, field: str, max_length: int, multiline: bool = False, refuse_cards: bool = False
) -> str:
    """Text as a person wrote it, normalised (NFC) and trimmed; empty if nothing of it can be seen.

    Control characters and lone surrogates are refused, with ``refuse_cards`` card numbers too: we must not store them.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(LINE_ENDS).translate(TURNING)
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
    if all(unicodedata.category(character) in UNSEEN for character in text):
        text = ""
    if refuse_cards and has_card_number(text):
        raise BadInput(
            "card_number", _("This looks like a card number; please do not store it."), field=field
        )
    if len(text) > max_length:
        raise BadInput(
            "too_long",
            _("At most %(max)d characters; this has %(length)d.") % {"max": max_length, "length": len(text)},
            field=field,
        )
    return text


def has_card_number(text: str) -> bool:
    """Whether digits in the text are likely the number of a payment card: their length, beginning and check digit fit."""
    found = (re.sub("[ -]", "", match[0]) for match in CARD.finditer(text))
    return any(13 <= len(digits) <= 19 and _is_luhn(digits) for digits in found)


def _is_luhn(digits: str) -> bool:
    """The check digit of card numbers (ISO/IEC 7812-1)."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


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
