"""The list of recipients that a page shows, and what somebody made of it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.forms import Form

from bookbill.companies.doors.requests import CompanyRequest
from bookbill.invoices.actions.recipients import resolve_recipients
from bookbill.invoices.models import Invoice


def chosen_recipients(invoice: Invoice, typed: Sequence[str]) -> Mapping[UUID, Sequence[str]]:
    """Addresses that stand for this sending only; none where they are the invoice's own, which then follow until it leaves."""
    own = resolve_recipients([invoice], {})[invoice.pk]
    if {address.lower() for address in typed} == {address.lower() for address in own}:
        return {}
    return {invoice.pk: typed}


def recipients_again(
    form: Form, request: CompanyRequest, current: Sequence[str], *, own: Sequence[str] = ()
) -> dict[str, Any]:
    """What a page keeps of its recipients for its form to bring back: the list it began with, and the customer's ``own``.

    A list that nobody touched is the ``current`` one again when the page is shown again.
    """
    began = request.POST.get("to")
    if form.is_bound and began is not None:
        if {*re.split(r"[,;\s]+", form.data.get("recipients", ""))} - {""} != {*began.split()}:
            return {"to": began, "own": request.POST.get("own", "")}
        form.data = {name: form.data.get(name) for name in form.data} | {"recipients": ", ".join(current)}
    return {"to": " ".join(current), "own": " ".join(own)}
