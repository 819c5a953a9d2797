"""What a page says after money was recorded."""

from django.urls import reverse
from django.utils.translation import gettext as _

from bookbill.companies.doors.requests import CompanyRequest
from bookbill.ledger.models import Payment
from bookbill.web.formatting import money
from bookbill.web.htmx import toast


def say_recorded(request: CompanyRequest, payment: Payment) -> None:
    """How much was recorded and, where not all of it was owed, how much became credit."""
    credit = Payment.objects.credit_by_payment([payment.pk])[payment.pk]
    words = {
        "amount": money(payment.amount_minor, payment.currency),
        "applied": money(payment.amount_minor - credit, payment.currency),
        "credit": money(credit, payment.currency),
    }
    if not credit:
        text = _("Payment of %(amount)s recorded.")
    elif credit == payment.amount_minor:
        text = _("Payment recorded: %(credit)s kept as credit.")
    else:
        text = _("Payment recorded: %(applied)s applied, %(credit)s kept as credit.")
    toast(request, text % words, link=(_("View the payment"), reverse("ledger:detail", args=[payment.pk])))
