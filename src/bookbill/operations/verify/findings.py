"""What a check says, and collecting it without keeping rows in memory."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bookbill.companies.models import Company

FIRST_IDS = 5


@dataclass(slots=True)
class Finding:
    """One invariant: how many rows were looked at, how many are wrong, and the first of those."""

    name: str
    checked: int = 0
    bad: int = 0
    first_ids: list[str] = field(default_factory=list)

    def look(self, row_id: object, *, right: bool) -> None:
        self.checked += 1
        if not right:
            self.bad += 1
            if len(self.first_ids) < FIRST_IDS:
                self.first_ids.append(str(row_id))

    def look_at(self, rows: Iterable[tuple[object, bool]]) -> None:
        for row_id, right in rows:
            self.look(row_id, right=right)


@dataclass(frozen=True, slots=True)
class Check:
    """A line of `verify`. ``run`` adds what it sees in one company to the finding; its scope is open."""

    name: str
    run: Callable[[Finding, Company], None]
