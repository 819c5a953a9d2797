"""The bare clock: leases and retries run on it, not on a company's business time."""

import datetime as dt

from django.utils import timezone


def process_clock() -> dt.datetime:
    return timezone.now()
