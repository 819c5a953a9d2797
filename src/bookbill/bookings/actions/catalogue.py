"""Adding services and tax codes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from bookbill.activity.actions import EntryDraft, record
from bookbill.bookings.models import Service, TaxCode, TaxComponent
from bookbill.bookings.models.catalogue import TaxCategory
from bookbill.companies.models import Company
from bookbill.companies.rights import Right, require
from bookbill.lib.actor import Actor
from bookbill.lib.errors import BadInput
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
    """Add a catalogue entry. Raises BadInput ``unknown_tax_code``."""
    assert_in_transaction()
    require(by, Right.EDIT_BOOKINGS)
    if not name:
        raise BadInput("required", _("A service needs a name."), field="name")
    if tax_code_id and not TaxCode.objects.filter(pk=tax_code_id).exists():
        raise BadInput("unknown_tax_code", _("There is no such tax code."), field="tax_code_id")
    service = Service.objects.create(
        company_id=by.company_id,
        name=name,
        unit=unit,
        unit_price=unit_price,
        currency=Company.objects.values_list("currency", flat=True).get(pk=by.company_id),
        tax_code_id=tax_code_id,
        created_at=now,
    )
    after = {"name": name, "unit_price": str(unit_price), "tax_code_id": str(tax_code_id or "")}
    record(_entry("service.created", service, after), by=by, now=now)
    return service


def create_tax_code(
    *, name: str, components: Sequence[ComponentDraft], inclusive: bool = False, by: Actor, now: datetime
) -> TaxCode:
    """Add a tax code with its components in the order given. Raises BadInput for a rate outside 0 to 100."""
    assert_in_transaction()
    require(by, Right.EDIT_SETTINGS)
    if not name:
        raise BadInput("required", _("A tax code needs a name."), field="name")
    if not 0 < len(components) <= COMPONENTS_MAX:
        raise BadInput(
            "bad_components",
            _("A tax code has 1 to %(max)d components.") % {"max": COMPONENTS_MAX},
            field="components",
        )
    if any(not 0 <= component.rate <= 100 for component in components):
        raise BadInput("bad_rate", _("A rate lies between 0 and 100 percent."), field="components")
    code = TaxCode.objects.create(company_id=by.company_id, name=name, inclusive=inclusive, created_at=now)
    TaxComponent.objects.bulk_create(
        TaxComponent(
            company_id=by.company_id,
            tax_code=code,
            position=position,
            name=component.name,
            rate=component.rate,
            compound=component.compound,
            category=component.category,
        )
        for position, component in enumerate(components)
    )
    after = {
        "name": name,
        "inclusive": inclusive,
        "components": [f"{component.name} {component.rate}" for component in components],
    }
    record(_entry("tax_code.created", code, after), by=by, now=now)
    return code


def _entry(kind: str, subject: Service | TaxCode, after: dict[str, Any]) -> EntryDraft:
    return EntryDraft(
        type=kind,
        subject_type=kind.partition(".")[0],
        subject_id=subject.pk,
        subject_label=subject.name,
        after=after,
    )
