"""What a person should look at now, in one list: the most pressing first."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookbill.companies.models import Company
from bookbill.companies.rights import Right, may
from bookbill.invoices.figures import Figures, to_invoice_url
from bookbill.invoices.models import Invoice
from bookbill.invoices.rules import Mark
from bookbill.lib.actor import Actor
from bookbill.operations.queues import Queues, read_queues
from bookbill.web.formatting import money


@dataclass(frozen=True, slots=True)
class Matter:
    """One line: a sentence, what stands below it, and where it is put right."""

    text: str
    url: str
    icon: str
    tone: str
    detail: str = ""


def read_matters(company: Company, by: Actor, figures: Figures, *, clock: datetime) -> list[Matter]:
    """What asks for attention, as far as this person may act on it. Six queries. ``clock`` is the bare clock."""
    found: list[Matter] = []
    if may(by, Right.USE_OPERATIONS):
        found += queue_matters(read_queues(company.pk, clock=clock))
    if may(by, Right.VIEW_INVOICES):
        found += invoice_matters(company, by, figures)
    return found


def queue_matters(queues: Queues) -> list[Matter]:
    url = reverse("operations:work")
    found = []
    waiting = queues.mails.waiting
    emails = ngettext(
        "%(count)d email is waiting to be sent", "%(count)d emails are waiting to be sent", waiting
    )
    if waiting and queues.held_because:
        text = emails % {"count": waiting}
        found.append(Matter(text, url, "mail-warning", "error", _("All emails are held back.")))
    elif queues.mails_are_stuck:
        detail = queues.trouble or _("Nothing has left for some minutes: is the worker running?")
        found.append(Matter(emails % {"count": waiting}, url, "mail-warning", "error", detail))
    if queues.jobs_are_stuck:
        count = queues.jobs.depth
        text = ngettext("%(count)d task is not moving", "%(count)d tasks are not moving", count)
        detail = _("Background work stands still: is the worker running?")
        found.append(Matter(text % {"count": count}, url, "hourglass", "error", detail))
    if count := queues.mails.in_trouble:
        text = ngettext("%(count)d email was not delivered", "%(count)d emails were not delivered", count)
        detail = _("See why, then send again or correct the address.")
        found.append(Matter(text % {"count": count}, url, "mail-x", "error", detail))
    if count := queues.jobs.set_aside:
        text = ngettext("%(count)d task failed", "%(count)d tasks failed", count)
        found.append(
            Matter(
                text % {"count": count}, url, "archive", "warning", _("Tried several times without success.")
            )
        )
    return found


def invoice_matters(company: Company, by: Actor, figures: Figures) -> list[Matter]:
    invoices = reverse("invoices:list")
    found = []
    if count := figures.overdue_count:
        text = ngettext("%(count)d invoice is overdue", "%(count)d invoices are overdue", count)
        detail = ngettext(
            "%(sum)s, the oldest by %(days)d day",
            "%(sum)s, the oldest by %(days)d days",
            figures.oldest_overdue_days,
        )
        words = {"sum": money(figures.overdue_minor, company.currency), "days": figures.oldest_overdue_days}
        found.append(
            Matter(text % {"count": count}, f"{invoices}?tab=overdue", "clock", "error", detail % words)
        )
    if count := Invoice.objects.exclude(sending_refused="").count():
        text = ngettext(
            "%(count)d invoice could not be sent when its time came",
            "%(count)d invoices could not be sent when their time came",
            count,
        )
        detail = _("The page of the invoice says why.")
        url = f"{invoices}?mark={Mark.SENDING_REFUSED}"
        found.append(Matter(text % {"count": count}, url, "circle-alert", "error", detail))
    if count := Invoice.objects.sent_and_live().exclude(live_claim=F("sent_claim")).count():
        text = ngettext(
            "%(count)d invoice changed since it was sent",
            "%(count)d invoices changed since they were sent",
            count,
        )
        detail = _("The customer does not see the change until you send the updated invoice.")
        found.append(
            Matter(text % {"count": count}, f"{invoices}?tab=needs_attention", "file-diff", "warning", detail)
        )
    if count := figures.to_invoice_count:
        text = ngettext(
            "%(count)d booking is ready to invoice", "%(count)d bookings are ready to invoice", count
        )
        detail = money(figures.to_invoice_minor, company.currency)
        if figures.to_invoice_due_minor != figures.to_invoice_minor:
            due = _("%(due)s due") % {"due": money(figures.to_invoice_due_minor, company.currency)}
            detail = f"{detail}, {due}"
        found.append(Matter(text % {"count": count}, to_invoice_url(by), "receipt-text", "info", detail))
    if count := figures.drafts_count:
        text = ngettext("%(count)d draft is not sent yet", "%(count)d drafts are not sent yet", count)
        detail = money(figures.drafts_minor, company.currency)
        found.append(Matter(text % {"count": count}, f"{invoices}?tab=draft", "file-pen", "neutral", detail))
    return found
