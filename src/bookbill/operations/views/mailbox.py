"""The mailbox of a sandbox company: every mail that would have left, shown and never sent."""

from uuid import UUID

from csp.constants import SELF
from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header

from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right
from bookbill.delivery.models import MailboxItem
from bookbill.invoices.words import message_kind_word
from bookbill.operations.mails import read_mail
from bookbill.web.api.cursors import PageQuery, keyset
from bookbill.web.api.routes import not_found
from bookbill.web.htmx import render_page
from bookbill.web.mails import framed, mail_frame

PARTS = ("html", "text", "headers")
ATTACHMENT_TYPES = ("application/pdf",)


def has_mailbox(request: HttpRequest) -> bool:
    """Whether the mails of this company are kept here instead of sent."""
    company = getattr(request, "company", None)
    return company is not None and (company.is_sandbox or settings.DEMO)


@staff_view(Right.USE_OPERATIONS, methods=("GET", "HEAD"))
def list_page(request: CompanyRequest) -> HttpResponse:
    """All mails, the newest first."""
    require_mailbox(request)
    found, next_cursor = keyset(
        MailboxItem.objects.select_related("message").defer("raw"),
        PageQuery(cursor=request.GET.get("cursor") or None),
        by=("received_at", "id"),
    )
    rows = [(item, message_kind_word(item.message.kind)) for item in found]
    return render_page(request, "operations/mailbox.html", {"rows": rows, "next_cursor": next_cursor})


@csp_update({"frame-src": [SELF]})
@staff_view(Right.USE_OPERATIONS, methods=("GET", "HEAD"))
def mail_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """One mail: as it looks, its plain text, or its headers."""
    item = find(request, pk)
    mail = read_mail(bytes(item.raw))
    part = request.GET.get("part", PARTS[0])
    shown = part if part in PARTS else PARTS[0]
    context = {
        "item": item,
        "mail": mail,
        "sender": mail.header("From"),
        **{f"is_{name}": name == shown for name in PARTS},
    }
    return render_page(request, "operations/mail.html", context)


@mail_frame
@staff_view(Right.USE_OPERATIONS, methods=("GET", "HEAD"))
def mail_html(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """The mail's HTML alone, for the frame of its page."""
    mail = read_mail(bytes(find(request, pk).raw))
    return framed(mail.html, mail.pictures)


@staff_view(Right.USE_OPERATIONS, methods=("GET", "HEAD"))
def attachment(request: CompanyRequest, pk: UUID, n: int) -> HttpResponse:
    """One attachment's bytes; a PDF opens in the browser."""
    attachments = read_mail(bytes(find(request, pk).raw)).attachments
    if n >= len(attachments):
        raise not_found()
    part = attachments[n]
    is_shown = part.content_type in ATTACHMENT_TYPES
    disposition = content_disposition_header(as_attachment=not is_shown, filename=part.filename)
    return HttpResponse(
        part.content,
        content_type=part.content_type if is_shown else "application/octet-stream",
        headers={"Content-Disposition": disposition or "attachment"},
    )


def find(request: CompanyRequest, pk: UUID) -> MailboxItem:
    require_mailbox(request)
    item = MailboxItem.objects.select_related("message").filter(pk=pk).first()
    if item is None:
        raise not_found()
    return item


def require_mailbox(request: CompanyRequest) -> None:
    if not has_mailbox(request):
        raise not_found()
