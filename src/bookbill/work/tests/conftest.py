from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from bookbill.companies.models import Company
from bookbill.lib.transactions import transact
from bookbill.work import registry
from bookbill.work.actions import promise
from bookbill.work.models import Job
from bookbill.work.registry import JobView


@pytest.fixture
def company(db: None) -> Company:
    return Company.objects.create(name="Maple Cleaning", currency="CAD")


@pytest.fixture(autouse=True)
def only_our_kinds() -> Iterator[None]:
    """What a test registers is all there is, and is gone after it."""
    kept = [(table, dict(table)) for table in (registry.KINDS, registry.LOOPS, registry.SCHEDULES)]
    for table, _ in kept:
        table.clear()
    yield
    for table, content in kept:
        table.clear()
        table.update(content)  # type: ignore[arg-type]


@pytest.fixture
def handled() -> list[JobView]:
    """The jobs that the kinds "note" (database only) and "call" (the world) were called with."""
    seen: list[JobView] = []
    registry.register("note", seen.append, database_only=True)
    registry.register("call", seen.append, database_only=False)
    return seen


@pytest.fixture
def promised(company: Company) -> Callable[..., Job]:
    """Promise one job and commit."""

    def make(kind: str = "note", args: Mapping[str, Any] | None = None, **values: Any) -> Job:
        job = transact(lambda: promise(kind, args=args or {}, **{"company_id": company.pk, **values}))
        assert job is not None
        return job

    return make
