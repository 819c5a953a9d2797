"""To whom an invoice goes, and how many that may be."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.utils.translation import gettext as _

from bookbill.customers.models import Customer
from bookbill.invoices.models import Invoice
from bookbill.lib.errors import BadInput
from bookbill.lib.parsing import RECIPIENTS_MAX


def resolve_recipients(
    invoices: Sequence[Invoice], chosen: Mapping[UUID, Sequence[str]]
) -> dict[UUID, list[str]]:
    """To whom each invoice goes: the chosen list, else the customer's addresses and the invoice's extra ones, no repeats."""
    customers = Customer.objects.in_bulk({invoice.customer_id for invoice in invoices})
    return {
        invoice.pk: _each_once(chosen.get(invoice.pk, ()))
        or own_recipients(invoice, customers[invoice.customer_id])
        for invoice in invoices
    }


def own_recipients(invoice: Invoice, customer: Customer) -> list[str]:
    """Its customer's addresses and the invoice's extra ones, no repeats."""
    return _each_once([*customer.billing_recipients(), *invoice.extra_recipients])


def _each_once(addresses: Sequence[str]) -> list[str]:
    unique: dict[str, str] = {}
    for address in addresses:
        unique.setdefault(address.lower(), address)
    return list(unique.values())


def left_out(invoices: Sequence[Invoice], to: Mapping[UUID, Sequence[str]]) -> dict[UUID, set[str]]:
    """Whom of its own recipients each of these, sent once more as it was, does not go to."""
    own = resolve_recipients([invoice for invoice in invoices if invoice.pk in to], {})
    return {pk: {*map(str.lower, own[pk])} - {*map(str.lower, to[pk])} for pk in own}


def count_mails(to: Mapping[UUID, Sequence[str]]) -> int:
    return sum(map(len, to.values()))


def refuse_many(to: Sequence[str], *, field: str = "recipients") -> None:
    """Raise BadInput for more recipients than any mail goes to."""
    if len(to) > RECIPIENTS_MAX:
        raise BadInput(
            "too_many_recipients",
            _("At most %(max)d recipients; this has %(count)d.") % {"max": RECIPIENTS_MAX, "count": len(to)},
            field=field,
        )
