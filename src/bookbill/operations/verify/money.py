"""Money: M1 to M8 of what must always hold."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import connection, models
from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from bookbill.bookings.models import Booking, BookingItem, BookingTax
from bookbill.companies.models import Company
from bookbill.invoices.models import Charge, Invoice
from bookbill.ledger.models import Allocation, Payment, Reduction, Refund, Reversal, WriteOff
from bookbill.lib import triggers
from bookbill.operations.verify.findings import Finding

LARGEST = 10**15
CHUNK = 2_000
BOOKING_SUMS = (
    "subtotal_minor",
    "discount_minor",
    "tax_minor",
    "total_minor",
    "paid_minor",
    "reduced_minor",
    "written_off_minor",
)


def tenant_models() -> Iterator[type[models.Model]]:
    """Our models that belong to a company."""
    for model in apps.get_models():
        if model.__module__.startswith("bookbill.") and any(
            field.name == "company" for field in model._meta.get_fields()
        ):
            yield model


def check_amounts(finding: Finding, company: Company) -> None:
    """M1: every amount is a whole number in the stated bounds (SQLite would keep anything in an integer column)."""
    for model in tenant_models():
        names = [
            column.name
            for column in model._meta.concrete_fields
            if column.name.endswith("_minor") and not isinstance(column, models.JSONField)
        ]
        if not names:
            continue
        rows = model._base_manager.filter(company_id=company.pk)
        if connection.vendor == "sqlite":
            kinds = {
                f"{name}_kind": models.Func(F(name), function="typeof", output_field=models.CharField())
                for name in names
            }
            rows = rows.annotate(**kinds)
            wrong = Q(*(~Q(**{f"{kind}__in": ("integer", "null")}) for kind in kinds), _connector=Q.OR)
        else:
            wrong = Q()
        for name in names:
            wrong |= Q(**{f"{name}__gt": LARGEST}) | Q(**{f"{name}__lt": -LARGEST})
        bad = rows.filter(wrong).values_list("pk", flat=True)
        finding.checked += rows.count() - bad.count()
        finding.look_at((pk, False) for pk in bad.iterator(CHUNK))


def _sum_over(rows: "models.QuerySet[Any]", name: str, key: str = "booking") -> Coalesce:
    """The sum of a column over the rows that point at the outer row, 0 where there are none."""
    sums = rows.filter(**{key: OuterRef("pk")}).order_by().values(key).annotate(sum=Sum(name)).values("sum")
    return Coalesce(Subquery(sums), 0, output_field=models.BigIntegerField())


def check_booking_totals(finding: Finding, company: Company) -> None:
    """M2: a booking's total is the sum of its line nets and its taxes, and subtotal, discount and tax make it up."""
    rows = Booking.objects.annotate(
        nets=_sum_over(BookingItem.objects.all(), "net_minor"),
        taxed=_sum_over(BookingTax.objects.all(), "amount_minor"),
    ).values_list("pk", "total_minor", "tax_minor", "nets", "taxed")
    finding.look_at(
        (pk, total == nets + taxed and tax == taxed) for pk, total, tax, nets, taxed in rows.iterator(CHUNK)
    )


def check_invoice_sums(finding: Finding, company: Company) -> None:
    """M2, M5: a live invoice's figures are the sums over its bookings; nothing else of it is stored."""
    over = {f"sum_{name}": _sum_over(Booking.objects.all(), name, "invoice") for name in BOOKING_SUMS}
    rows = Invoice.objects.live().annotate(**over)
    wanted = [*BOOKING_SUMS, *over]
    for pk, *figures in rows.values_list("pk", *wanted).iterator(CHUNK):
        finding.look(pk, right=figures[: len(BOOKING_SUMS)] == figures[len(BOOKING_SUMS) :])


def check_shares(finding: Finding, company: Company) -> None:
    """M3: the net and tax shares of a lowered claim sum to it."""
    for rows in (Reduction.objects.all(), WriteOff.objects.all()):
        for pk, amount, net, taxes in rows.values_list(
            "pk", "amount_minor", "net_minor", "taxes_minor"
        ).iterator(CHUNK):
            finding.look(pk, right=amount == net + sum(taxes))


def check_payments(finding: Finding, company: Company) -> None:
    """M4: of each payment, what is placed, refunded, reversed and left as credit makes it up, and no term is negative."""
    rows = Payment.objects.annotate(
        placed=_sum_over(Allocation.objects.all(), "amount_minor", "payment"),
        refunded=_sum_over(Refund.objects.filter(is_tip=False), "amount_minor", "payment"),
        tip_refunded=_sum_over(Refund.objects.filter(is_tip=True), "amount_minor", "payment"),
        reversed=_sum_over(Reversal.objects.all(), "amount_minor", "payment"),
    ).values_list("pk", "amount_minor", "tip_minor", "placed", "refunded", "tip_refunded", "reversed")
    for pk, amount, tip, placed, refunded, tip_refunded, undone in rows.iterator(CHUNK):
        credit = amount - placed - refunded - undone
        finding.look(pk, right=min(credit, placed, refunded, undone, tip - tip_refunded) >= 0)
    placings = (
        Allocation.objects.order_by().values("payment_id", "booking_id").annotate(sum=Sum("amount_minor"))
    )
    finding.look_at(
        (f"{row['payment_id']}/{row['booking_id']}", row["sum"] >= 0) for row in placings.iterator(CHUNK)
    )


def check_booking_cover(finding: Finding, company: Company) -> None:
    """M5: what a booking says is paid, reduced and written off is what the ledger's entries sum to, within its total."""
    rows = Booking.objects.annotate(
        placed=_sum_over(Allocation.objects.all(), "amount_minor"),
        reduced=_sum_over(Reduction.objects.all(), "amount_minor"),
        given_up=_sum_over(WriteOff.objects.all(), "amount_minor"),
    ).values_list(
        "pk",
        "total_minor",
        "paid_minor",
        "reduced_minor",
        "written_off_minor",
        "due_minor",
        "placed",
        "reduced",
        "given_up",
    )
    for pk, total, paid, reduced, written_off, due, *entries in rows.iterator(CHUNK):
        covered = paid + reduced + written_off
        right = [paid, reduced, written_off] == entries and 0 <= covered <= total and due == total - covered
        finding.look(pk, right=right)


def check_charges(finding: Finding, company: Company) -> None:
    """M6: the charges of an invoice sum to what it claims: its live total once sent, nothing when cancelled."""
    rows = Invoice.objects.annotate(charges_sum=_sum_over(Charge.objects.all(), "amount_minor", "invoice"))
    for pk, total, charged, sent_at, cancelled_at, sums in rows.values_list(
        "pk", "total_minor", "charged_minor", "sent_at", "cancelled_at", "charges_sum"
    ).iterator(CHUNK):
        claimed = total if sent_at and not cancelled_at else 0
        finding.look(pk, right=sums == charged == claimed)


def check_currencies(finding: Finding, company: Company) -> None:
    """M7: one currency per company, hence per invoice, payment and sum."""
    for model in tenant_models():
        if any(column.name == "currency" for column in model._meta.concrete_fields):
            rows = model._base_manager.filter(company_id=company.pk)
            wrong = rows.exclude(currency=company.currency)
            finding.checked += rows.count() - wrong.count()
            finding.look_at((pk, False) for pk in wrong.values_list("pk", flat=True).iterator(CHUNK))


def check_guards(finding: Finding, company: Company) -> None:
    """M8, D4: the triggers that keep append-only and frozen rows are all in place, and no other is."""
    declared = triggers.all_triggers()
    finding.checked += len(triggers.installed())
    for name in sorted(triggers.missing(declared) | triggers.unexpected(declared)):
        finding.look(name, right=False)
