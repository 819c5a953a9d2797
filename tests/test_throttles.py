"""What costs work or mails is done so often and no more: the pages' limits. Those of sendings are with invoices."""

import datetime as dt
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from bookbill.companies.limits import limit
from bookbill.companies.models import Company
from bookbill.companies.rules import Role
from bookbill.lib.actor import Actor
from tests.support.cast import add_member

MAIL = "/settings/emails/invoice/en"
WORDS = {"subject": "Invoice", "body": "Hello"}


@pytest.mark.parametrize(
    ("what", "most", "seconds", "path", "sent"),
    [
        ("logo:{ana}", 20, 60, "/settings/look/logo", {"logo": SimpleUploadedFile("logo.png", b"x")}),
        ("sample:{ana}", 60, 60, "/settings/look/sample.pdf", None),
        ("mail-preview:{ana}", 240, 60, f"{MAIL}/preview", WORDS),
        ("mail-test:{ana}", 10, 600, MAIL, {**WORDS, "act": "test"}),
        ("invite:{pat}", 5, 600, "/settings/members/{pat}/invitation", {}),
    ],
    ids=["logo", "sample", "preview", "test", "invitation"],
)
def test_once_more_than_allowed_is_refused_in_a_sentence(
    desk: Client,
    company: Company,
    ana: Actor,
    time_machine: Any,
    what: str,
    most: int,
    seconds: int,
    path: str,
    sent: dict[str, Any] | None,
) -> None:
    time_machine.move_to(dt.datetime.now(dt.UTC), tick=False)
    who = {"ana": ana.member_id, "pat": add_member(company, "pat", Role.OFFICE).member_id}
    for _ in range(most):
        limit(what.format(**who), most=most, seconds=seconds)

    refused = desk.get(path) if sent is None else desk.post(path.format(**who), sent)

    assert refused.status_code in (422, 429)
    assert "Too many attempts. Please wait a moment and try again." in refused.content.decode()
