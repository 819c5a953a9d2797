"""`bookbill seed`: invented companies of any size, for trials and benchmarks. Through the actions, in sets."""

import datetime as dt
import random
from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from bookbill.bookings.actions.booking import create_bookings
from bookbill.bookings.actions.catalogue import ComponentDraft, create_tax_code
from bookbill.bookings.drafts import BookingDraft, ItemDraft
from bookbill.companies.actions import create_company
from bookbill.companies.actors import member_actor
from bookbill.companies.clock import now as business_now
from bookbill.companies.models import Company
from bookbill.customers.actions import create_customer
from bookbill.lib.actor import Actor
from bookbill.lib.tenancy import scope
from bookbill.lib.transactions import transact

CHUNK = 500
DAYS = 60
WORK = ("Office clean", "Home clean", "Garden visit", "Lesson", "Repair", "Window cleaning")
FIRST = ("Ada", "Ben", "Chloé", "Dan", "Elif", "Femi", "Gita", "Hugo", "Ines", "Jun", "Kofi", "Lena")
LAST = ("Abel", "Bouchard", "Cheng", "Dubois", "Evans", "Fortin", "Gill", "Haddad", "Ito", "Jansen")


def seed_command(*, companies: int, customers: int, bookings: int, seed: int) -> str:
    """Make ``companies`` companies with ``customers`` customers and ``bookings`` completed bookings each."""
    dice = random.Random(seed)
    earlier = Company.objects.count()
    for number in range(1, companies + 1):
        name = f"Seeded {earlier + number}"
        owner_email = f"owner{earlier + number}@seeded.example"
        company, owner = transact(
            lambda name=name, owner_email=owner_email: create_company(  # type: ignore[misc]
                name=name, owner_email=owner_email, now=timezone.now(), currency="CAD"
            )
        )
        with scope(company=company):
            fill(company, member_actor(company, owner), customers=customers, bookings=bookings, dice=dice)
    return f"Made {companies} companies with {customers} customers and {bookings} bookings each."


def fill(company: Company, by: Actor, *, customers: int, bookings: int, dice: random.Random) -> None:
    """Customers, then bookings spread over them and over the last two months."""
    now = business_now(company)
    components = [ComponentDraft("GST", Decimal(5)), ComponentDraft("QST", Decimal("9.975"))]
    code = transact(lambda: create_tax_code(name="GST + QST", components=components, by=by, now=now))
    ids: list[UUID] = []
    for start in range(0, customers, CHUNK):
        wanted = range(start, min(start + CHUNK, customers))
        ids += transact(lambda wanted=wanted: [_customer(number, by, now, dice) for number in wanted])  # type: ignore[misc]
    for start in range(0, bookings if ids else 0, CHUNK):
        drafts = [
            _booking(ids[number % len(ids)], code.pk, now, dice)
            for number in range(start, min(start + CHUNK, bookings))
        ]
        transact(lambda drafts=drafts: create_bookings(drafts, by=by, now=now))  # type: ignore[misc]


def _customer(number: int, by: Actor, now: dt.datetime, dice: random.Random) -> UUID:
    name = f"{dice.choice(FIRST)} {dice.choice(LAST)} {number}"
    return create_customer({"name": name, "email": f"customer{number}@seeded.example"}, by=by, now=now).pk


def _booking(customer_id: UUID, tax_code_id: UUID, now: dt.datetime, dice: random.Random) -> BookingDraft:
    price = Decimal(dice.randrange(2_000, 40_000)) / 100
    return BookingDraft(
        customer_id=customer_id,
        service_date=now.date() - dt.timedelta(days=dice.randrange(DAYS)),
        items=(
            ItemDraft(description=dice.choice(WORK), quantity=Decimal(dice.randint(1, 4)), unit_price=price),
        ),
        tax_code_id=tax_code_id,
        completed=True,
    )
