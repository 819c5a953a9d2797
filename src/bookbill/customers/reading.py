"""Which customers a list shows."""

from bookbill.customers.models import Customer, CustomerQuerySet

SEARCH_TEXT_MAX = 200


def listed(*, archived: bool, search: str) -> CustomerQuerySet:
    """Active or archived customers; every word of ``search`` begins a word of their names or addresses."""
    rows = Customer.objects.filter(archived_at__isnull=not archived)
    return rows.matching(search) if search else rows


def clean_search(text: str) -> str:
    """What a search box may hold."""
    return text[:SEARCH_TEXT_MAX].replace("\x00", "").strip()
