"""What became of a chosen booking is written once; the booking itself may be deleted later."""

from bookbill.lib.triggers import frozen

TRIGGERS = [
    frozen(
        "bookings_repricedbooking",
        but_once=("outcome", "reason", "before_minor", "after_minor"),
        but=("booking_id",),
    )
]
