"""What was tried, answered and reported stays as it was; it may go with its message."""

from bookbill.lib.triggers import append_only

TRIGGERS = [
    append_only("delivery_attempt", erasable=True),
    append_only("delivery_messageevent", erasable=True),
]
