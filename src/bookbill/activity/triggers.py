"""History is only added to (D6); a person's values may be erased (D4), never changed."""

from bookbill.lib.triggers import append_only

TRIGGERS = [
    append_only("activity_entry"),
    append_only("activity_entrypersonal", erasable=True),
]
