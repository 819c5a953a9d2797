"""The way of an empty company to its first invoice."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from bookbill.bookings.models import Booking
from bookbill.bookings.rules import State
from bookbill.companies.rights import Feature, Right, may
from bookbill.customers.models import Customer
from bookbill.invoices.models import Invoice
from bookbill.lib.actor import Actor


@dataclass(frozen=True, slots=True)
class Step:
    """``state``: "done", "current" or "next"."""

    title: str
    text: str
    action: str
    url: str
    icon: str
    state: str


def read_first_steps(by: Actor) -> Sequence[Step]:
    """The four steps, while no invoice was ever sent; nothing for who may not take them. At most four queries."""
    if (
        not may(by, Right.EDIT_INVOICES, Feature.INVOICING)
        or Invoice.objects.filter(sent_at__isnull=False).exists()
    ):
        return ()
    done = [
        Customer.objects.exists(),
        Booking.objects.exists(),
        Booking.objects.filter(state=State.COMPLETED).exists(),
        False,
    ]
    current = next(place for place, is_done in enumerate(done) if not is_done)
    texts = [
        (
            _("Add a customer"),
            _("Whom you work for, and where the invoice goes."),
            _("Add customer"),
            reverse("customers:new"),
            "user-plus",
        ),
        (
            _("Add a booking"),
            _("What you do for them, when, and at what price."),
            _("Add booking"),
            reverse("bookings:new"),
            "calendar-check",
        ),
        (
            _("Complete it"),
            _("When the work is done, mark the booking completed."),
            _("Go to bookings"),
            reverse("bookings:list"),
            "check",
        ),
        (
            _("Generate the invoice"),
            _("One click makes it from the booking and emails it with its PDF."),
            _("Generate Invoice"),
            reverse("invoices:choose"),
            "send",
        ),
    ]
    states = ["done" if is_done else "next" for is_done in done]
    states[current] = "current"
    return [Step(*text, state=state) for text, state in zip(texts, states, strict=True)]
