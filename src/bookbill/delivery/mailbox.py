"""What a sandbox company has instead of a mail server: its mails are kept and shown, and can reach nobody."""

from collections.abc import Sequence

from django.conf import settings
from django.utils.translation import gettext_noop

from bookbill.delivery.claims import Settlement, lived_at, write
from bookbill.delivery.commits import commit
from bookbill.delivery.mime import Built, addressed
from bookbill.delivery.models import MailboxItem, Message
from bookbill.delivery.rules import Outcome, State
from bookbill.work.clock import process_clock

KEPT = gettext_noop("Kept in the mailbox")
"""In place of the words of a server; pages say it in their language."""


def is_kept(message: Message) -> bool:
    """Whether this message may only ever reach the mailbox."""
    return bool(settings.DEMO or message.company.is_sandbox)


def keep(mails: Sequence[tuple[Message, Built]]) -> None:
    """Put mails into the mailbox and call them accepted, in one transaction: here nothing can be unknown."""

    def act() -> None:
        now = process_clock()
        held = Message.objects.filter(id__in=[message.id for message, _ in mails]).values_list(
            "id", "lease_holder"
        )
        holders = dict(held.select_for_update(no_key=True))
        mine = [
            (message, built) for message, built in mails if holders.get(message.id) == message.lease_holder
        ]
        outcome = Outcome(State.ACCEPTED, KEPT)
        write([Settlement(message, outcome, now) for message, _ in mine])
        MailboxItem.objects.bulk_create(
            [
                MailboxItem(
                    company_id=message.company_id,
                    message_id=message.id,
                    recipient=message.recipient,
                    subject=built.subject,
                    raw=addressed(
                        built,
                        recipient=message.recipient,
                        message_id=message.message_id,
                        at=lived_at(message, now),
                    ),
                    received_at=lived_at(message, now),
                )
                for message, built in mine
            ]
        )

    commit(act)
