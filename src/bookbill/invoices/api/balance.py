"""What a customer owes and is owed."""

from django.http import HttpResponse
from ninja import Router

from bookbill.companies.clock import today
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right, require
from bookbill.customers.models import Customer
from bookbill.invoices.balances import balances_of
from bookbill.web.api.rendering import answered
from bookbill.web.api.routes import find
from bookbill.web.api.schema import Answer

router = Router(tags=["Customers"])


class BalanceOut(Answer):
    """`due_minor`: on sent invoices; `prepaid_minor`: money on bookings that are on none; `credit_minor`: placed nowhere.

    `to_invoice_minor` is the total of what can be put on an invoice, paid or not. What the customer owes in all is
    due − credit − prepaid.
    """

    due_minor: int
    overdue_minor: int
    credit_minor: int
    prepaid_minor: int
    to_invoice_minor: int
    currency: str


@router.get("/customers/{customer_id}/balance", response=BalanceOut)
def read_balance(request: CompanyRequest, customer_id: str) -> HttpResponse:
    """What a customer owes and is owed."""
    require(request.actor, Right.VIEW_MONEY)
    customer = find(Customer.objects.all(), customer_id)
    balance = balances_of([customer.pk], today=today(request.company))[customer.pk]
    figures = {name: getattr(balance, name) for name in BalanceOut.model_fields if name != "currency"}
    return answered(BalanceOut(**figures, currency=request.company.currency))
