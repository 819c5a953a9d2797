"""A customer's exemption reaches the bookings that are not settled yet."""

from django.db.models import prefetch_related_objects

from bookbill.bookings.actions.pricing import read_items, read_terms
from bookbill.bookings.actions.repricing import price_again, store_prices
from bookbill.bookings.models import Booking
from bookbill.bookings.rules import State
from bookbill.customers.events import CustomerBillingChanged
from bookbill.lib.transactions import assert_in_transaction


def reprice_for_exemption(event: CustomerBillingChanged) -> None:
    """Price scheduled bookings without money anew when their customer's exemption or its reason changed.

    From completion, first money or first send on, only editing the booking itself reprices it.
    """
    assert_in_transaction()
    if not event.exemption_changed:
        return
    open_bookings = Booking.objects.filter(
        customer__in=event.customer_ids,
        state=State.SCHEDULED,
        allocations=None,
        reduced_minor=0,
        written_off_minor=0,
        first_sent_at=None,
    )
    bookings = {booking.pk: booking for booking in open_bookings}
    prefetch_related_objects(list(bookings.values()), "customer")
    items = read_items(bookings)
    terms = read_terms(item for own in items.values() for item in own)
    fresh = [price_again(booking, items[pk], terms) for pk, booking in bookings.items()]
    store_prices(fresh, by=event.by, now=event.now)
