"""Making a company and changing its settings."""

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from bookbill.activity.actions import EntryDraft, record
from bookbill.companies.actors import system_actor
from bookbill.companies.clock import date_in_zone
from bookbill.companies.events import CompanyChanged
from bookbill.companies.models import Company, Member, NumberSeries, SeriesKind, tax_codes_in_force
from bookbill.companies.number_formats import check_number_format
from bookbill.companies.numbers import set_first_number
from bookbill.companies.people import join
from bookbill.companies.rights import Right, require
from bookbill.companies.rules import Plan, Role
from bookbill.companies.settings_fields import PERSONAL, read_plan, read_settings
from bookbill.lib.actor import Actor
from bookbill.lib.errors import BadInput, RuleBroken
from bookbill.lib.events import publish
from bookbill.lib.revisions import refuse_stale
from bookbill.lib.tenancy import scope
from bookbill.lib.transactions import assert_in_transaction


def create_company(
    *,
    name: str,
    owner_email: str,
    now: dt.datetime,
    owner_name: str = "",
    currency: str = "CAD",
    time_zone: str = "UTC",
    language: str = "en",
    plan: str = Plan.GROW,
    is_sandbox: bool = False,
) -> tuple[Company, Member]:
    """A company ready for its first booking, and its owner. An account with that email is used if there is one.

    Opens the new company's scope for itself, since no door could. Raises BadInput.
    """
    assert_in_transaction()
    cleaned = read_settings(
        {"name": name, "currency": currency, "time_zone": time_zone, "language": language}
    )
    company = Company.objects.create(**cleaned, plan=read_plan(plan, "plan"), is_sandbox=is_sandbox)
    with scope(company=company):
        owner = join(company, email=owner_email, name=owner_name, role=Role.OWNER)
        entry = EntryDraft(
            type="company.created",
            subject_type="company",
            subject_id=company.pk,
            subject_label="",
            after={"plan": company.plan},
        )
        record(entry, by=system_actor(company), now=now)
    return company, owner


def update_company(
    changes: Mapping[str, Any], *, by: Actor, now: dt.datetime, expected_revision: int | None = None
) -> Company:
    """Change settings of the actor's company: only what is named in ``changes`` (see `settings_fields`).

    Raises BadInput for a bad value, RuleBroken `stale`, `currency_fixed`, `series_in_use`.
    """
    assert_in_transaction()
    require(by, Right.EDIT_SETTINGS)
    company = _locked(by.company_id)
    refuse_stale(company.revision, expected_revision)
    cleaned = read_settings(changes)
    before = {name: getattr(company, name) for name in cleaned}
    changed = {name: value for name, value in cleaned.items() if value != before[name]}
    if not changed:
        return company
    for name, value in changed.items():
        setattr(company, name, value)
    _refuse_changed_currency(company, changed)
    _refuse_doubtful_numbers(company, changed, now)
    _refuse_tax_code_out_of_force(changed)
    company.revision += 1
    company.save(update_fields=[*changed, "revision"])
    record(_entry("company.changed", company, before, changed), by=by, now=now)
    publish(CompanyChanged(company.pk, frozenset(changed), by, now))
    return company


def choose_first_number(first: int, *, by: Actor, now: dt.datetime) -> None:
    """The number of the first invoice, whenever it comes; later, where numbers restart yearly, of this year's first. Raises `series_in_use`."""
    assert_in_transaction()
    require(by, Right.EDIT_SETTINGS)
    company = _locked(by.company_id)
    year = date_in_zone(company, now).year if company.number_restarts_yearly else 0
    set_first_number(company, year=year, first=first)
    record(_entry("company.first_number_chosen", company, {}, {"first_number": first}), by=by, now=now)


def change_plan(plan: str, *, by: Actor, now: dt.datetime) -> Company:
    """Another plan. What exists stays readable and payable whatever the plan (domain.md §5)."""
    assert_in_transaction()
    require(by, Right.EDIT_SETTINGS)
    company = _locked(by.company_id)
    before = {"plan": company.plan}
    company.plan = read_plan(plan, "plan")
    company.revision += 1
    company.save(update_fields=["plan", "revision"])
    record(_entry("company.plan_changed", company, before, {"plan": company.plan}), by=by, now=now)
    return company


def move_clock(offset_seconds: int, *, by: Actor, now: dt.datetime) -> Company:
    """Set how far a sandbox's clock runs before the real one. Raises RuleBroken `not_a_sandbox`, `clock_runs_forward`."""
    assert_in_transaction()
    require(by, Right.EDIT_SETTINGS)
    company = _locked(by.company_id)
    if not company.is_sandbox:
        raise RuleBroken("not_a_sandbox", _("Only the clock of a sandbox can be moved."))
    if offset_seconds < company.clock_offset_seconds:
        raise RuleBroken(
            "clock_runs_forward", _("The clock can only be moved forward. Reset the tour to start again.")
        )
    before = {"clock_offset_seconds": company.clock_offset_seconds}
    company.clock_offset_seconds = offset_seconds
    company.save(update_fields=["clock_offset_seconds"])
    record(
        _entry("company.clock_moved", company, before, {"clock_offset_seconds": offset_seconds}),
        by=by,
        now=now,
    )
    return company


def _locked(company_id: UUID) -> Company:
    return Company.objects.select_for_update(no_key=True).get(pk=company_id)


def _entry(kind: str, company: Company, before: Mapping[str, Any], after: Mapping[str, Any]) -> EntryDraft:
    return EntryDraft(
        type=kind,
        subject_type="company",
        subject_id=company.pk,
        subject_label="",
        before={name: value for name, value in before.items() if name in after and name not in PERSONAL},
        after={name: value for name, value in after.items() if name not in PERSONAL},
        personal_before={name: value for name, value in before.items() if name in after and name in PERSONAL},
        personal_after={name: value for name, value in after.items() if name in PERSONAL},
    )


def _refuse_changed_currency(company: Company, changed: Mapping[str, Any]) -> None:
    if "currency" in changed and company.currency_fixed_at:
        raise RuleBroken(
            "currency_fixed",
            _("The currency stays as it is since the first booking or payment."),
            field="currency",
        )


def _refuse_tax_code_out_of_force(changed: Mapping[str, Any]) -> None:
    """Bookings, which own tax codes, lie above; the company's own column knows their table."""
    code_id = changed.get("default_tax_code_id")
    if code_id and not tax_codes_in_force().filter(pk=code_id).exists():
        raise BadInput(
            "unknown_tax_code", _("There is no such tax code in force."), field="default_tax_code_id"
        )


def _refuse_doubtful_numbers(company: Company, changed: Mapping[str, Any], now: dt.datetime) -> None:
    """Two invoices must never carry the same number, whatever is switched in the middle of a year."""
    if not {"number_format", "number_restarts_yearly"} & changed.keys():
        return
    check_number_format(company.number_format, restarts_yearly=company.number_restarts_yearly)
    used = NumberSeries.objects.filter(kind=SeriesKind.INVOICE).exclude(last_date=None).select_for_update()
    last_dates = {row.year: row.last_date for row in used}
    this_year = date_in_zone(company, now).year
    if "number_restarts_yearly" in changed and any(
        date and date.year >= this_year for date in last_dates.values()
    ):
        raise RuleBroken(
            "series_in_use",
            _(
                "Invoices of %(year)d have numbers already. The yearly restart can be switched before the first one of a year."
            )
            % {"year": this_year},
            field="number_restarts_yearly",
        )
    if any(last_dates) and "{year}" not in company.number_format:
        raise RuleBroken(
            "series_in_use",
            _("Numbers have restarted with the year, so the format needs {year} to keep them apart."),
            field="number_format",
        )
