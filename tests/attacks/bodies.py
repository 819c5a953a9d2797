"""Every act of the API with every field filled in, and where in it which kind of value stands."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.attacks.world import World

Path = tuple[str | int, ...]

ADDRESS = {
    "line1": "12 Main Street",
    "line2": "Back door",
    "city": "Toronto",
    "region": "ON",
    "postal_code": "M5V 1A1",
    "country": "Canada",
}
ADDRESS_LENGTHS = {"line1": 200, "line2": 200, "city": 120, "region": 120, "postal_code": 20, "country": 60}
DAY = "2026-06-30"


@dataclass(frozen=True, slots=True)
class Act:
    """One call that would succeed. ``text`` is the longest length of each free text, by where it stands."""

    method: str
    path: str
    body: dict[str, Any]
    text: dict[Path, int] = field(default_factory=dict)
    multiline: frozenset[Path] = frozenset()
    decimals: tuple[Path, ...] = ()
    minor: tuple[Path, ...] = ()
    dates: tuple[Path, ...] = ()
    ids: tuple[Path, ...] = ()
    emails: tuple[Path, ...] = ()
    recipients: tuple[Path, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.method} {self.path.partition('/0')[0]}"

    def with_value(self, at: Path, value: Any) -> dict[str, Any]:
        """The body with something else at one place."""
        body = copy.deepcopy(self.body)
        place: Any = body
        for step in at[:-1]:
            place = place[step]
        place[at[-1]] = value
        return body


def at_address(name: str) -> dict[Path, int]:
    return {(name, part): longest for part, longest in ADDRESS_LENGTHS.items()}


ITEM_TEXT: dict[Path, int] = {("items", 0, "description"): 500, ("items", 0, "unit"): 20}
ITEM_DECIMALS: tuple[Path, ...] = (
    ("items", 0, "quantity"),
    ("items", 0, "unit_price"),
    ("discount", "value"),
)


def item(world: World) -> dict[str, Any]:
    return {
        "description": "Window clean",
        "quantity": "2",
        "unit": "hour",
        "unit_price": "80.00",
        "service_id": str(world.service.pk),
        "tax_code_id": str(world.tax_code.pk),
    }


def acts(world: World) -> Iterator[Act]:
    """Each is meant for the world as it was made; none needs another before it."""
    yield Act(
        "post",
        "/customers",
        {
            "name": "Maple Offices",
            "company_name": "Maple Inc.",
            "email": "maple@customer.example",
            "billing_email": "ap@customer.example",
            "bill_only_to_billing_email": False,
            "always_copy": ["joe@customer.example"],
            "phone": "+1 416 555 0134",
            "billing_address": dict(ADDRESS),
            "service_address": dict(ADDRESS),
            "tax_ids": [{"scheme": "GST", "value": "81234 5678 RT0001"}],
            "purchase_order": "PO 7",
            "tax_exempt": True,
            "exemption_reason": "Reseller",
            "payment_terms_days": 30,
            "language": "fr",
            "external_id": "K-1",
        },
        text={
            ("name",): 200,
            ("company_name",): 200,
            ("phone",): 40,
            **at_address("billing_address"),
            **at_address("service_address"),
            ("tax_ids", 0, "scheme"): 20,
            ("tax_ids", 0, "value"): 40,
            ("purchase_order",): 80,
            ("exemption_reason",): 200,
            ("external_id",): 120,
        },
        emails=(("email",), ("billing_email",), ("always_copy", 0)),
    )
    yield Act(
        "post",
        "/services",
        {
            "name": "Deep clean",
            "unit": "visit",
            "unit_price": "265.00",
            "tax_code_id": str(world.tax_code.pk),
        },
        text={("name",): 200, ("unit",): 20},
        decimals=(("unit_price",),),
        ids=(("tax_code_id",),),
    )
    yield Act(
        "post",
        "/tax-codes",
        {
            "name": "GST",
            "inclusive": False,
            "components": [{"name": "GST", "rate": "5", "compound": False, "category": "standard"}],
        },
        text={("name",): 80, ("components", 0, "name"): 40},
        decimals=(("components", 0, "rate"),),
    )
    yield Act(
        "post",
        "/bookings",
        {
            "customer_id": str(world.customer.pk),
            "service_date": DAY,
            "start_time": "09:30",
            "items": [item(world)],
            "discount": {"kind": "percent", "value": "10"},
            "tax_code_id": str(world.tax_code.pk),
            "provider_id": None,
            "service_address": dict(ADDRESS),
            "state": "completed",
            "held_back": False,
            "note": "Ring twice",
            "external_id": "K-1",
        },
        text={**ITEM_TEXT, **at_address("service_address"), ("note",): 5_000, ("external_id",): 120},
        multiline=frozenset({("note",)}),
        decimals=ITEM_DECIMALS,
        dates=(("service_date",),),
        ids=(
            ("customer_id",),
            ("tax_code_id",),
            ("provider_id",),
            ("items", 0, "service_id"),
            ("items", 0, "tax_code_id"),
        ),
    )
    yield Act(
        "post",
        f"/bookings/{world.scheduled.pk}/cancellation",
        {"fee": item(world), "reason": "Ill"},
        text={("reason",): 300, ("fee", "description"): 500, ("fee", "unit"): 20},
        multiline=frozenset({("reason",)}),
        decimals=(("fee", "quantity"), ("fee", "unit_price")),
        ids=(("fee", "service_id"), ("fee", "tax_code_id")),
    )
    yield Act(
        "post",
        "/invoices",
        {
            "booking_ids": [str(world.completed.pk)],
            "note": "Thank you",
            "extra_recipients": "ap@customer.example",
            "payment_link": True,
        },
        text={("note",): 5_000},
        multiline=frozenset({("note",)}),
        ids=(("booking_ids", 0),),
        recipients=(("extra_recipients",),),
    )
    yield Act(
        "post",
        "/instant-invoices",
        {
            "customer_id": str(world.customer.pk),
            "service_date": DAY,
            "items": [item(world)],
            "discount": {"kind": "amount", "value": "10.00"},
            "tax_code_id": str(world.tax_code.pk),
            "note": "Thank you",
            "extra_recipients": "ap@customer.example",
            "payment_link": True,
        },
        text={**ITEM_TEXT, ("note",): 5_000},
        multiline=frozenset({("note",)}),
        decimals=ITEM_DECIMALS,
        dates=(("service_date",),),
        ids=(("customer_id",), ("tax_code_id",), ("items", 0, "service_id"), ("items", 0, "tax_code_id")),
        recipients=(("extra_recipients",),),
    )
    yield Act(
        "patch",
        f"/invoices/{world.draft.pk}",
        {
            "note": "Thank you",
            "extra_recipients": "ap@customer.example",
            "payment_link": True,
            "issue_date": DAY,
            "due_date": "2026-07-30",
        },
        text={("note",): 5_000},
        multiline=frozenset({("note",)}),
        dates=(("issue_date",), ("due_date",)),
        recipients=(("extra_recipients",),),
    )
    yield Act(
        "post",
        f"/invoices/{world.sent.pk}/sendings",
        {"recipients": "ap@customer.example", "mark_only": False},
        recipients=(("recipients",),),
    )
    yield Act(
        "post",
        f"/invoices/{world.sent.pk}/cancellation",
        {"reason": "Wrong", "notify": False, "hold_back": False},
        text={("reason",): 300},
        multiline=frozenset({("reason",)}),
    )
    yield Act(
        "post",
        "/payments",
        {
            "customer_id": str(world.customer.pk),
            "method": "cash",
            "amount_minor": 500,
            "currency": "CAD",
            "received_on": DAY,
            "reference": "Cheque 12",
            "tip_minor": 100,
            "allocations": [{"booking_id": str(world.completed.pk), "amount_minor": 500}],
            "external_id": "K-1",
        },
        text={("reference",): 200, ("external_id",): 120},
        minor=(("amount_minor",), ("tip_minor",), ("allocations", 0, "amount_minor")),
        dates=(("received_on",),),
        ids=(("customer_id",), ("allocations", 0, "booking_id")),
    )
    yield Act(
        "post",
        f"/payments/{world.payment.pk}/reversal",
        {"reason": "Wrong customer"},
        text={("reason",): 300},
        multiline=frozenset({("reason",)}),
    )
    for kind in ("write-off", "reduction"):
        yield Act(
            "post",
            f"/bookings/{world.completed.pk}/{kind}",
            {"amount_minor": 500, "reason": "Goodwill"},
            text={("reason",): 300},
            multiline=frozenset({("reason",)}),
            minor=(("amount_minor",),),
        )
    yield Act(
        "patch",
        "/company",
        {
            "name": "Bright Home Co.",
            "email": "office@bright.example",
            "phone": "+1 416 555 0100",
            **{f"address_{part}": text for part, text in ADDRESS.items()},
            "tax_ids": [{"scheme": "GST", "value": "81234 5678 RT0001"}],
            "terms_and_conditions": {"en": "Pay in time."},
        },
        text={
            ("name",): 200,
            ("phone",): 40,
            **{(f"address_{part}",): longest for part, longest in ADDRESS_LENGTHS.items()},
            ("tax_ids", 0, "scheme"): 20,
            ("tax_ids", 0, "value"): 40,
            ("terms_and_conditions", "en"): 20_000,
        },
        multiline=frozenset({("terms_and_conditions", "en")}),
        emails=(("email",),),
    )
