"""What delivery tells the capabilities above it."""

from dataclasses import dataclass
from uuid import UUID

from bookbill.delivery.models import Message
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

    @classmethod
    def of(cls, message: Message) -> "MessageSettled":
        return cls(
            company_id=message.company_id,
            message_id=message.id,
            cause_kind=message.cause_kind,
            cause_id=message.cause_id,
            subject_id=message.subject_id,
            kind=message.kind,
            recipient=message.recipient,
            state=State(message.state),
        )
