"""Keys and link tokens. Keys identify and authorise nothing; tokens authorise one link."""

import secrets
import time
import uuid


def new_id() -> uuid.UUID:
    """A UUIDv7 (RFC 9562): sorts by the millisecond it was made in, so inserts land at the index's end."""
    milliseconds = time.time_ns() // 1_000_000
    random_bits = secrets.randbits(74)
    value = (
        milliseconds << 80
        | 0x7 << 76
        | (random_bits >> 62) << 64
        | 0b10 << 62
        | random_bits & ((1 << 62) - 1)
    )
    return uuid.UUID(int=value)


def new_link_token() -> str:
    """160 random bits, URL-safe: what a customer's link carries."""
    return secrets.token_urlsafe(20)
