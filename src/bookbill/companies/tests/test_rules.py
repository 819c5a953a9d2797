import pytest

from bookbill.companies.rules import (
    PLANS,
    RIGHTS,
    Feature,
    Plan,
    Right,
    Role,
    first_plan_with,
    has_feature,
    has_right,
)

MAY_NOT = {
    Role.OFFICE: {
        Right.EDIT_SETTINGS,
        Right.MANAGE_MEMBERS,
        Right.MANAGE_API_KEYS,
        Right.REFUND,
        Right.WRITE_OFF,
    },
    Role.ACCOUNTANT: {
        Right.EDIT_CUSTOMERS,
        Right.EDIT_BOOKINGS,
        Right.COMPLETE_BOOKINGS,
        Right.EDIT_INVOICES,
        Right.SEND_INVOICES,
        Right.CANCEL_INVOICES,
        Right.REVERSE_PAYMENTS,
        Right.REFUND,
        Right.WRITE_OFF,
        Right.IMPORT,
        Right.EDIT_SETTINGS,
        Right.MANAGE_MEMBERS,
        Right.MANAGE_API_KEYS,
        Right.USE_OPERATIONS,
    },
    Role.PROVIDER: set(Right) - {Right.VIEW_BOOKINGS, Right.COMPLETE_BOOKINGS},
}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("right", list(Right))
def test_no_role_may_what_the_table_forbids(role: Role, right: Right) -> None:
    assert has_right(role, right) == (right not in MAY_NOT.get(role, set()))


@pytest.mark.parametrize("role", ["", "king", "OWNER", "customer"])
def test_an_unknown_role_may_nothing(role: str) -> None:
    assert not any(has_right(role, right) for right in Right)


def test_every_role_and_plan_has_its_row() -> None:
    assert set(RIGHTS) == set(Role)
    assert set(PLANS) == set(Plan)


@pytest.mark.parametrize(
    ("plan", "features"),
    [("free", set()), ("startup", {Feature.INVOICING}), ("grow", set(Feature)), ("", set()), ("gold", set())],
)
def test_a_plan_has_its_features_and_no_other(plan: str, features: set[Feature]) -> None:
    assert {feature for feature in Feature if has_feature(plan, feature)} == features


def test_the_smallest_plan_with_a_feature_is_named() -> None:
    assert first_plan_with(Feature.INVOICING) == Plan.STARTUP
    assert first_plan_with(Feature.BATCH) == Plan.GROW
