"""Keys and link tokens. Keys identify and authorise nothing; tokens authorise one link."""

import secrets
import threading
import time
import uuid

COUNTER_BITS, TAIL_BITS = 42, 32

_lock = threading.Lock()
_last = (0, 0)  # millisecond and counter of the newest key


def new_id() -> uuid.UUID:
    """A UUIDv7 (RFC 9562, method 1): later ones of a process sort later, also within a millisecond.

    So inserts land at the index's end, and what one act writes after another reads in that order.
    """
    global _last  # noqa: PLW0603 - one sequence in a process is the point
    with _lock:
        milliseconds = time.time_ns() // 1_000_000
        known, counter = _last
        # A fresh counter has its top bit clear: room for 2^41 more in the same millisecond.
        counter = counter + 1 if known == milliseconds else secrets.randbits(COUNTER_BITS - 1)
        _last = (milliseconds, counter)
    low = (counter & ((1 << 30) - 1)) << TAIL_BITS | secrets.randbits(TAIL_BITS)
    return uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | (counter >> 30) << 64 | 0b10 << 62 | low)


def new_link_token() -> str:
    """160 random bits, URL-safe: what a customer's link carries."""
    return secrets.token_urlsafe(20)
