"""Two documents side by side, row by row, with what differs said."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from bookbill.documents.document import Billing, BookingBlock, Document
from bookbill.documents.formats import formats_of
from bookbill.documents.printed import tax_name
from bookbill.invoices.claims import COVER, differences
from bookbill.web.formatting import postal_lines, tongue


@dataclass(frozen=True, slots=True)
class BookingPair:
    """A booking on both sides; None where it is not on one. ``what`` is of `claims.Difference`, or empty."""

    number: str
    before: BookingBlock | None
    after: BookingBlock | None
    what: str


@dataclass(frozen=True, slots=True)
class TextPair:
    """Something said on both sides. ``key`` is `billing`, `dates`, `note` or `terms`."""

    key: str
    before: tuple[str, ...]
    after: tuple[str, ...]

    def differs(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Comparison:
    bookings: tuple[BookingPair, ...]
    texts: tuple[TextPair, ...]
    before: Document
    after: Document


def compare(before: Document, after: Document) -> Comparison:
    """What a person compares: each booking, whom it bills, dates and texts."""
    what = {change.booking_number: change.what for change in differences(before, after, besides=COVER)}
    old = {block.id: block for block in before.bookings}
    new = {block.id: block for block in after.bookings}
    pairs = [
        BookingPair((old.get(key) or new[key]).number, old.get(key), new.get(key), "")
        for key in dict.fromkeys([*old, *new])
    ]
    return Comparison(
        bookings=tuple(
            BookingPair(pair.number, pair.before, pair.after, what.get(pair.number, "")) for pair in pairs
        ),
        texts=tuple(_texts(before, after)),
        before=before,
        after=after,
    )


def other_taxes(before: Document, after: Document) -> list[str]:
    """How the taxes of the second differ from those of the first, a sentence each."""
    old, new = _taxes_beside(before, after), _taxes_beside(after, before)
    said = []
    if old and new:
        said.append(_("%(new)s in place of %(old)s.") % {"new": new, "old": old})
    elif new:
        said.append(_("%(new)s where there was none.") % {"new": new})
    elif old:
        said.append(_("%(old)s no longer applies.") % {"old": old})
    if after.exemption_reason and not before.exemption_reason:
        said.append(_("The customer is tax exempt: %(reason)s") % {"reason": after.exemption_reason})
    if before.exemption_reason and not after.exemption_reason:
        said.append(_("The customer is no longer tax exempt."))
    return said


def _taxes_beside(document: Document, other: Document) -> str:
    """The taxes of one that the other is without, by name."""
    formats = formats_of(tongue(None), document.currency)
    there = {tax.signature for tax in other.totals.taxes}
    contained = _("included in the prices")
    return ", ".join(
        f"{tax_name(tax, formats)} ({contained})" if tax.inclusive else tax_name(tax, formats)
        for tax in document.totals.taxes
        if tax.signature not in there
    )


def _texts(before: Document, after: Document) -> Iterator[TextPair]:
    said: dict[str, Callable[[Document], list[str]]] = {
        "billing": lambda document: _billing(document.billing),
        "dates": lambda document: [day for day in (document.issue_date, document.due_date) if day],
        "note": lambda document: document.note.splitlines(),
        "terms": lambda document: document.terms_and_conditions.splitlines(),
    }
    for key, lines in said.items():
        pair = TextPair(key, tuple(lines(before)), tuple(lines(after)))
        if pair.before or pair.after:
            yield pair


def _billing(billing: Billing) -> list[str]:
    address = {
        name: getattr(billing.address, name)
        for name in ("line1", "line2", "city", "region", "postal_code", "country")
    }
    lines = [
        billing.company_name,
        billing.name,
        *postal_lines(address),
        billing.email,
        billing.phone,
        *(f"{tax_id.scheme} {tax_id.value}" for tax_id in billing.tax_ids),
        billing.purchase_order,
    ]
    return [line for line in lines if line]
