"""What delivery tells the capabilities above it."""

from dataclasses import dataclass
from uuid import UUID

from bookbill.delivery.rules import State


@dataclass(frozen=True, slots=True)
class MessageSettled:
    """A message was accepted, failed, bounced or is unknown; published in the transaction that says so."""

    company_id: UUID
    message_id: UUID
    cause_kind: str
    cause_id: UUID
    subject_id: UUID | None
    kind: str
    recipient: str
    state: State
