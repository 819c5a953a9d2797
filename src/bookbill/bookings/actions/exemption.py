"""A customer's exemption reaches the bookings that are not settled yet."""

from uuid import UUID

from bookbill.bookings.actions.pricing import price_booking, read_catalogue
from bookbill.bookings.drafts import ItemDraft
from bookbill.bookings.events import BookingsChanged, BookingTotalsChanging
from bookbill.bookings.models import Booking, BookingItem, BookingTax
from bookbill.bookings.rules import State
from bookbill.customers.events import CustomerBillingChanged
from bookbill.customers.models import Customer
from bookbill.lib.events import publish
from bookbill.lib.transactions import assert_in_transaction


def reprice_for_exemption(event: CustomerBillingChanged) -> None:
    """Price scheduled bookings without money anew when their customer became exempt, or stopped being it.

    From completion or first money on, only editing the booking itself reprices it; nor does it once its invoice was sent.
    """
    assert_in_transaction()
    if not event.exemption_changed:
        return
    open_bookings = Booking.objects.filter(
        customer__in=event.customer_ids,
        state=State.SCHEDULED,
        paid_minor=0,
        reduced_minor=0,
        written_off_minor=0,
        invoice__sent_at=None,
    )
    bookings = {booking.pk: booking for booking in open_bookings}
    if not bookings:
        return
    customers = Customer.objects.in_bulk(event.customer_ids)
    items: dict[UUID, list[BookingItem]] = {pk: [] for pk in bookings}
    for item in BookingItem.objects.filter(booking__in=bookings).order_by("booking_id", "position"):
        items[item.booking_id].append(item)
    codes = {item.tax_code_id for own in items.values() for item in own}
    catalogue = read_catalogue([ItemDraft(tax_code_id=code) for code in codes], [])
    taxes: list[BookingTax] = []
    for pk, booking in bookings.items():
        customer = customers[booking.customer_id]
        booking.tax_exempt = customer.tax_exempt
        booking.exemption_reason = customer.exemption_reason if customer.tax_exempt else ""
        booking.revision += 1
        taxes += price_booking(booking, items[pk], catalogue.terms)
    publish(
        BookingTotalsChanging(
            {pk: booking.total_minor for pk, booking in bookings.items()},
            frozenset(),
            by=event.by,
            now=event.now,
        )
    )
    BookingTax.objects.filter(booking__in=bookings).delete()
    BookingTax.objects.bulk_create(taxes)
    BookingItem.objects.bulk_update(
        [item for own in items.values() for item in own], ["amount_minor", "net_minor"], batch_size=500
    )
    Booking.objects.bulk_update(
        bookings.values(),
        [
            "tax_exempt",
            "exemption_reason",
            "subtotal_minor",
            "discount_minor",
            "tax_minor",
            "total_minor",
            "revision",
        ],
        batch_size=500,
    )
    publish(BookingsChanged(tuple(bookings), by=event.by, now=event.now))
