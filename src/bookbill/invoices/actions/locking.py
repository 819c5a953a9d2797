"""Reading invoices to act on them."""

from collections.abc import Sequence
from uuid import UUID

from django.utils.translation import gettext as _

from bookbill.customers.actions import lock_customers
from bookbill.invoices.models import Invoice
from bookbill.lib.errors import NotFound, RuleBroken
from bookbill.lib.transactions import assert_in_transaction


def lock_invoices(invoice_ids: Sequence[UUID]) -> list[Invoice]:
    """Lock the customers of these invoices, then read the invoices as they are now, in the order asked for.

    What was passed in is only an address. Raises NotFound for an id that is not the company's.
    """
    assert_in_transaction()
    wanted = list(dict.fromkeys(invoice_ids))
    owners = dict(Invoice.objects.filter(pk__in=wanted).values_list("pk", "customer_id"))
    if len(owners) != len(wanted):
        raise not_found()
    customers = lock_customers(owners.values())
    found = Invoice.objects.in_bulk(wanted)
    if len(found) != len(wanted):
        raise not_found()
    for invoice in found.values():
        invoice.customer = customers[invoice.customer_id]
    return [found[pk] for pk in wanted]


def lock_invoice(invoice_id: UUID, *, revision: int | None = None) -> Invoice:
    """One invoice, locked. ``revision`` is what the editor saw; a newer one refuses with `stale`."""
    invoice = lock_invoices([invoice_id])[0]
    if revision is not None and revision != invoice.revision:
        raise RuleBroken(
            "stale",
            _(
                "This invoice was changed by someone else meanwhile. Open it to see how it is now, then make your change again."
            ),
            details={"invoice_id": str(invoice.pk)},
        )
    return invoice


def not_found() -> NotFound:
    return NotFound("not_found", _("There is no such invoice."))
