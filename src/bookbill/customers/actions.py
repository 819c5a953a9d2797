"""What can be done with customers."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.utils.translation import gettext as _

from bookbill.activity.actions import EntryDraft, record
from bookbill.companies.rights import Right, require
from bookbill.customers.events import CustomerBillingChanged
from bookbill.customers.models import Customer, CustomerWord
from bookbill.lib.actor import Actor
from bookbill.lib.errors import BadInput, NotFound, RuleBroken
from bookbill.lib.events import publish
from bookbill.lib.parsing import RECIPIENTS_MAX
from bookbill.lib.search import search_words
from bookbill.lib.transactions import assert_in_transaction

FIELDS = (
    "name", "company_name", "email", "billing_email", "bill_only_to_billing_email", "always_copy", "phone", "service_address",
    "billing_address", "tax_ids", "purchase_order", "tax_exempt", "exemption_reason", "language", "payment_terms_days", "external_id",
)  # fmt: skip
ADDRESSES = {"email", "billing_email", "bill_only_to_billing_email", "always_copy"}
NOT_PRINTED = {"external_id", "language", "payment_terms_days"}
EXEMPTION = {"tax_exempt", "exemption_reason"}
PERSONAL = {
    "name",
    "company_name",
    "email",
    "billing_email",
    "always_copy",
    "phone",
    "service_address",
    "billing_address",
    "tax_ids",
}


def create_customer(fields: Mapping[str, Any], *, by: Actor, now: datetime) -> Customer:
    """Add a customer. ``fields`` come cleaned from the edge; keys are those of FIELDS."""
    assert_in_transaction()
    require(by, Right.EDIT_CUSTOMERS)
    customer = Customer(company_id=by.company_id, created_at=now, **fields)
    _check(customer)
    _refuse_many(customer, fields)
    _save(customer, insert=True)
    _index([customer])
    record(_draft("customer.created", customer, {}, dict(fields)), by=by, now=now)
    return customer


def edit_customer(
    customer_id: UUID, fields: Mapping[str, Any], *, revision: int | None = None, by: Actor, now: datetime
) -> Customer:
    """Change some fields. ``revision`` is what the editor saw; a newer one refuses with `stale`."""
    assert_in_transaction()
    require(by, Right.EDIT_CUSTOMERS)
    customer = lock_customer(customer_id)
    if revision is not None and revision != customer.revision:
        raise RuleBroken(
            "stale",
            _(
                "This customer was changed by someone else meanwhile. Open it to see how it is now, then make your change again."
            ),
            details={"customer_id": str(customer.pk)},
        )
    before = {name: getattr(customer, name) for name in fields}
    changed = {name: value for name, value in fields.items() if before[name] != value}
    if not changed:
        return customer
    for name, value in changed.items():
        setattr(customer, name, value)
    customer.revision += 1
    _check(customer)
    _refuse_many(customer, changed)
    _save(customer, insert=False)
    _index([customer])
    record(
        _draft("customer.edited", customer, {name: before[name] for name in changed}, changed), by=by, now=now
    )
    if changed.keys() - NOT_PRINTED:
        exemption_changed = bool(changed.keys() & EXEMPTION)
        publish(CustomerBillingChanged((customer.pk,), exemption_changed=exemption_changed, by=by, now=now))
    return customer


def archive_customer(customer_id: UUID, *, archived: bool, by: Actor, now: datetime) -> Customer:
    """Hide a customer from daily lists, or bring it back. Its records stay."""
    assert_in_transaction()
    require(by, Right.EDIT_CUSTOMERS)
    customer = lock_customer(customer_id)
    if (customer.archived_at is not None) == archived:
        return customer
    customer.archived_at = now if archived else None
    customer.revision += 1
    customer.save(update_fields=["archived_at", "revision"])
    record(_draft("customer.archived" if archived else "customer.restored", customer, {}, {}), by=by, now=now)
    return customer


def lock_customers(ids: Iterable[UUID]) -> dict[UUID, Customer]:
    """Lock these customers, in id order, before anything of theirs is read to decide on.

    Raises NotFound when one is not the company's.
    """
    assert_in_transaction()
    wanted = set(ids)
    found: dict[UUID, Customer] = Customer.objects.lock(wanted)
    if len(found) != len(wanted):
        raise NotFound("not_found", _("There is no such customer."))
    return found


def lock_customer(customer_id: UUID) -> Customer:
    return lock_customers([customer_id])[customer_id]


def _check(customer: Customer) -> None:
    if not customer.name:
        raise BadInput("required", _("A customer needs a name."), field="name")
    if customer.tax_exempt and not customer.exemption_reason:
        raise BadInput(
            "required",
            _("Say why this customer pays no tax; the reason is printed."),
            field="exemption_reason",
        )
    if customer.bill_only_to_billing_email and not customer.billing_email:
        raise BadInput("required", _("Enter the billing email that invoices go to."), field="billing_email")


def _refuse_many(customer: Customer, fields: Collection[str]) -> None:
    """An invoice, which goes to all of its addresses, would be refused. Who had more before may be edited otherwise."""
    count = len(customer.billing_recipients())
    if count > RECIPIENTS_MAX and not ADDRESSES.isdisjoint(fields):
        raise BadInput(
            "too_many_recipients",
            _("At most %(max)d recipients; this has %(count)d.") % {"max": RECIPIENTS_MAX, "count": count},
            field="always_copy",
        )


def _save(customer: Customer, *, insert: bool) -> None:
    taken = Customer.objects.filter(external_id=customer.external_id).exclude(pk=customer.pk)
    if customer.external_id is not None and taken.exists():
        raise RuleBroken(
            "external_id_taken", _("Another customer already has this external id."), field="external_id"
        )
    try:
        customer.save(force_insert=insert)
    except IntegrityError as problem:
        if "external_id" in str(problem):
            raise RuleBroken(
                "external_id_taken", _("Another customer already has this external id."), field="external_id"
            ) from problem
        raise


def _index(customers: Iterable[Customer]) -> None:
    customers = list(customers)
    CustomerWord.objects.filter(customer__in=customers).delete()
    CustomerWord.objects.bulk_create(
        CustomerWord(company_id=customer.company_id, customer=customer, word=word)
        for customer in customers
        for word in sorted(
            search_words(
                customer.name, customer.company_name, customer.email, customer.billing_email, customer.phone
            )
        )
    )


def _draft(kind: str, customer: Customer, before: dict[str, Any], after: dict[str, Any]) -> EntryDraft:
    return EntryDraft(
        type=kind,
        subject_type="customer",
        subject_id=customer.pk,
        subject_label="",
        before={name: value for name, value in before.items() if name not in PERSONAL},
        after={name: value for name, value in after.items() if name not in PERSONAL},
        personal_before={name: value for name, value in before.items() if name in PERSONAL},
        personal_after={name: value for name, value in after.items() if name in PERSONAL},
    )
