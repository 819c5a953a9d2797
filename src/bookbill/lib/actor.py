"""Who acts. History names the actor; rights are asked of it in every action."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class ActorKind(StrEnum):
    MEMBER = "member"
    API_KEY = "api_key"
    CUSTOMER_LINK = "customer_link"
    PROVIDER_EVENT = "provider_event"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """An actor inside one company. ``role`` and ``plan`` decide what it may do; ``label`` is what history prints.

    ``member_id`` is the person behind a member or an API key, and of the person on whose behalf the system acts.
    """

    kind: ActorKind
    company_id: UUID
    label: str
    role: str = ""
    plan: str = ""
    member_id: UUID | None = None
    reference: str = ""

    def as_json(self) -> dict[str, str]:
        return {
            "kind": self.kind,
            "company_id": str(self.company_id),
            "label": self.label,
            "role": self.role,
            "plan": self.plan,
            "member_id": str(self.member_id or ""),
            "reference": self.reference,
        }

    @classmethod
    def from_json(cls, stored: dict[str, str]) -> "Actor":
        """The actor a promised row was made by, so that a worker acts with the same rights."""
        return cls(
            kind=ActorKind(stored["kind"]),
            company_id=UUID(stored["company_id"]),
            label=stored["label"],
            role=stored["role"],
            plan=stored["plan"],
            member_id=UUID(stored["member_id"]) if stored["member_id"] else None,
            reference=stored["reference"],
        )
