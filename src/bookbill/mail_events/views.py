"""The door of the mail service."""

import logging

from anymail.exceptions import AnymailWebhookValidationFailure
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from bookbill.lib.errors import RuleBroken
from bookbill.mail_events.actions import take_reports
from bookbill.mail_events.reading import UnreadableError, read_reports
from bookbill.web.api.problems import problem

log = logging.getLogger("bookbill.mail_events")


@csrf_exempt
@require_http_methods(["POST", "HEAD"])
def events(request: HttpRequest, name: str) -> HttpResponse:
    """Take events of the service that sends our mail. Answered with 200 where they concern us or not: none is sent again.

    Services look with HEAD whether somebody is here.
    """
    if name != settings.MAIL_PROVIDER:
        return problem(request, 404, "not_found", _("There is nothing at this address."))
    if request.method == "HEAD":
        return HttpResponse()
    try:
        reports = read_reports(request, name, settings.MAIL_PROVIDER_SECRET)
    except AnymailWebhookValidationFailure:
        log.warning("Events that %s did not sign were refused", name)
        return problem(request, 401, "unauthorized", _("This did not come from the email service."))
    except UnreadableError as unreadable:
        log.warning("Events of %s could not be read: %s", name, unreadable)
        return problem(request, 400, "malformed", _("This cannot be read as events of the email service."))
    try:
        noted = take_reports(reports)
    except RuleBroken as busy:
        return problem(request, busy.status, busy.code, busy.message)
    log.info("%d events of %s, %d of them new", len(reports), name, noted)
    return HttpResponse(status=200)
