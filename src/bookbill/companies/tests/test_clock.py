import datetime as dt
from collections.abc import Callable

import pytest
import time_machine
from django.db import IntegrityError, transaction

from bookbill.companies.clock import now, today
from bookbill.companies.models import Company


@time_machine.travel(dt.datetime(2026, 6, 30, 2, 0, tzinfo=dt.UTC), tick=False)
def test_today_is_the_date_where_the_company_is() -> None:
    assert today(Company(name="Here", time_zone="America/Toronto")) == dt.date(2026, 6, 29)
    assert today(Company(name="There", time_zone="Asia/Tokyo")) == dt.date(2026, 6, 30)


@time_machine.travel(dt.datetime(2026, 6, 30, 2, 0, tzinfo=dt.UTC), tick=False)
def test_only_a_sandbox_lives_at_another_time() -> None:
    week = 7 * 24 * 3600
    sandbox = Company(name="Tour", is_sandbox=True, clock_offset_seconds=week)
    assert now(sandbox) == dt.datetime(2026, 7, 7, 2, 0, tzinfo=dt.UTC)
    assert now(Company(name="Real", clock_offset_seconds=week)) == dt.datetime(
        2026, 6, 30, 2, 0, tzinfo=dt.UTC
    )


@pytest.mark.both_databases
def test_the_database_refuses_to_move_a_real_companys_clock(make_company: Callable[..., Company]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make_company(clock_offset_seconds=60)
    assert make_company(is_sandbox=True, clock_offset_seconds=60)
