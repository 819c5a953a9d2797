"""What an invoice claims of whom: a change here is what *changed since sent* means."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace

from bookbill.documents.document import BookingBlock, Document

COVER = frozenset({"paid_minor", "reduced_minor", "written_off_minor", "due_minor"})
NOT_CLAIMED = COVER | {"start_time", "service_address"}
"""What covers a booking, and where and at what hour the work was done: none of it changes what is owed, for what, by whom.

So the hour and the place stay editable on a locked invoice, and do not make a sent one *changed*; the next send prints the place.
"""


def claim_of(document: Document) -> str:
    """A hash over the bookings' lines, dates and amounts and the billing block; see NOT_CLAIMED for what is left out."""
    claim = {
        "billing": asdict(document.billing),
        "bookings": [_claimed(block) for block in document.bookings],
    }
    return hashlib.sha256(json.dumps(claim, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _claimed(block: BookingBlock, besides: frozenset[str] = NOT_CLAIMED) -> dict[str, object]:
    return {name: value for name, value in asdict(block).items() if name not in besides}


def _as_printed(block: BookingBlock, besides: frozenset[str]) -> dict[str, object]:
    """A tax code is only where it stands: what it is called is not printed, which lines carry it is."""
    places = {key: str(place) for place, key in enumerate(dict.fromkeys(tax.key for tax in block.taxes))}
    placed = replace(
        block,
        lines=tuple(replace(line, tax_key=places.get(line.tax_key, "")) for line in block.lines),
        taxes=tuple(replace(tax, key=places[tax.key]) for tax in block.taxes),
    )
    return _claimed(placed, besides)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is no longer as it was sent. Totals are minor units; None where the booking was not there."""

    what: str
    """`billing`, `total`, `lines`, `added` or `removed`."""
    booking_number: str = ""
    before_minor: int | None = None
    after_minor: int | None = None


def differences(sent: Document, live: Document, *, besides: frozenset[str] = NOT_CLAIMED) -> list[Difference]:
    """What changed since a version was sent, booking by booking; ``besides`` names fields that do not count."""
    old = {block.id: block for block in sent.bookings}
    new = {block.id: block for block in live.bookings}
    found = [Difference("billing")] if sent.billing != live.billing else []
    for key, block in old.items():
        if key not in new:
            found.append(Difference("removed", block.number, before_minor=block.total_minor))
        elif block.total_minor != new[key].total_minor:
            found.append(Difference("total", block.number, block.total_minor, new[key].total_minor))
        elif block != new[key] and _as_printed(block, besides) != _as_printed(new[key], besides):
            found.append(Difference("lines", block.number, block.total_minor, block.total_minor))
    found += [
        Difference("added", block.number, after_minor=block.total_minor)
        for key, block in new.items()
        if key not in old
    ]
    return found
