"""How acts on invoices read in the history."""

from typing import Any

from bookbill.activity.actions import EntryDraft
from bookbill.invoices.models import Invoice


def entry(
    kind: str,
    invoice: Invoice,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    *,
    personal_after: dict[str, Any] | None = None,
) -> EntryDraft:
    """An entry about an invoice; recipients and other personal values go into ``personal_after``."""
    return EntryDraft(
        type=kind,
        subject_type="invoice",
        subject_id=invoice.pk,
        subject_label=invoice.number,
        before=before or {},
        after=after or {},
        personal_after=personal_after or {},
    )
