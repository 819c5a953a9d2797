import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

from bookbill.activity.actions import EntryDraft
from bookbill.companies.models import Company
from bookbill.lib.actor import Actor, ActorKind
from bookbill.lib.ids import new_id
from bookbill.lib.tenancy import scope

NOW = dt.datetime(2026, 11, 22, 9, 30, tzinfo=dt.UTC)


@pytest.fixture
def company(db: None) -> Iterator[Company]:
    company = Company.objects.create(name="Maple Cleaning", currency="CAD")
    with scope(company=company):
        yield company


@pytest.fixture
def actor(company: Company) -> Actor:
    return Actor(kind=ActorKind.MEMBER, company_id=company.pk, label="Ana", role="owner", member_id=new_id())


@pytest.fixture
def draft() -> Callable[..., EntryDraft]:
    def make(
        entry_type: str = "booking.completed", subject_id: UUID | None = None, **values: Any
    ) -> EntryDraft:
        return EntryDraft(
            type=entry_type,
            subject_type="booking",
            subject_id=subject_id or new_id(),
            subject_label="B-1042",
            **values,
        )

    return make
