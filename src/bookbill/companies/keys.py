"""The secrets of API keys: how one looks, and whose it is."""

import datetime as dt
import hashlib
import re
import secrets

from django.db import OperationalError
from django.db.models import Q

from bookbill.companies.models import ApiKey
from bookbill.lib.tenancy import scopes_disabled

SECRET = re.compile(r"bb_[A-Za-z0-9_-]{43}", re.ASCII)
PREFIX_LENGTH = 10
NOTED_EVERY = dt.timedelta(days=1)


def new_secret() -> str:
    """256 random bits, so a plain hash is enough to keep."""
    return f"bb_{secrets.token_urlsafe(32)}"


def hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode("ascii")).hexdigest()


def key_of(secret: str) -> ApiKey | None:
    """The live key with this secret, its company, member and user read along. Whose it is, only the secret says."""
    if not SECRET.fullmatch(secret):
        return None
    with scopes_disabled():
        keys = ApiKey.objects.live().select_related("company", "member__user")
        key: ApiKey | None = keys.filter(
            key_hash=hash_of(secret), member__is_active=True, member__user__is_active=True
        ).first()
    return key


def note_use(key: ApiKey, at: dt.datetime) -> None:
    """Remember about when a key was last used: once a day, and not at all while the database is busy."""
    if key.last_used_at and at - key.last_used_at < NOTED_EVERY:
        return
    with scopes_disabled():
        stale = Q(last_used_at=None) | Q(last_used_at__lt=at)
        try:
            ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=at)
        except OperationalError:
            return
