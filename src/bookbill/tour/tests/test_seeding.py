"""The month a sandbox starts with is one that people believe."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from bookbill.bookings.models import Booking, BookingItem
from bookbill.companies.models import Company
from bookbill.companies.pictures import kind_of, size_of
from bookbill.documents.files import read_logo
from bookbill.lib.tenancy import scope
from bookbill.tour import seeding
from bookbill.tour.logo import draw_logo
from bookbill.tour.seeding import make_sandbox


def test_the_logo_is_a_picture_like_those_that_people_upload() -> None:
    content = draw_logo("Bright Home Co.")
    assert kind_of(content) == "PNG"
    width, height = size_of(content, "PNG")
    assert height < width <= 600


@pytest.mark.django_db
def test_nothing_is_done_before_its_day_and_floors_have_a_floors_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(seeding, "DAYS_BACK", 24)  # shorter than the demo's, as quick as a test should be
    now = timezone.now()
    company, _owner = make_sandbox(now=now)
    with scope(company=company):
        done = Booking.objects.filter(state="completed")
        assert done.exists()
        assert not done.filter(service_date__gte=now.date() + dt.timedelta(days=1)).exists()
        assert not done.filter(completed_at__gt=now).exists()
        floors = BookingItem.objects.filter(unit="m²").values_list("quantity", flat=True)
        assert floors
        assert all(Decimal(25) <= quantity <= Decimal(60) for quantity in floors)
        stored = Company.objects.get(pk=company.pk).logo
        assert stored
        assert read_logo(company.pk, stored.sha256)
