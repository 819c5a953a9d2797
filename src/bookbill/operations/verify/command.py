"""Running the checks and printing what they found."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from django.db import connection, transaction

from bookbill.companies.models import Company
from bookbill.lib import sqlite
from bookbill.lib.errors import NotFound
from bookbill.lib.tenancy import scope
from bookbill.operations.verify import catalogue, invoicing, money, promises
from bookbill.operations.verify.findings import Check, Finding

CHECKS = (
    Check("M1 amounts are whole and in bounds", money.check_amounts),
    Check("M2 booking totals add up", money.check_booking_totals),
    Check("M2 M5 invoices are the sums of their bookings", money.check_invoice_sums),
    Check("M3 shares sum to the whole", money.check_shares),
    Check("M4 payments are accounted for", money.check_payments),
    Check("M5 bookings are covered as the ledger says", money.check_booking_cover),
    Check("M6 charges sum to what is claimed", money.check_charges),
    Check("M7 one currency", money.check_currencies),
    Check("M8 guards are in place", money.check_guards),
    Check("D1 status follows the facts", invoicing.check_status),
    Check("D2 numbers have no gaps", invoicing.check_numbers),
    Check("D3 a booking is on one live invoice", invoicing.check_bookings_on_live_invoices),
    Check("D4 versions are as frozen", invoicing.check_versions),
    Check("D4 files have their hashes", invoicing.check_pdfs),
    Check("D5 live views are fresh", invoicing.check_live_views),
    Check("D6 history is complete", invoicing.check_history),
    Check("W1 promises stand with their causes", promises.check_promises),
    Check("W2 mails left at most once", promises.check_mail_once),
    Check("W3 leases have not lapsed", promises.check_leases),
    Check("W5 repricings end when all is done", catalogue.check_repricings),
    Check("C1 tax codes are replaced in a line", catalogue.check_succession),
    Check("T1 rows stay in their company", promises.check_tenants),
)


def verify(*, company_name: str | None = None) -> list[Finding]:
    """One finding per invariant, over all companies or one. Reads one consistent state and changes nothing.

    Raises NotFound for an unknown company.
    """
    with one_state():
        companies = Company.objects.order_by("pk")
        if company_name is not None:
            companies = companies.filter(name=company_name)
            if not companies.exists():
                raise NotFound("not_found", f"There is no company “{company_name}”.")
        findings = [Finding(check.name) for check in CHECKS]
        for company in companies.iterator():
            with scope(company=company):
                for check, finding in zip(CHECKS, findings, strict=True):
                    check.run(finding, company)
        return findings


def verify_command(*, company_name: str | None, as_json: bool) -> tuple[str, int]:
    """What `bookbill verify` prints, and its exit status: 0 clean, 1 violated."""
    findings = verify(company_name=company_name)
    status = 1 if any(finding.bad for finding in findings) else 0
    if as_json:
        report = {
            "database": database_mode(),
            "clean": status == 0,
            "checks": [asdict(finding) for finding in findings],
        }
        return json.dumps(report, indent=2), status
    lines = [
        f"{finding.name:<48} checked {finding.checked:>8}  bad {finding.bad}{_ids(finding)}"
        for finding in findings
    ]
    return "\n".join([*lines, f"database: {database_mode()}"]), status


def database_mode() -> str:
    """How the database keeps what it acknowledged, in words."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            return str(sqlite.mode_of(cursor))
        cursor.execute("SHOW server_version")
        return f"PostgreSQL {cursor.fetchone()[0]}"


@contextmanager
def one_state() -> Iterator[None]:
    """All reads see one moment, without holding writers up."""
    if connection.in_atomic_block:
        yield
        return
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        connection.connection.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            connection.connection.execute("ROLLBACK")
        return
    with transaction.atomic():
        connection.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def _ids(finding: Finding) -> str:
    return f"  first: {', '.join(finding.first_ids)}" if finding.bad else ""
