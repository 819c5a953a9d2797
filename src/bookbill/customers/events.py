"""What happened to customers that capabilities above react to."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookbill.lib.actor import Actor


@dataclass(frozen=True, slots=True)
class CustomerBillingChanged:
    """What an invoice prints or where it goes changed: names, addresses, tax ids, exemption, recipients."""

    customer_ids: tuple[UUID, ...]
    exemption_changed: bool
    by: Actor
    now: datetime
