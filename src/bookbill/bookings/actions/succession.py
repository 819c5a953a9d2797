"""Changing and archiving tax codes. One that a booking carries never changes: a successor takes its place."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookbill.activity.actions import EntryDraft, record, record_many
from bookbill.bookings.actions.catalogue import (
    ComponentDraft,
    catalogue_entry,
    check_tax_code,
    lock_catalogue,
    store_components,
    tax_code_facts,
)
from bookbill.bookings.actions.pricing import archived_sentence
from bookbill.bookings.models import Booking, BookingItem, Service, TaxCode
from bookbill.companies.models import Company
from bookbill.companies.rights import Right, require
from bookbill.lib.actor import Actor
from bookbill.lib.errors import NotFound, RuleBroken
from bookbill.lib.revisions import refuse_stale
from bookbill.lib.transactions import assert_in_transaction


def edit_tax_code(
    code_id: UUID, changes: Mapping[str, Any], *, revision: int | None = None, by: Actor, now: datetime
) -> TaxCode:
    """Change name, inclusive or components. The answer is the code that is in force afterwards.

    That is the same one while no booking carries it; else its successor, which services and the company's usual
    tax follow to. Bookings stay as they were priced until somebody reprices them.
    """
    assert_in_transaction()
    require(by, Right.EDIT_SETTINGS)
    company, code = _lock_tax_code(code_id, by)
    if code.archived_at is not None:
        raise RuleBroken("tax_code_archived", archived_sentence(code))
    refuse_stale(code.revision, revision)
    old_components = drafts_of(code)
    before = tax_code_facts(code, old_components)
    components: Sequence[ComponentDraft] = changes.get("components", old_components)
    meant = TaxCode(
        company=company,
        name=changes.get("name", code.name),
        inclusive=changes.get("inclusive", code.inclusive),
        created_at=now,
    )
    check_tax_code(meant, components)
    after = tax_code_facts(meant, components)
    same_lines = list(components) == old_components
    if same_lines and (meant.name, meant.inclusive) == (code.name, code.inclusive):
        return code
    if is_used(code):
        return _succeed(code, meant, components, company, before=before, by=by, now=now)
    code.name, code.inclusive = meant.name, meant.inclusive
    code.revision += 1
    code.save(update_fields=["name", "inclusive", "revision"])
    code.components.all().delete()
    store_components(code, components)
    record(catalogue_entry("tax_code.edited", code, before, after), by=by, now=now)
    return code


def archive_tax_code(
    code_id: UUID, *, archived: bool, revision: int | None = None, by: Actor, now: datetime
) -> TaxCode:
    """Offer a code no more, or again. Refused while new bookings would still take it from a service or the settings."""
    assert_in_transaction()
    require(by, Right.EDIT_SETTINGS)
    company, code = _lock_tax_code(code_id, by)
    refuse_stale(code.revision, revision)
    if (code.archived_at is not None) == archived:
        return code
    if archived:
        _refuse_in_use(code, company)
    elif code.successor_id:
        raise RuleBroken("tax_code_archived", archived_sentence(code))
    code.archived_at = now if archived else None
    code.revision += 1
    code.save(update_fields=["archived_at", "revision"])
    record(catalogue_entry("tax_code.archived" if archived else "tax_code.restored", code), by=by, now=now)
    return code


def is_used(code: TaxCode) -> bool:
    """Whether a booking carries it, for itself or on a line."""
    return (
        BookingItem.objects.filter(tax_code=code).exists() or Booking.objects.filter(tax_code=code).exists()
    )


def drafts_of(code: TaxCode) -> list[ComponentDraft]:
    return [
        ComponentDraft(part.name, part.rate, part.compound, part.category)
        for part in code.components.order_by("position")
    ]


def _succeed(
    code: TaxCode,
    successor: TaxCode,
    components: Sequence[ComponentDraft],
    company: Company,
    *,
    before: dict[str, Any],
    by: Actor,
    now: datetime,
) -> TaxCode:
    successor.save(force_insert=True)
    store_components(successor, components)
    code.successor, code.archived_at = successor, now
    code.revision += 1
    code.save(update_fields=["successor", "archived_at", "revision"])
    after = {**tax_code_facts(successor, components), "successor_id": successor.pk}
    moved = {"tax_code_id": code.pk}, {"tax_code_id": successor.pk}
    followers = list(Service.objects.filter(tax_code=code))
    Service.objects.filter(tax_code=code).update(tax_code=successor, revision=F("revision") + 1)
    entries = [catalogue_entry("tax_code.succeeded", code, before, after)]
    entries += [catalogue_entry("service.edited", service, *moved) for service in followers]
    if company.default_tax_code_id == code.pk:
        company.default_tax_code = successor
        company.revision += 1
        company.save(update_fields=["default_tax_code", "revision"])
        entries.append(_of_company(company, code, successor))
    record_many(entries, by=by, now=now)
    return successor


def _of_company(company: Company, code: TaxCode, successor: TaxCode) -> EntryDraft:
    return EntryDraft(
        type="company.changed",
        subject_type="company",
        subject_id=company.pk,
        subject_label="",
        before={"default_tax_code_id": code.pk},
        after={"default_tax_code_id": successor.pk},
    )


def _lock_tax_code(code_id: UUID, by: Actor) -> tuple[Company, TaxCode]:
    """The company first. A plain lock on the code: it also holds back bookings that are just coming to carry it."""
    company = lock_catalogue(by)
    code = (
        TaxCode.objects.select_for_update(of=("self",)).select_related("successor").filter(pk=code_id).first()
    )
    if code is None:
        raise NotFound("not_found", _("There is no such tax code."))
    return company, code


def _refuse_in_use(code: TaxCode, company: Company) -> None:
    if company.default_tax_code_id == code.pk:
        raise RuleBroken(
            "tax_code_in_use",
            _(
                "“%(code)s” is the default tax of new bookings. Choose another one in Settings → Invoicing first."
            )
            % {"code": code.name},
        )
    services = Service.objects.current().filter(tax_code=code).count()
    if services:
        raise RuleBroken(
            "tax_code_in_use",
            ngettext(
                "%(count)d service has “%(code)s”. Give it another tax first.",
                "%(count)d services have “%(code)s”. Give them another tax first.",
                services,
            )
            % {"count": services, "code": code.name},
        )
