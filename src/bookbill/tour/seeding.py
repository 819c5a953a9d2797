"""Filling a sandbox company with a month of work, through the product's own actions and with their own dates."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from bookbill.bookings.actions.booking import complete_bookings, create_bookings
from bookbill.bookings.actions.cancelling import cancel_booking
from bookbill.bookings.actions.catalogue import ComponentDraft, create_service, create_tax_code
from bookbill.bookings.actions.editing import BookingEdit, edit_booking
from bookbill.bookings.drafts import BookingDraft, ItemDraft
from bookbill.bookings.models import Booking
from bookbill.companies.actions import create_company, update_company
from bookbill.companies.actions.look import change_logo
from bookbill.companies.actors import member_actor
from bookbill.companies.models import Company, Member
from bookbill.customers.actions import create_customer
from bookbill.documents.files import put_file
from bookbill.invoices.actions.cancelling import cancel_invoice
from bookbill.invoices.actions.drafting import make_invoices
from bookbill.invoices.actions.paying import record_payment_on_invoice
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.drafts import InvoiceDraft
from bookbill.invoices.models import Invoice
from bookbill.ledger.actions.payments import record_payments
from bookbill.ledger.drafts import PaymentDraft
from bookbill.lib.actor import Actor
from bookbill.lib.tenancy import scope
from bookbill.lib.transactions import transact
from bookbill.money.pricing import Discount
from bookbill.tour.cast import COMPANY, CUSTOMERS, OWNER_EMAIL, OWNER_NAME, SERVICES, Person
from bookbill.tour.logo import draw_logo

DAYS_BACK, DAYS_AHEAD = 45, 9


@dataclass(slots=True)
class Story:
    """The sandbox while it is being filled."""

    company: Company
    by: Actor
    now: datetime
    dice: random.Random
    services: list[UUID]
    tax_code_id: UUID


def make_sandbox(*, now: datetime) -> tuple[Company, Member]:
    """A new sandbox company with its month. The same day gives the same month."""
    company, owner = transact(
        lambda: create_company(
            name=COMPANY["name"],  # type: ignore[arg-type]
            owner_email=OWNER_EMAIL,
            owner_name=OWNER_NAME,
            currency="CAD",
            time_zone="America/Toronto",
            is_sandbox=True,
            now=now,
        )
    )
    with scope(company=company):
        fill(company, member_actor(company, owner), now=now)
    company.refresh_from_db()
    return company, owner


def fill(company: Company, by: Actor, *, now: datetime) -> None:
    """Catalogue, customers, bookings, and invoices in every status."""
    start = now - timedelta(days=DAYS_BACK + 5)
    logo = put_file(company.pk, "logo", draw_logo(company.name), "image/png")
    transact(lambda: change_logo(logo.pk, by=by, now=start))
    tax_code_id, services = transact(lambda: _catalogue(by, now=start))
    story = Story(company, by, now, random.Random(20), services, tax_code_id)
    customers = [(person, transact(_adding(story, person, start))) for person in CUSTOMERS]
    for person, customer_id in customers:
        transact(lambda person=person, customer_id=customer_id: _book(story, person, customer_id))  # type: ignore[misc]
    _complete_what_is_done(story)
    for bill in _plan_bills(story, [customer_id for _person, customer_id in customers]):
        transact(lambda bill=bill: _bill(story, bill))  # type: ignore[misc]
    transact(lambda: _finish(story))


def _catalogue(by: Actor, *, now: datetime) -> tuple[UUID, list[UUID]]:
    update_company({name: value for name, value in COMPANY.items() if name != "name"}, by=by, now=now)
    components = [ComponentDraft("GST", Decimal(5)), ComponentDraft("QST", Decimal("9.975"))]
    code = create_tax_code(name="GST + QST", components=components, by=by, now=now)
    update_company({"default_tax_code_id": code.pk}, by=by, now=now)
    made = [
        create_service(
            name=sold.name, unit_price=sold.unit_price, unit=sold.unit, tax_code_id=code.pk, by=by, now=now
        )
        for sold in SERVICES
    ]
    return code.pk, [service.pk for service in made]


def _adding(story: Story, person: Person, at: datetime) -> Callable[[], UUID]:
    address = {
        "line1": person.line1,
        "line2": "",
        "city": "Montréal",
        "region": "QC",
        "postal_code": person.postal_code,
        "country": "CA",
    }
    fields = {
        "name": person.name,
        "company_name": person.company_name,
        "email": person.email,
        "billing_email": person.billing_email,
        "always_copy": list(person.always_copy),
        "language": person.language,
        "service_address": address,
        "payment_terms_days": person.terms_days,
        "tax_exempt": bool(person.exempt),
        "exemption_reason": person.exempt,
    }
    return lambda: create_customer(fields, by=story.by, now=at).pk


def _book(story: Story, person: Person, customer_id: UUID) -> None:
    """Regular visits from weeks ago to next week."""
    today = story.now.date()
    day = today - timedelta(days=DAYS_BACK) + timedelta(days=story.dice.randrange(person.every_days))
    drafts = []
    while day <= today + timedelta(days=DAYS_AHEAD):
        items = [_item(story, person.services[0])]
        if len(person.services) > 1 and story.dice.random() < 0.4:
            items.append(_item(story, person.services[1]))
        drafts.append(
            BookingDraft(
                customer_id=customer_id,
                service_date=day,
                start_time=time(story.dice.choice((8, 9, 10, 13, 15))),
                items=tuple(items),
                tax_code_id=story.tax_code_id,
                discount=Discount("percent", Decimal(10)) if story.dice.random() < 0.08 else None,
            )
        )
        day += timedelta(days=person.every_days)
    create_bookings(drafts, by=story.by, now=story.now - timedelta(days=DAYS_BACK))


def _item(story: Story, place: int) -> ItemDraft:
    """A service of the catalogue, as much of it as one visit takes."""
    sold = SERVICES[place]
    quantity = Decimal(story.dice.randint(sold.least, sold.most))
    return ItemDraft(service_id=story.services[place], quantity=quantity)


def _complete_what_is_done(story: Story) -> None:
    """Each day that lies behind, in its evening."""
    days: dict[date, list[UUID]] = {}
    behind = Booking.objects.filter(service_date__lt=story.now.date()).order_by("service_date", "number_n")
    for booking_id, day in behind.values_list("pk", "service_date"):
        days.setdefault(day, []).append(booking_id)
    for day, ids in days.items():
        evening = datetime.combine(day, time(22), tzinfo=story.now.tzinfo)
        transact(lambda ids=ids, at=evening: complete_bookings(ids, by=story.by, now=at))  # type: ignore[misc]


@dataclass(frozen=True, slots=True)
class Bill:
    """An invoice to make: over which bookings, when, and what becomes of it (`turn` varies it)."""

    at: datetime
    booking_ids: tuple[UUID, ...]
    turn: int
    stays_draft: bool


def _plan_bills(story: Story, customer_ids: list[UUID]) -> list[Bill]:
    """Every two visits one invoice, the day after; the newest visits of most customers still wait. In order of time."""
    bills = []
    for place, customer_id in enumerate(customer_ids):
        waiting = list(Booking.objects.to_invoice().filter(customer=customer_id).oldest_first())
        groups = [waiting[start : start + 2] for start in range(0, len(waiting), 2)]
        for number, group in enumerate(groups[:-1] if place % 3 else groups):
            evening = datetime.combine(
                max(booking.service_date for booking in group), time(17), tzinfo=story.now.tzinfo
            )
            bills.append(
                Bill(
                    at=min(story.now, evening + timedelta(days=1)),
                    booking_ids=tuple(booking.pk for booking in group),
                    turn=place + number,
                    stays_draft=place % 5 == 4 and number == len(groups) - 1,
                )
            )
    return sorted(bills, key=lambda bill: (bill.at, bill.turn))


def _bill(story: Story, bill: Bill) -> None:
    """Make it, send it, and let some be paid, some partly, some not."""
    note = "Thanks, see you next time!" if bill.turn % 3 == 0 else ""
    invoice = make_invoices([InvoiceDraft(bill.booking_ids, note=note)], by=story.by, now=bill.at)[0]
    if bill.stays_draft:
        return
    send_invoices([invoice.pk], by=story.by, now=bill.at)
    parts = {0: "1", 1: "1", 2: "0.5", 3: "1", 4: "0"}[bill.turn % 5]
    paid_at = bill.at + timedelta(days=3 + bill.turn % 9)
    amount = invoice.total_minor if parts == "1" else whole_tens(invoice.total_minor * Decimal(parts))
    if amount and paid_at <= story.now:
        payment = PaymentDraft(
            customer_id=invoice.customer_id,
            method=("bank_transfer", "cheque", "card", "cash")[bill.turn % 4],
            amount_minor=amount,
            currency=invoice.currency,
            received_on=paid_at.date(),
            reference=f"{880 + bill.turn}" if bill.turn % 4 == 1 else "",
        )
        record_payment_on_invoice(invoice.pk, payment, by=story.by, now=paid_at)


def whole_tens(minor: Decimal) -> int:
    """As people pay a part: down to ten dollars."""
    return int(minor // 1_000) * 1_000


def _finish(story: Story) -> None:
    """A changed invoice, a cancelled one, a deposit, a cancelled booking with a fee: one of everything."""
    sent = list(Invoice.objects.filter(status="sent").order_by("-pk"))
    if len(sent) > 2:
        changed: Booking = sent[0].bookings.oldest_first().last()  # type: ignore[attr-defined]
        done = changed.items.order_by("position")[0]
        shorter = ItemDraft(
            description=f"{done.description}, shorter visit",
            quantity=done.quantity,
            unit=done.unit,
            unit_price=done.unit_price * Decimal("0.8"),
            tax_code_id=story.tax_code_id,
        )
        edit_booking(changed.pk, BookingEdit({}, (shorter,)), by=story.by, now=story.now)
        cancel_invoice(sent[1].pk, reason="Billed to the wrong address", by=story.by, now=story.now)
    scheduled = list(Booking.objects.filter(state="scheduled").order_by("service_date", "number_n")[:2])
    if len(scheduled) == 2:
        first, second = scheduled
        deposit = PaymentDraft(
            first.customer_id,
            "card",
            3_000,
            story.company.currency,
            story.now.date(),
            "Deposit",
            placing={first.pk: 3_000},
        )
        record_payments([deposit], by=story.by, now=story.now)
        fee = ItemDraft(
            description="Late cancellation", unit_price=Decimal("40.00"), tax_code_id=story.tax_code_id
        )
        cancel_booking(second.pk, fee=fee, reason="Called off the evening before", by=story.by, now=story.now)
