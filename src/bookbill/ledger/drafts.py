"""A payment as the edges hand it to the actions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PaymentDraft:
    """Money received. ``placing`` says by hand where it goes; otherwise it fills ``fill``, oldest service date first.

    What fits nowhere is credit. ``send_receipt`` mails the customer a receipt in the same act.
    """

    customer_id: UUID
    method: str
    amount_minor: int
    currency: str
    received_on: date
    reference: str = ""
    tip_minor: int = 0
    placing: Mapping[UUID, int] | None = None
    fill: tuple[UUID, ...] = field(default=())
    external_id: str | None = None
    invoice_id: UUID | None = None
    """The sent invoice it came in for."""
    send_receipt: bool = False
