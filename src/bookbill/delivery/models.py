"""Messages we owe, one per recipient, what became of each, and the mailbox that sandboxes get instead of a server."""

import datetime as dt
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Count, Min, Q
from django.utils.translation import gettext_lazy as _

from bookbill.delivery.events import MessageSettled
from bookbill.delivery.rules import IN_TROUBLE, SETTLED, WAITING, EventKind, State
from bookbill.lib.ids import new_id
from bookbill.lib.tenancy import tenant_manager

STATE_LABELS = [
    (State.QUEUED.value, _("Queued")),
    (State.SENDING.value, _("Sending")),
    (State.ACCEPTED.value, _("Delivered to the mail server")),
    (State.DEFERRED.value, _("Refused for now, trying again")),
    (State.FAILED.value, _("Not delivered")),
    (State.BOUNCED.value, _("Bounced")),
    (State.UNKNOWN.value, _("Unknown: it may have arrived")),
]
EVENT_LABELS = [
    (EventKind.DELIVERED.value, _("Delivered")),
    (EventKind.OPENED.value, _("Opened")),
    (EventKind.DEFERRED.value, _("Delayed")),
    (EventKind.BOUNCED.value, _("Bounced")),
    (EventKind.REJECTED.value, _("Refused by the email service")),
    (EventKind.COMPLAINED.value, _("Marked as spam")),
]


class MessageQuerySet(models.QuerySet["Message"]):
    def due(self, clock: dt.datetime) -> "MessageQuerySet":
        """What a sender may claim. ``clock`` is the bare clock, not business time."""
        return self.filter(state__in=WAITING, next_at__lte=clock)

    def lapsed(self, clock: dt.datetime) -> "MessageQuerySet":
        """Left in *sending* by a sender that did not come back."""
        return self.filter(state=State.SENDING, next_at__lte=clock)

    def unsettled(self) -> "MessageQuerySet":
        """All that still has to leave and is ready to: queued, deferred, sending."""
        return self.filter(next_at__isnull=False)

    def waiting_for_pdf(self) -> "MessageQuerySet":
        return self.filter(ready_at__isnull=True)

    def in_trouble(self) -> "MessageQuerySet":
        """Failed, bounced, unknown or marked as spam, and nobody has dealt with it: a person has to look."""
        return self.filter(trouble_at__isnull=False)

    def about(self, subject_ids: Iterable[UUID]) -> "MessageQuerySet":
        return self.filter(subject_id__in=subject_ids)

    def health(self) -> dict[str, Any]:
        """``depth`` and ``oldest_at`` of what is ready and has not left yet."""
        return self.unsettled().aggregate(depth=Count("id"), oldest_at=Min("ready_at"))


class Message(models.Model):
    """One email we owe to one recipient. The unique key is what makes it leave at most once (domain.md §4).

    ``next_at`` is when a sender may look at the row next: its first try, its retry, or the end of the lease of
    the one who holds it. It is null while the row waits for its PDF and once it is settled.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    company = models.ForeignKey("companies.Company", models.PROTECT, db_index=False, related_name="+")
    cause_kind = models.CharField(
        max_length=20
    )  # version, payment, refund, cancellation, statement, reminder
    cause_id = models.UUIDField()
    recipient = models.CharField(max_length=254)
    kind = models.CharField(max_length=20)  # invoice, updated, reminder, receipt, cancelled, …
    step = models.PositiveSmallIntegerField(default=0)
    subject_id = models.UUIDField(null=True, blank=True)  # the invoice or payment it is about
    version_n = models.PositiveIntegerField(null=True, blank=True)
    text_id = models.UUIDField(null=True, blank=True)  # the wording its composer was told to use
    message_id = models.CharField(max_length=200)  # the header, the same at every try

    state = models.CharField(max_length=10, choices=STATE_LABELS, default=State.QUEUED.value)
    ready_at = models.DateTimeField(null=True, blank=True)
    next_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    first_try_at = models.DateTimeField(null=True, blank=True)
    lease_holder = models.UUIDField(null=True, blank=True)
    server_answer = models.CharField(max_length=500, blank=True, default="")
    created_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    trouble_at = models.DateTimeField(null=True, blank=True)  # since when a person has to look
    dealt_with_at = models.DateTimeField(null=True, blank=True)  # when nobody had to any more
    # Why it must not leave, where that was said while its data was leaving; a refusal for now ends it then.
    called_off = models.CharField(max_length=200, blank=True, default="")
    # What the mail service calls it, from its answer to the data; empty where the answer names nothing.
    provider_id = models.CharField(max_length=100, blank=True, default="")

    objects = tenant_manager(MessageQuerySet)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company", "cause_kind", "cause_id", "recipient", "kind", "step"],
                name="message_leaves_once",
            ),
            models.CheckConstraint(condition=Q(state__in=list(State)), name="message_state_is_known"),
            models.CheckConstraint(
                condition=~Q(cause_kind="") & ~Q(kind="") & ~Q(recipient="") & ~Q(message_id=""),
                name="message_says_what_it_is",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[*WAITING, State.SENDING], ready_at__isnull=False, next_at__isnull=False
                )
                | Q(state=State.QUEUED, ready_at__isnull=True, next_at__isnull=True)
                | Q(state__in=SETTLED, ready_at__isnull=False, next_at__isnull=True),
                name="message_is_looked_at_while_open",
            ),
            models.CheckConstraint(
                condition=Q(state=State.ACCEPTED, accepted_at__isnull=False)
                | Q(state=State.BOUNCED)
                | ~Q(state__in=[State.ACCEPTED, State.BOUNCED]) & Q(accepted_at__isnull=True),
                name="message_accepted_has_its_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=IN_TROUBLE, trouble_at__isnull=False, dealt_with_at__isnull=True)
                | Q(state__in=IN_TROUBLE, trouble_at__isnull=True, dealt_with_at__isnull=False)
                | Q(state=State.ACCEPTED) & (Q(trouble_at__isnull=True) | Q(dealt_with_at__isnull=True))
                | Q(state__in=[*WAITING, State.SENDING], trouble_at__isnull=True, dealt_with_at__isnull=True),
                name="message_trouble_has_its_time",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.SENDING) | Q(lease_holder__isnull=False),
                name="message_being_sent_has_a_holder",
            ),
        ]
        indexes = [
            models.Index(
                fields=["company", "next_at"], name="message_open", condition=Q(next_at__isnull=False)
            ),
            models.Index(fields=["company", "created_at"], name="message_by_day"),
            models.Index(
                fields=["company", "created_at"],
                name="message_without_pdf",
                condition=Q(ready_at__isnull=True),
            ),
            models.Index(
                fields=["company", "trouble_at"],
                name="message_in_trouble",
                condition=Q(trouble_at__isnull=False),
            ),
            models.Index(
                fields=["company", "subject_id"],
                name="message_by_subject",
                condition=Q(subject_id__isnull=False),
            ),
            # Not by company: an event of the mail service names no company.
            models.Index(fields=["provider_id"], name="message_by_provider", condition=~Q(provider_id="")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.recipient}"

    def settled(self) -> MessageSettled:
        return MessageSettled(
            company_id=self.company_id,
            message_id=self.id,
            cause_kind=self.cause_kind,
            cause_id=self.cause_id,
            subject_id=self.subject_id,
            kind=self.kind,
            recipient=self.recipient,
            state=State(self.state),
        )

    def queue_again(self, clock: dt.datetime) -> None:
        """From any kind of trouble back to the start, with 48 new hours; who still held it holds it no longer."""
        self.state, self.next_at, self.first_try_at = State.QUEUED.value, clock, None
        self.lease_holder = self.accepted_at = self.trouble_at = self.dealt_with_at = None
        self.server_answer = self.provider_id = self.called_off = ""
        self.save()

    def come_back(self, answer: str, now: dt.datetime) -> None:
        """A server took it and sent it back."""
        self.state, self.server_answer, self.lease_holder = State.BOUNCED.value, answer, None
        self.trouble_at, self.dealt_with_at = now, None

    def be_complained_about(self, now: dt.datetime) -> None:
        """Its recipient called it spam: it arrived, and a person has to look."""
        self.trouble_at, self.dealt_with_at = now, None

    def be_dealt_with(self, now: dt.datetime) -> None:
        """Nobody has to look any more; what became of it stays."""
        self.trouble_at, self.dealt_with_at = None, now


class Attempt(models.Model):
    """One try to hand a message over, and the words it ended with. Append-only."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    company = models.ForeignKey("companies.Company", models.PROTECT, db_index=False, related_name="+")
    message = models.ForeignKey(Message, models.CASCADE, related_name="tries")
    at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=STATE_LABELS)
    code = models.PositiveSmallIntegerField(null=True, blank=True)  # of the SMTP reply
    answer = models.CharField(max_length=500, blank=True, default="")

    objects = tenant_manager(models.QuerySet["Attempt"])

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(outcome__in=list(State)), name="attempt_outcome_is_known"),
        ]
        indexes = [models.Index(fields=["company", "at"], name="attempt_by_time")]

    def __str__(self) -> str:
        return f"{self.outcome}: {self.answer}"


class MessageEvent(models.Model):
    """A later fact about a message, reported by the mail service that took it. Append-only; each is kept once.

    ``event_key`` is the service's id of the event, or what tells it from others where the service has none.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    company = models.ForeignKey("companies.Company", models.PROTECT, db_index=False, related_name="+")
    message = models.ForeignKey(Message, models.CASCADE, related_name="events")
    provider = models.CharField(max_length=20)
    event_key = models.CharField(max_length=64)
    kind = models.CharField(max_length=10, choices=EVENT_LABELS)
    at = models.DateTimeField()  # as the service says, as the company lives it
    words = models.CharField(max_length=500, blank=True, default="")

    objects = tenant_manager(models.QuerySet["MessageEvent"])

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company", "provider", "event_key"], name="message_event_acts_once"
            ),
            models.CheckConstraint(condition=Q(kind__in=list(EventKind)), name="message_event_kind_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.words}"


class MailboxItem(models.Model):
    """A mail as it would have left, kept instead of sent: what a sandbox company's mailbox shows."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    company = models.ForeignKey("companies.Company", models.PROTECT, db_index=False, related_name="+")
    message = models.OneToOneField(Message, models.CASCADE, related_name="mailbox_item")
    recipient = models.CharField(max_length=254)
    subject = models.CharField(max_length=300)
    raw = models.BinaryField()
    received_at = models.DateTimeField()

    objects = tenant_manager(models.QuerySet["MailboxItem"])

    class Meta:
        indexes = [models.Index(fields=["company", "received_at"], name="mailbox_by_time")]

    def __str__(self) -> str:
        return f"{self.subject} ({self.recipient})"


class Outbox(models.Model):
    """One row for the whole house: whether mail may leave (a restored copy holds it), and why it did not."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    held_at = models.DateTimeField(null=True, blank=True)
    held_because = models.CharField(max_length=200, blank=True, default="")
    trouble = models.CharField(max_length=500, blank=True, default="")  # why no connection could be made
    trouble_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="there_is_one_outbox")]

    def __str__(self) -> str:
        return "held" if self.held_at else "open"
