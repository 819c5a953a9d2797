"""The company's logo."""

import datetime as dt
from uuid import UUID

from django.utils.translation import gettext as _

from bookbill.activity.actions import EntryDraft, record
from bookbill.companies.events import CompanyChanged
from bookbill.companies.models import Company
from bookbill.companies.rights import Right, require
from bookbill.documents.models import StoredFile
from bookbill.lib.actor import Actor
from bookbill.lib.errors import NotFound
from bookbill.lib.events import publish
from bookbill.lib.revisions import refuse_stale
from bookbill.lib.transactions import assert_in_transaction


def change_logo(
    stored_id: UUID | None, *, by: Actor, now: dt.datetime, expected_revision: int | None = None
) -> Company:
    """Print this stored picture (kind "logo") from now on, or none. What was sent keeps the logo it had.

    Raises NotFound, RuleBroken `stale`.
    """
    assert_in_transaction()
    require(by, Right.EDIT_SETTINGS)
    company = Company.objects.select_for_update(no_key=True).get(pk=by.company_id)
    refuse_stale(company.revision, expected_revision)
    if stored_id and not StoredFile.objects.filter(pk=stored_id, kind="logo").exists():
        raise NotFound("not_found", _("There is no such picture."))
    if company.logo_id == stored_id:
        return company
    had_one = company.logo_id is not None
    company.logo_id = stored_id
    company.revision += 1
    company.save(update_fields=["logo", "revision"])
    entry = EntryDraft(
        type="company.changed",
        subject_type="company",
        subject_id=company.pk,
        subject_label="",
        before={"logo": had_one},
        after={"logo": stored_id is not None},
    )
    record(entry, by=by, now=now)
    publish(CompanyChanged(company.pk, frozenset({"logo"}), by, now))
    return company
