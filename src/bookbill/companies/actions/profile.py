"""What members may change about themselves."""

import datetime as dt

from django.utils.translation import gettext as _

from bookbill.activity.actions import EntryDraft, record
from bookbill.companies.models import Member, User
from bookbill.companies.settings_fields import read_language
from bookbill.lib.actor import Actor
from bookbill.lib.errors import BadInput
from bookbill.lib.parsing import clean_text
from bookbill.lib.transactions import assert_in_transaction


def change_profile(*, name: str, language: str, by: Actor, now: dt.datetime) -> Member:
    """The own name, as colleagues see it in this company, and the language of pages ("": the company's)."""
    assert_in_transaction()
    shown = clean_text(name, field="name", max_length=200)
    if not shown:
        raise BadInput("required", _("Enter your name."), field="name")
    spoken = read_language(language, "language") if language else ""
    assert by.member_id
    member = Member.objects.select_for_update(no_key=True).get(pk=by.member_id)
    User.objects.filter(pk=member.user_id).update(name=shown, language=spoken)
    if member.name != shown:
        entry = EntryDraft(
            type="member.changed",
            subject_type="member",
            subject_id=member.pk,
            subject_label="",
            personal_before={"name": member.name},
            personal_after={"name": shown},
        )
        member.name = shown
        member.save(update_fields=["name"])
        record(entry, by=by, now=now)
    return member
