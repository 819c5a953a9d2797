"""The mail that thanks for a payment."""

from uuid import UUID

from django.utils import translation
from django.utils.translation import gettext as _

from bookbill.delivery.composing import MailCause
from bookbill.delivery.mime import MailContent
from bookbill.documents.formats import Formats, formats_of
from bookbill.invoices.emails.frame import Frame, chosen_wording
from bookbill.invoices.models import Receipt
from bookbill.invoices.placeholders import MailKind
from bookbill.invoices.receipts import Place, ReceiptDocument, from_json
from bookbill.invoices.wording import Wording
from bookbill.ledger.words import method_word


def compose_receipt_mail(cause: MailCause) -> MailContent:
    """Written from what was frozen when the receipt was sent."""
    kept = Receipt.objects.get(payment=cause.cause_id, n=cause.step)
    receipt = from_json(kept.document)
    with translation.override(receipt.language):
        return receipt_mail(
            receipt,
            chosen_wording(MailKind.RECEIPT, receipt.language, cause.text_id),
            company_id=kept.company_id,
        )


def receipt_mail(receipt: ReceiptDocument, wording: Wording, *, company_id: UUID) -> MailContent:
    """In the language that is active, which is the receipt's."""
    formats = formats_of(receipt.language, receipt.currency)
    places = [(_place(place, formats), formats.money(place.amount_minor)) for place in receipt.places]
    method, received = method_word(receipt.method), formats.date(receipt.received_on)
    rows = list(places)
    if receipt.refunded_minor:
        rows.append((_("Refunded"), formats.money(receipt.refunded_minor)))
    if receipt.credit_minor:
        rows.append((_("Kept as credit for you"), formats.money(receipt.credit_minor)))
    if receipt.tip_minor:
        rows.append((_("Tip, thank you"), formats.money(receipt.tip_minor)))
    values = {
        "customer": receipt.customer,
        "company": receipt.seller.name,
        "amount": formats.money(receipt.amount_minor),
        "tip": formats.money(receipt.tip_minor),
        "method": method,
        "date": received,
        "applied_to": ", ".join(label for label, _amount in places) or _("credit"),
        "still_due": formats.money(receipt.due_minor),
    }
    facts = [received, method, receipt.reference]
    return Frame(company_id=company_id, seller=receipt.seller, formats=formats).draw(
        wording,
        values,
        template="receipt",
        context={
            "amount": values["amount"],
            "facts": " · ".join(filter(None, facts)),
            "rows": rows,
            "still_due": values["still_due"] if receipt.places else "",
        },
    )


def _place(place: Place, formats: Formats) -> str:
    if place.service_date is None:
        return _("Invoice %(number)s") % {"number": place.number}
    return _("Booking %(number)s, %(date)s") % {
        "number": place.number,
        "date": formats.date(place.service_date),
    }
