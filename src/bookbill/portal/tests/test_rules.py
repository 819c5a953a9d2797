from bookbill.portal.rules import State, state_of


def test_what_is_said_first_follows_the_money() -> None:
    assert state_of(cancelled=False, payable_minor=60, due_minor=60, paid_minor=40) == State.DUE
    assert state_of(cancelled=False, payable_minor=0, due_minor=0, paid_minor=100) == State.PAID
    assert state_of(cancelled=False, payable_minor=0, due_minor=30, paid_minor=100) == State.PAID_AS_SENT
    assert state_of(cancelled=False, payable_minor=0, due_minor=0, paid_minor=0) == State.NOTHING_TO_PAY


def test_a_cancelled_invoice_is_cancelled_whatever_was_paid() -> None:
    for paid in (0, 100):
        assert state_of(cancelled=True, payable_minor=0, due_minor=0, paid_minor=paid) == State.CANCELLED
