"""The bare clock of the process: leases and retries follow it, never a sandbox's moved time."""

import datetime as dt

from django.utils import timezone


def clock() -> dt.datetime:
    return timezone.now()
