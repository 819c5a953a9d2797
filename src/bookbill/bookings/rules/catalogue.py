"""Which tax code is in force, as a pure function."""

from collections.abc import Mapping
from uuid import UUID


def last_successor(code_id: UUID, successors: Mapping[UUID, UUID]) -> UUID:
    """Where the chain of ``successors`` that begins at a code ends. Raises ValueError for a circle."""
    seen = {code_id}
    while code_id in successors:
        code_id = successors[code_id]
        if code_id in seen:
            raise ValueError(f"the successors of tax code {code_id} run in a circle")
        seen.add(code_id)
    return code_id
