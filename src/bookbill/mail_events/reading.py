"""Reading a mail service's events with the parsers and checks of django-anymail; its views are not used as views."""

import warnings
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any

from anymail.exceptions import AnymailNotSupportedWarning, AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent, EventType
from anymail.webhooks.base import AnymailBaseWebhookView
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

from bookbill.delivery.reports import OWN_MESSAGE_ID, Report
from bookbill.delivery.rules import EventKind

KINDS = {
    EventType.DELIVERED: EventKind.DELIVERED,
    EventType.OPENED: EventKind.OPENED,
    EventType.CLICKED: EventKind.OPENED,  # whoever follows a link has opened the mail
    EventType.DEFERRED: EventKind.DEFERRED,
    EventType.BOUNCED: EventKind.BOUNCED,
    EventType.FAILED: EventKind.BOUNCED,
    EventType.REJECTED: EventKind.REJECTED,
    EventType.COMPLAINED: EventKind.COMPLAINED,
}
# Module, view, and where the secret goes: a signing key of the service, or the name and password that it signs in with.
LOGIN = "webhook_secret"
SERVICES = {
    "brevo": ("brevo", "BrevoTrackingWebhookView", LOGIN),
    "mailersend": ("mailersend", "MailerSendTrackingWebhookView", "signing_secret"),
    "mailgun": ("mailgun", "MailgunTrackingWebhookView", "webhook_signing_key"),
    "mailjet": ("mailjet", "MailjetTrackingWebhookView", LOGIN),
    "postmark": ("postmark", "PostmarkTrackingWebhookView", LOGIN),
    "sendgrid": ("sendgrid", "SendGridTrackingWebhookView", LOGIN),
    "sparkpost": ("sparkpost", "SparkPostTrackingWebhookView", LOGIN),
}
EVENTS_MAX, NAMES_MAX, DEPTH_MAX = 5_000, 10, 5


class UnreadableError(Exception):
    """A body that is none of this service's."""


@lru_cache(maxsize=8)
def service(name: str, secret: str) -> AnymailBaseWebhookView:
    """The check and the parser of a mail service. Raises KeyError for an unknown one."""
    module, view, setting = SERVICES[name]
    with warnings.catch_warnings():
        # SendGrid's parser works and is tested here; anymail only warns that it cannot test it against the service.
        warnings.simplefilter("ignore", AnymailNotSupportedWarning)
        found: AnymailBaseWebhookView = getattr(import_module(f"anymail.webhooks.{module}"), view)(
            **{setting: secret}
        )
    return found


def read_reports(request: HttpRequest, name: str, secret: str) -> list[Report]:
    """What an authentic request reports. Raises AnymailWebhookValidationFailure for a forged one, UnreadableError."""
    parser = service(name, secret)
    try:
        parser.run_validators(request)
        events = parser.parse_events(request)[:EVENTS_MAX]
        return [report_of(event, name) for event in events if event.event_type in KINDS]
    except AnymailWebhookValidationFailure:
        raise
    except (
        ImproperlyConfigured,
        LookupError,
        TypeError,
        AttributeError,
        ValueError,
        OverflowError,
        OSError,
        RecursionError,
    ) as problem:
        raise UnreadableError(type(problem).__name__) from problem


def report_of(event: AnymailTrackingEvent, provider: str) -> Report:
    names = [str(event.message_id or ""), *own_ids_in(event.esp_event)]
    words = event.mta_response or event.description or event.reject_reason or ""
    at = event.timestamp if event.timestamp and event.timestamp.tzinfo else None
    return Report(
        provider=provider,
        kind=KINDS[event.event_type],
        event_id=str(event.event_id or ""),
        names=tuple(name for name in names if name)[:NAMES_MAX],
        recipient=str(event.recipient or ""),
        at=at,
        words=str(words),
    )


def own_ids_in(value: Any, depth: int = 0) -> Iterator[str]:
    """Every Message-ID of ours that stands alone in a field of the event: services echo it in different places."""
    if isinstance(value, str) and OWN_MESSAGE_ID.fullmatch(value):
        yield value
    elif depth < DEPTH_MAX and isinstance(value, Mapping):
        for part in value.values():
            yield from own_ids_in(part, depth + 1)
    elif depth < DEPTH_MAX and isinstance(value, list):
        for part in value:
            yield from own_ids_in(part, depth + 1)
