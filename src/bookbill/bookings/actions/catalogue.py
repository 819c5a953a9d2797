"""Services, and new tax codes. What happens to a code afterwards is in `succession`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from bookbill.activity.actions import EntryDraft, record
from bookbill.bookings.actions.pricing import usable_tax_code
from bookbill.bookings.models import Service, TaxCode, TaxComponent
from bookbill.bookings.models.catalogue import TaxCategory
from bookbill.companies.models import Company
from bookbill.companies.rights import Right, require
from bookbill.lib.actor import Actor
from bookbill.lib.errors import BadInput, NotFound
from bookbill.lib.revisions import refuse_stale
from bookbill.lib.transactions import assert_in_transaction

COMPONENTS_MAX = 10


@dataclass(frozen=True, slots=True)
class ComponentDraft:
    """One part of a tax code; ``rate`` in percent."""

    name: str
    rate: Decimal
    compound: bool = False
    category: str = TaxCategory.STANDARD


def create_service(
    *,
    name: str,
    unit_price: Decimal,
    unit: str = "",
    tax_code_id: UUID | None = None,
    by: Actor,
    now: datetime,
) -> Service:
    """Add a catalogue entry. Raises BadInput ``unknown_tax_code``, ``tax_code_archived``."""
    assert_in_transaction()
    require(by, Right.EDIT_BOOKINGS)
    company = lock_catalogue(by)
    service = Service(
        company=company,
        name=name,
        unit=unit,
        unit_price=unit_price,
        currency=company.currency,
        tax_code_id=tax_code_id,
        created_at=now,
    )
    _check(service)
    if tax_code_id:
        usable_tax_code(tax_code_id)
    service.save(force_insert=True)
    record(catalogue_entry("service.created", service, after=_facts(service)), by=by, now=now)
    return service


def edit_service(
    service_id: UUID, changes: Mapping[str, Any], *, revision: int | None = None, by: Actor, now: datetime
) -> Service:
    """Change name, unit, unit_price or tax_code_id. Bookings that used it keep what they copied."""
    assert_in_transaction()
    require(by, Right.EDIT_BOOKINGS)
    service = _lock_service(service_id, by)
    refuse_stale(service.revision, revision)
    before = _facts(service)
    if changes.get("tax_code_id", service.tax_code_id) != service.tax_code_id and changes["tax_code_id"]:
        usable_tax_code(changes["tax_code_id"])
    for name, value in changes.items():
        setattr(service, name, value)
    _check(service)
    changed = {name: value for name, value in _facts(service).items() if value != before[name]}
    if not changed:
        return service
    service.revision += 1
    service.save(update_fields=[*changed, "revision"])
    entry = catalogue_entry("service.edited", service, {name: before[name] for name in changed}, changed)
    record(entry, by=by, now=now)
    return service


def archive_service(service_id: UUID, *, archived: bool, by: Actor, now: datetime) -> Service:
    """Offer a service no more, or again. Bookings that used it stay as they are."""
    assert_in_transaction()
    require(by, Right.EDIT_BOOKINGS)
    service = _lock_service(service_id, by)
    if (service.archived_at is not None) == archived:
        return service
    if not archived and service.tax_code_id:
        usable_tax_code(service.tax_code_id)
    service.archived_at = now if archived else None
    service.revision += 1
    service.save(update_fields=["archived_at", "revision"])
    record(catalogue_entry("service.archived" if archived else "service.restored", service), by=by, now=now)
    return service


def create_tax_code(
    *, name: str, components: Sequence[ComponentDraft], inclusive: bool = False, by: Actor, now: datetime
) -> TaxCode:
    """Add a tax code with its components in the order given. Raises BadInput for a rate outside 0 to 100."""
    assert_in_transaction()
    require(by, Right.EDIT_SETTINGS)
    code = TaxCode(company_id=by.company_id, name=name, inclusive=inclusive, created_at=now)
    check_tax_code(code, components)
    code.save(force_insert=True)
    store_components(code, components)
    record(catalogue_entry("tax_code.created", code, after=tax_code_facts(code, components)), by=by, now=now)
    return code


def check_tax_code(code: TaxCode, components: Sequence[ComponentDraft]) -> None:
    """Raise BadInput unless it has a name, and components with rates that can be meant."""
    if not code.name:
        raise BadInput("required", _("A tax code needs a name."), field="name")
    if not 0 < len(components) <= COMPONENTS_MAX:
        raise BadInput(
            "bad_components",
            _("A tax code has 1 to %(max)d components.") % {"max": COMPONENTS_MAX},
            field="components",
        )
    if any(not 0 <= component.rate <= 100 for component in components):
        raise BadInput("bad_rate", _("A rate lies between 0 and 100 percent."), field="components")


def store_components(code: TaxCode, components: Sequence[ComponentDraft]) -> None:
    TaxComponent.objects.bulk_create(
        TaxComponent(
            company_id=code.company_id,
            tax_code=code,
            position=position,
            name=component.name,
            rate=component.rate,
            compound=component.compound,
            category=component.category,
        )
        for position, component in enumerate(components)
    )


def lock_catalogue(by: Actor) -> Company:
    """One change of services and tax codes at a time, so that nothing comes to use a code that is just being replaced."""
    company: Company = Company.objects.select_for_update(no_key=True).get(pk=by.company_id)
    return company


def tax_code_facts(code: TaxCode, components: Sequence[ComponentDraft]) -> dict[str, Any]:
    """As history tells them."""
    return {
        "name": code.name,
        "inclusive": code.inclusive,
        "components": [
            f"{component.name} {component.rate.normalize():f}" + (" compound" if component.compound else "")
            for component in components
        ],
    }


def catalogue_entry(
    kind: str,
    subject: Service | TaxCode,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> EntryDraft:
    return EntryDraft(
        type=kind,
        subject_type=kind.partition(".")[0],
        subject_id=subject.pk,
        subject_label=subject.name,
        before=dict(before or {}),
        after=dict(after or {}),
    )


def _lock_service(service_id: UUID, by: Actor) -> Service:
    lock_catalogue(by)
    service = Service.objects.filter(pk=service_id).first()
    if service is None:
        raise NotFound("not_found", _("There is no such service."))
    return service


def _check(service: Service) -> None:
    if not service.name:
        raise BadInput("required", _("A service needs a name."), field="name")


def _facts(service: Service) -> dict[str, Any]:
    return {
        "name": service.name,
        "unit": service.unit,
        "unit_price": f"{service.unit_price.normalize():f}",
        "tax_code_id": service.tax_code_id,
    }
