"""What was tried and answered stays as it was; it may go with its message."""

from bookbill.lib.triggers import append_only

TRIGGERS = [append_only("delivery_attempt", erasable=True)]
