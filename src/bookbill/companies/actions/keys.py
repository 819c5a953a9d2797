"""Giving programs a key and taking it away."""

import datetime as dt
from uuid import UUID

from django.utils.translation import gettext as _

from bookbill.activity.actions import EntryDraft, record
from bookbill.companies.keys import PREFIX_LENGTH, hash_of, new_secret
from bookbill.companies.models import ApiKey, Member
from bookbill.companies.rights import Right, require
from bookbill.lib.actor import Actor
from bookbill.lib.errors import BadInput, NotFound
from bookbill.lib.parsing import clean_text
from bookbill.lib.transactions import assert_in_transaction


def create_api_key(member_id: UUID, *, name: str, by: Actor, now: dt.datetime) -> tuple[ApiKey, str]:
    """A key that acts with that member's rights, and its secret, which is readable only now."""
    assert_in_transaction()
    require(by, Right.MANAGE_API_KEYS)
    member = Member.objects.active().filter(pk=member_id).first()
    if member is None:
        raise NotFound("not_found", _("There is no such member."))
    shown = clean_text(name, field="name", max_length=100)
    if not shown:
        raise BadInput("required", _("Name the program that will use the key."), field="name")
    secret = new_secret()
    key = ApiKey.objects.create(
        company_id=by.company_id,
        member=member,
        name=shown,
        prefix=secret[:PREFIX_LENGTH],
        key_hash=hash_of(secret),
    )
    record(_entry("api_key.created", key, {"name": shown, "role": member.role}), by=by, now=now)
    return key, secret


def revoke_api_key(key_id: UUID, *, by: Actor, now: dt.datetime) -> ApiKey:
    """From now on the key opens nothing. Revoking it again changes nothing."""
    assert_in_transaction()
    require(by, Right.MANAGE_API_KEYS)
    key = ApiKey.objects.select_for_update().filter(pk=key_id).first()
    if key is None:
        raise NotFound("not_found", _("There is no such key."))
    if key.revoked_at is None:
        key.revoked_at = now
        key.save(update_fields=["revoked_at"])
        record(_entry("api_key.revoked", key, {}), by=by, now=now)
    return key


def _entry(kind: str, key: ApiKey, after: dict[str, object]) -> EntryDraft:
    return EntryDraft(
        type=kind, subject_type="api_key", subject_id=key.pk, subject_label=key.prefix, after=after
    )
