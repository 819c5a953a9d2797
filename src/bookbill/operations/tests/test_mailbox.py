"""The mailbox of a sandbox company."""

from collections.abc import Callable

import pytest
from django.test import Client

from bookbill.companies.models import Company, Member
from bookbill.companies.rules import Role
from bookbill.delivery.mime import Attachment, MailContent, addressed, build
from bookbill.delivery.models import MailboxItem, Message
from bookbill.delivery.rules import State
from bookbill.lib.tenancy import scope
from tests.support.cast import NOW, add_member, make_company

HTML = "<html><head><title>x</title></head><body><script>alert(1)</script><p style='color:red'>Hello</p></body></html>"


@pytest.fixture
def sandbox(company: Company) -> Company:
    company.is_sandbox = True
    company.save()
    return company


@pytest.fixture
def kept(sandbox: Company, undelivered: Callable[..., Message]) -> MailboxItem:
    """A mail with a picture of everything: hostile HTML, text, a PDF and another file."""
    message = undelivered(State.UNKNOWN)
    content = MailContent(
        subject="Invoice <b>INV-1</b>",
        text="Hello <i>there</i>",
        html=HTML,
        from_name="Bright Home",
        attachments=[
            Attachment("INV-1.pdf", "application/pdf", b"%PDF-1.7 bytes"),
            Attachment("evil.html", "text/html", b"<script>alert(1)</script>"),
        ],
    )
    built = build(content, mail_from="invoices@bookbill.example")
    raw = addressed(built, recipient=message.recipient, message_id=message.message_id, at=NOW)
    return MailboxItem.objects.create(
        company=sandbox,
        message=message,
        recipient=message.recipient,
        subject=built.subject,
        raw=raw,
        received_at=NOW,
    )


def test_a_kept_mail_is_listed_and_shown_as_text(desk: Client, kept: MailboxItem) -> None:
    page = desk.get("/mailbox").content.decode()
    assert "Invoice &lt;b&gt;INV-1&lt;/b&gt;" in page
    assert f"/mailbox/{kept.pk}" in page
    text = desk.get(f"/mailbox/{kept.pk}?part=text").content.decode()
    assert "Hello &lt;i&gt;there&lt;/i&gt;" in text
    headers = desk.get(f"/mailbox/{kept.pk}?part=headers").content.decode()
    assert "Message-ID" in headers
    assert "ap@maple.example" in headers


def test_the_html_of_a_mail_may_only_look(desk: Client, kept: MailboxItem) -> None:
    page = desk.get(f"/mailbox/{kept.pk}")
    assert f'src="/mailbox/{kept.pk}/html" sandbox="allow-popups' in page.content.decode()
    assert "allow-scripts" not in page.content.decode()
    assert "allow-same-origin" not in page.content.decode()
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    assert "alert(1)" not in page.content.decode()

    frame = desk.get(f"/mailbox/{kept.pk}/html")
    policy = dict(
        part.strip().partition(" ")[::2] for part in frame.headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == "'unsafe-inline'"
    assert policy["img-src"] == "data:"
    assert policy["frame-ancestors"] == "'self'"
    assert policy["sandbox"] == "allow-popups allow-popups-to-escape-sandbox"
    assert "script-src" not in policy
    assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert '<head><base target="_blank">' in frame.content.decode()


def test_a_pdf_opens_and_anything_else_is_only_saved(desk: Client, kept: MailboxItem) -> None:
    pdf = desk.get(f"/mailbox/{kept.pk}/attachments/0")
    assert (pdf.content, pdf["Content-Type"]) == (b"%PDF-1.7 bytes", "application/pdf")
    assert pdf["Content-Disposition"] == 'inline; filename="INV-1.pdf"'
    other = desk.get(f"/mailbox/{kept.pk}/attachments/1")
    assert other["Content-Type"] == "application/octet-stream"
    assert other["Content-Disposition"] == 'attachment; filename="evil.html"'
    assert desk.get(f"/mailbox/{kept.pk}/attachments/2").status_code == 404


def test_only_a_sandbox_has_a_mailbox(desk: Client, kept: MailboxItem, company: Company) -> None:
    Company.objects.filter(pk=company.pk).update(is_sandbox=False)
    for path in ("", f"/{kept.pk}", f"/{kept.pk}/html", f"/{kept.pk}/attachments/0"):
        assert desk.get(f"/mailbox{path}").status_code == 404
    assert 'href="/mailbox"' not in desk.get("/").content.decode()


@pytest.mark.parametrize(
    ("role", "status"), [(Role.OFFICE, 200), (Role.ACCOUNTANT, 403), (Role.PROVIDER, 403)]
)
def test_the_mailbox_asks_for_the_right_to_operate(kept: MailboxItem, role: Role, status: int) -> None:
    company = Company.objects.get(pk=kept.company_id)
    add_member(company, "olu", role)
    client = Client()
    client.force_login(Member.objects.get(name="Olu").user)
    for path in ("", f"/{kept.pk}", f"/{kept.pk}/html", f"/{kept.pk}/attachments/0"):
        assert client.get(f"/mailbox{path}").status_code == status
    assert ('href="/mailbox"' in client.get("/").content.decode()) == (status == 200)


def test_a_stranger_finds_nothing(kept: MailboxItem) -> None:
    other, _owner = make_company("Harbour Gardens", is_sandbox=True)
    with scope(company=other):
        user = Member.objects.get(name="Ana").user
    client = Client()
    client.force_login(user)
    for path in (f"/{kept.pk}", f"/{kept.pk}/html", f"/{kept.pk}/attachments/0"):
        assert client.get(f"/mailbox{path}").status_code == 404
    assert "INV-1" not in client.get("/mailbox").content.decode()


def test_nobody_comes_in_without_signing_in(kept: MailboxItem) -> None:
    for path in ("/mailbox", f"/mailbox/{kept.pk}/html", "/operations", "/"):
        answer = Client().get(path)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/login/")
