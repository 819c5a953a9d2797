"""What happened to companies that capabilities above react to."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookbill.lib.actor import Actor


@dataclass(frozen=True, slots=True)
class CompanyChanged:
    """Settings of a company were changed; ``fields`` are names of its columns."""

    company_id: UUID
    fields: frozenset[str]
    by: Actor
    now: datetime
