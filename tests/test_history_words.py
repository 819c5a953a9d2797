"""Every entry that an action writes reads as a sentence, on each page that shows it."""

import re
from pathlib import Path

import pytest

import bookbill
from bookbill.activity.models import Entry, EntryPersonal
from bookbill.bookings import words as booking_words
from bookbill.invoices.views.history import event_of, event_of_payment
from bookbill.ledger import words as payment_words
from bookbill.ledger.models import Payment
from tests.support.cast import NOW

SOURCE = Path(bookbill.__file__).parent
WRITERS = ("actions", "tasks.py", "actions.py", "reports.py")
GONE = {"booking.deleted", "invoice.deleted"}  # with their pages


def written_types() -> set[str]:
    """As the source spells them; what becomes of a mail is written about an invoice or a payment."""
    sources = [
        path.read_text()
        for path in SOURCE.rglob("*.py")
        if "tests" not in path.parts and set(WRITERS) & set(path.parts)
    ]
    spelled = {kind for text in sources for kind in re.findall(r'"((?:invoice|booking|payment)\.\w+)"', text)}
    of_mails = {kind for text in sources for kind in re.findall(r'"(message_[a-z_]+)"', text)}
    happened = of_mails - {"message_id", "message_not_failed", "message_may_have_arrived"}
    assert len(spelled) > 20, "the source is not where it was"
    assert len(happened) == 4, happened
    return spelled | {f"{about}.{word}" for about in ("invoice", "payment") for word in happened}


@pytest.mark.parametrize("kind", sorted(written_types() - GONE))
def test_every_entry_reads_as_a_sentence_where_it_is_shown(kind: str) -> None:
    facts = {"total_minor": 100, "at": NOW.isoformat()}
    about = kind.partition(".")[0]
    entry = Entry(type=kind, subject_type=about, actor_label="Ana", at=NOW, before=facts, after=facts)
    EntryPersonal(entry=entry)
    read = []
    if about == "booking":
        read = [booking_words.said(entry, "CAD")[0], event_of(entry, "CAD").sentence]
    elif about == "payment":
        payment = Payment(amount_minor=100, currency="CAD", method="cash")
        read = [payment_words.said(entry)[0], event_of_payment(entry, payment, 0).sentence]
    else:
        read = [event_of(entry, "CAD").sentence]
    assert not [sentence for sentence in read if kind in sentence]
