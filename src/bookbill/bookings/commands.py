"""`bookbill import-bookings`: a door like a page."""

from pathlib import Path

from bookbill.bookings.importing.mapping import BadMapping, read_mapping
from bookbill.bookings.importing.run import NotImported, Report, import_bookings
from bookbill.companies.actors import system_actor
from bookbill.companies.clock import now
from bookbill.companies.commands import company_named
from bookbill.lib.errors import BadInput
from bookbill.lib.tenancy import scope
from bookbill.lib.transactions import transact

SHOWN_MAX = 50


class DryRun(Exception):
    """Carries the report out of a transaction that must leave nothing behind."""

    def __init__(self, report: Report) -> None:
        self.report = report


def import_bookings_command(*, file: str, company: str, mapping: str, dry_run: bool) -> tuple[str, int]:
    """What to print, and the exit status: 0 imported (or would be), 1 when rows are wrong and nothing was."""
    try:
        rules = read_mapping(Path(mapping).read_text(encoding="utf-8"))
    except BadMapping as problem:
        raise BadInput("bad_mapping", str(problem)) from None
    found = company_named(company)
    with scope(company=found):

        def act() -> Report:
            report = import_bookings(Path(file), rules, by=system_actor(found), now=now(found))
            if dry_run:
                raise DryRun(report)
            return report

        try:
            report = transact(act)
        except DryRun as tried:
            report = tried.report
        except NotImported as refused:
            lines = [f"line {line}: {why}" for line, why in refused.report.problems[:SHOWN_MAX]]
            more = len(refused.report.problems) - SHOWN_MAX
            return "\n".join([*lines, *([f"and {more} more"] if more > 0 else []), refused.message]), 1
    said = f"{report.bookings} bookings and {report.customers} customers, {report.known} known already, {report.skipped} left out."
    return f"Would import {said}" if dry_run else f"Imported {said}", 0
