"""What a company's settings may be: one strict reader per setting, for pages, API and commands alike."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from django.conf import settings
from django.utils.translation import gettext as _

from bookbill.companies.models import AfterSending, Paper
from bookbill.companies.rules import Plan
from bookbill.lib.addresses import PARTS
from bookbill.lib.errors import BadInput
from bookbill.lib.parsing import clean_text, parse_email
from bookbill.money.currencies import is_currency

TAX_IDS_MAX = 5
TERMS_LENGTH_MAX = 20_000
COLOUR = re.compile(r"#[0-9a-f]{6}", re.ASCII)
WEBSITE = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[!-~]*)?", re.ASCII)

Reader = Callable[[Any, str], Any]


def read_settings(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The changes, cleaned. Raises BadInput naming the field; an unknown name is one too."""
    cleaned = {}
    for name, value in changes.items():
        if name not in READERS:
            raise BadInput("unknown_field", _("There is no setting with this name."), field=name)
        cleaned[name] = READERS[name](value, name)
    return cleaned


def read_company_name(value: Any, field: str) -> str:
    cleaned = clean_text(str(value), field=field, max_length=200)
    if not cleaned:
        raise BadInput("required", _("Enter the name of your company."), field=field)
    return cleaned


def read_currency(value: Any, field: str) -> str:
    if not is_currency(value):
        raise BadInput("bad_currency", _("Write the currency as three letters, like CAD."), field=field)
    return str(value)


def read_time_zone(value: Any, field: str) -> str:
    if value not in available_timezones():
        raise BadInput("bad_time_zone", _("Write a time zone like America/Toronto."), field=field)
    return str(value)


def read_plan(value: Any, field: str) -> str:
    return str(one_of([plan.value for plan in Plan])(value, field))


def read_language(value: Any, field: str) -> str:
    return str(one_of([code for code, _name in settings.LANGUAGES])(value, field))


def one_of(values: list[str]) -> Reader:
    def read(value: Any, field: str) -> str:
        if value not in values:
            raise BadInput(
                "bad_choice", _("Choose one of: %(values)s.") % {"values": ", ".join(values)}, field=field
            )
        return str(value)

    return read


def line(max_length: int) -> Reader:
    return lambda value, field: clean_text(str(value), field=field, max_length=max_length)


def whole(lowest: int, highest: int) -> Reader:
    def read(value: Any, field: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
            bounds = {"lowest": lowest, "highest": highest}
            raise BadInput(
                "bad_number", _("Write a whole number from %(lowest)d to %(highest)d.") % bounds, field=field
            )
        return value

    return read


def switch(value: Any, field: str) -> bool:
    if not isinstance(value, bool):
        raise BadInput("bad_choice", _("Choose yes or no."), field=field)
    return value


def read_optional_email(value: Any, field: str) -> str:
    return parse_email(value, field=field) if value else ""


def read_website(value: Any, field: str) -> str:
    if value and not (len(value) <= 200 and WEBSITE.fullmatch(value)):
        raise BadInput("bad_website", _("Write the whole address, like https://example.com."), field=field)
    return str(value)


def read_colour(value: Any, field: str) -> str:
    lowered = str(value).lower()
    if not COLOUR.fullmatch(lowered):
        raise BadInput("bad_colour", _("Write the colour like #1f6f5c."), field=field)
    return lowered


def read_tax_ids(value: Any, field: str) -> list[dict[str, str]]:
    if not isinstance(value, list) or len(value) > TAX_IDS_MAX:
        raise BadInput("too_many_tax_ids", _("At most %(max)d tax ids.") % {"max": TAX_IDS_MAX}, field=field)
    cleaned = []
    for each in value:
        scheme = clean_text(str(each.get("scheme", "")), field=field, max_length=20)
        number = clean_text(str(each.get("value", "")), field=field, max_length=40)
        if not number:
            raise BadInput("required", _("Write the number of each tax id."), field=field)
        cleaned.append({"scheme": scheme, "value": number})
    return cleaned


def read_terms(value: Any, field: str) -> dict[str, str]:
    cleaned = {}
    for language, text in value.items():
        read_language(language, field)
        text = clean_text(str(text), field=field, max_length=TERMS_LENGTH_MAX, multiline=True)
        if text:
            cleaned[language] = text
    return cleaned


def read_optional_id(value: Any, field: str) -> UUID | None:
    if value in (None, "") or isinstance(value, UUID):
        return value or None
    try:
        return UUID(str(value))
    except ValueError:
        raise BadInput("bad_id", _("This is not an id."), field=field) from None


def as_is(value: Any, field: str) -> Any:
    return value


READERS: dict[str, Reader] = {
    "name": read_company_name,
    "currency": read_currency,
    "time_zone": read_time_zone,
    "language": read_language,
    "email": read_optional_email,
    "phone": line(40),
    "website": read_website,
    **{f"address_{part}": line(longest) for part, longest in PARTS.items()},
    "tax_ids": read_tax_ids,
    "number_format": as_is,  # checked together with number_restarts_yearly
    "number_restarts_yearly": switch,
    "payment_terms_days": whole(0, 365),
    "terms_and_conditions": read_terms,
    "colour": read_colour,
    "paper": one_of(Paper.values),
    "after_sending": one_of(AfterSending.values),
    "hold_seconds": whole(0, 600),
    "use_credit_at_sending": switch,
    "payment_link_default": switch,
    "default_tax_code_id": read_optional_id,  # that it is in force is asked of the database
}
PERSONAL = frozenset({"email", "phone", *(f"address_{part}" for part in PARTS)})
