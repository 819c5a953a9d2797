"""How people come in: by invitation only, and in a demo on this machine with one click."""

import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.urls import reverse

from bookbill.companies.models import User

log = logging.getLogger("bookbill.sign_in")

DEMO_SALT = "demo-sign-in"
LOOPBACK = ("127.0.0.1", "::1")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up: a company is made by `bookbill create-company`, its people are added by its owner."""
        return False

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Built from the configured address, never from the Host a request named."""
        uidb36, _dash, token = key.partition("-")
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": uidb36, "key": token})
        return f"{settings.PUBLIC_BASE_URL}{path}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A mail server that fails must neither break the page nor say which addresses have an account."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException):
            log.exception("a mail about an account could not be sent")

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """No toast for having signed in or out; the page says it."""


def demo_token(user: User) -> str:
    """What `./dev demo` puts into the link it prints."""
    return signing.dumps(str(user.pk), salt=DEMO_SALT)


def demo_user(request: HttpRequest, token: str) -> User | None:
    """The person a demo's link signs in, if this is a demo and the browser is on this machine."""
    if (
        not settings.DEMO
        or request.META.get("REMOTE_ADDR") not in LOOPBACK
        or "X-Forwarded-For" in request.headers
    ):
        return None
    try:
        key = signing.loads(token, salt=DEMO_SALT)
    except signing.BadSignature:
        return None
    return User.objects.filter(pk=key, is_active=True).first()
