"""Pricing bookings in sets: the catalogue is read once, the rules do the sums."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext as _

from bookbill.bookings.drafts import ItemDraft
from bookbill.bookings.models import Booking, BookingItem, BookingTax, Service, TaxCode
from bookbill.customers.models import Customer
from bookbill.lib.errors import BadInput, RuleBroken
from bookbill.lib.transactions import check_keys_now
from bookbill.money.currencies import exponent_of
from bookbill.money.errors import MoneyError
from bookbill.money.pricing import Line, Priced, TaxTerms, price


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The services and tax codes that a set of drafts names."""

    services: Mapping[UUID, Service]
    tax_codes: Mapping[UUID, TaxCode]
    terms: Mapping[UUID, TaxTerms]


def read_catalogue(
    items: Iterable[ItemDraft],
    booking_tax_code_ids: Iterable[UUID | None],
    *,
    kept: Collection[UUID | None] = (),
) -> Catalogue:
    """Three queries however many items. Raises BadInput for an id that is not the company's or not in force any more.

    ``kept``: codes and services that the booking carries already, which may stay though they are archived.
    """
    items = list(items)
    wanted_services = {item.service_id for item in items if item.service_id}
    services = Service.objects.in_bulk(wanted_services) if wanted_services else {}
    if wanted_services - services.keys():
        raise BadInput("unknown_service", _("There is no such service."), field="service_id")
    for pk in wanted_services - set(kept):
        if services[pk].archived_at is not None:
            raise BadInput(
                "service_archived",
                _("The service “%(name)s” is archived. Choose another one.") % {"name": services[pk].name},
                field="service_id",
            )
    wanted_codes = {item.tax_code_id for item in items if item.tax_code_id} | {
        code for code in booking_tax_code_ids if code
    }
    from_services = {service.tax_code_id for service in services.values() if service.tax_code_id}
    codes = (
        TaxCode.objects.filter(pk__in=wanted_codes | from_services)
        .select_related("successor")
        .prefetch_related("components")
        if wanted_codes | from_services
        else ()
    )
    tax_codes = {code.pk: code for code in codes}
    if wanted_codes - tax_codes.keys():
        raise unknown_tax_code()
    for pk in wanted_codes - set(kept):
        refuse_archived(tax_codes[pk])
    return Catalogue(services, tax_codes, {pk: code.terms() for pk, code in tax_codes.items()})


def refuse_changed(catalogue: Catalogue) -> None:
    """Refuse where a tax code was edited or replaced since it was read. Call it once the lines are stored.

    From then on they hold the code's row: an edit waits for them, sees them, and makes a successor.
    """
    read = {pk: code.revision for pk, code in catalogue.tax_codes.items()}
    if read:
        check_keys_now()
    stored = dict(TaxCode.objects.filter(pk__in=read).values_list("pk", "revision")) if read else {}
    if stored != read:
        raise RuleBroken("stale", _("A tax code was changed this very moment. Please try again."))


def read_items(bookings: Iterable[UUID]) -> dict[UUID, list[BookingItem]]:
    """The lines of each, in order. One query."""
    items: dict[UUID, list[BookingItem]] = {pk: [] for pk in bookings}
    for item in BookingItem.objects.filter(booking__in=items).order_by("booking_id", "position"):
        items[item.booking_id].append(item)
    return items


def read_terms(items: Iterable[BookingItem]) -> dict[UUID, TaxTerms]:
    """The tax codes that stored lines carry, in force or not."""
    wanted = {item.tax_code_id for item in items if item.tax_code_id}
    codes = TaxCode.objects.filter(pk__in=wanted).prefetch_related("components") if wanted else ()
    return {code.pk: code.terms() for code in codes}


def take_exemption(booking: Booking, customer: Customer) -> None:
    """A booking that is priced copies its customer's exemption of today."""
    booking.tax_exempt = customer.tax_exempt
    booking.exemption_reason = customer.exemption_reason if customer.tax_exempt else ""


def build_items(booking: Booking, drafts: Sequence[ItemDraft], catalogue: Catalogue) -> list[BookingItem]:
    """Items with what they copy from their service filled in; unpriced yet."""
    items = []
    for position, draft in enumerate(drafts):
        service = catalogue.services.get(draft.service_id) if draft.service_id else None
        unit_price = (
            draft.unit_price if draft.unit_price is not None else service.unit_price if service else None
        )
        description = draft.description or (service.name if service else "")
        if unit_price is None:
            raise BadInput("required", _("Each line needs a price."), field="items.unit_price")
        if not description:
            raise BadInput("required", _("Each line needs a description."), field="items.description")
        items.append(
            BookingItem(
                company_id=booking.company_id,
                booking=booking,
                position=position,
                description=description,
                quantity=draft.quantity,
                unit=draft.unit or (service.unit if service else ""),
                unit_price=unit_price,
                service_id=draft.service_id,
                tax_code_id=draft.tax_code_id
                or (service.tax_code_id if service else None)
                or booking.tax_code_id,
                currency=booking.currency,
            )
        )
    return items


def price_booking(
    booking: Booking, items: Sequence[BookingItem], terms: Mapping[UUID, TaxTerms]
) -> list[BookingTax]:
    """Work out the booking's totals and its items' nets in place; returns its new tax rows. Raises BadInput with a sentence."""
    lines = [
        Line(item.quantity, item.unit_price, terms[item.tax_code_id] if item.tax_code_id else None)
        for item in items
    ]
    try:
        priced = price(
            lines,
            discount=booking.discount(),
            exempt=booking.tax_exempt,
            exponent=exponent_of(booking.currency),
        )
    except MoneyError as problem:
        raise BadInput(problem.code, money_sentence(problem.code), field="items") from problem
    for item, line in zip(items, priced.lines, strict=True):
        item.amount_minor, item.net_minor = line.amount_minor, line.net_minor
    booking.subtotal_minor, booking.discount_minor = priced.subtotal_minor, priced.discount_minor
    booking.tax_minor, booking.total_minor = priced.tax_minor, priced.total_minor
    return tax_rows(booking, priced)


def tax_rows(booking: Booking, priced: Priced) -> list[BookingTax]:
    return [
        BookingTax(
            company_id=booking.company_id,
            booking=booking,
            position=position,
            tax_code_id=UUID(tax.key),
            name=tax.name,
            rate=Decimal(tax.rate),
            category=tax.category,
            inclusive=tax.inclusive,
            currency=booking.currency,
            base_minor=tax.base_minor,
            amount_minor=tax.amount_minor,
        )
        for position, tax in enumerate(priced.taxes)
    ]


def usable_tax_code(tax_code_id: UUID) -> TaxCode:
    """A code that something new may be taxed with. Raises BadInput."""
    code = TaxCode.objects.select_related("successor").filter(pk=tax_code_id).first()
    if code is None:
        raise unknown_tax_code()
    refuse_archived(code)
    return code


def refuse_archived(code: TaxCode) -> None:
    """Raise BadInput, saying what is in force instead. Reads `successor`."""
    if code.archived_at is not None:
        raise BadInput("tax_code_archived", archived_sentence(code), field="tax_code_id")


def archived_sentence(code: TaxCode) -> str:
    """What to do instead of using a code that is in force no more. Reads `successor`."""
    if code.successor:
        names = {"old": code.name, "new": code.successor.name}
        return _("“%(old)s” was replaced by “%(new)s”. Use that one.") % names
    return _("The tax code “%(old)s” is archived. Choose another one.") % {"old": code.name}


def unknown_tax_code() -> BadInput:
    return BadInput("unknown_tax_code", _("There is no such tax code."), field="tax_code_id")


def money_sentence(code: str) -> str:
    """What the owner should do about a sum that the rules refuse."""
    return {
        "negative_total": _("The total would be below zero. Lower the discount or the negative line."),
        "line_too_large": _("One line is larger than Bookbill can bill."),
        "total_too_large": _("The total is larger than Bookbill can bill."),
        "discount_too_large": _("The discount is larger than the sum it is taken from."),
        "bad_discount": _("A discount is a percentage from 0 to 100, or an amount that is not negative."),
        "bad_quantity": _("A quantity has at most 3 decimals."),
        "bad_unit_price": _("A price has at most 4 decimals."),
        "bad_rate": _("A tax rate lies between 0 and 100 percent."),
    }.get(code, _("These amounts cannot be billed."))
