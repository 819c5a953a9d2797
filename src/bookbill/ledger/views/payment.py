"""One payment: where its money lies, and what happened to it."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from bookbill.activity.models import Entry
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right, may
from bookbill.delivery.models import Message
from bookbill.delivery.words import message_word, why_not_delivered
from bookbill.ledger.models import Payment, Refund
from bookbill.ledger.shown import shown
from bookbill.ledger.words import detail, said
from bookbill.web.htmx import render_page

HISTORY_MAX, MAILS_MAX = 100, 100


@staff_view(Right.VIEW_MONEY, methods=("GET", "HEAD"))
def detail_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    payment = get_object_or_404(Payment, pk=pk)
    entries = (
        Entry.objects.of_subject("payment", pk)[:HISTORY_MAX]
        if may(request.actor, Right.VIEW_HISTORY)
        else []
    )
    return render_page(
        request,
        "ledger/detail.html",
        {
            "payment": payment,
            "shown": shown([payment])[0],
            "refunds": Refund.objects.filter(payment=payment).order_by("created_at"),
            "mails": [
                (
                    mail,
                    message_word(mail.state, mail.server_answer),
                    why_not_delivered(mail.state, mail.server_answer),
                )
                for mail in Message.objects.about([pk]).order_by("-created_at", "recipient")[:MAILS_MAX]
            ],
            "entries": [(entry, *said(entry), detail(entry)) for entry in entries],
        },
    )
