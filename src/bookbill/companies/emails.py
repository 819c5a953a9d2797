"""The mail that lets a new member in. Mails about accounts leave at once and are no invoices: they take no place in the queue."""

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from bookbill.companies.models import Company, Member
from bookbill.companies.passwords import set_password_path

log = logging.getLogger("bookbill.sign_in")


def mail_invitation(member: Member, company: Company, *, invited_by: str) -> bool:
    """Send the member the link that sets a password, or to sign in where there is one. Whether the server took it.

    A sandbox mails nobody.
    """
    if company.is_sandbox:
        return False
    has_password = member.user.has_usable_password()
    with translation.override(member.user.language or company.language):
        path = "/" if has_password else set_password_path(member.user)
        context = {
            "company": company.name,
            "invited_by": invited_by,
            "has_password": has_password,
            "url": f"{settings.PUBLIC_BASE_URL}{path}",
        }
        mail = EmailMessage(
            subject=_("%(company)s has added you to Bookbill") % {"company": company.name},
            body=render_to_string("companies/email/invitation.txt", context),
            to=[member.user.email],
        )
        try:
            mail.send()
        except (OSError, SMTPException):
            log.exception("an invitation could not be sent")
            return False
    return True
