"""The door of a customer's link: no sign-in, one invoice, counted, never cached, never passed on."""

import re
from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from bookbill.companies.clock import zone
from bookbill.companies.limits import limit
from bookbill.invoices.models import Invoice
from bookbill.lib.errors import RuleBroken
from bookbill.lib.tenancy import scope, scopes_disabled

TOKEN = re.compile(r"[A-Za-z0-9_-]{27}", re.ASCII)
MOST_A_MINUTE = 60
PRIVATE = {
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}

LinkView = Callable[[HttpRequest, Invoice], HttpResponse]


def by_link(*methods: str) -> Callable[[LinkView], Callable[[HttpRequest, str], HttpResponse]]:
    """A view of the invoice that a link's token belongs to, inside its company's scope and time zone.

    An unknown token, one of the wrong length and one of a draft get the same 404.
    """

    def decorate(view: LinkView) -> Callable[[HttpRequest, str], HttpResponse]:
        @wraps(view)
        def door(request: HttpRequest, token: str) -> HttpResponse:
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            try:
                limit(f"link:{client_address(request)}", most=MOST_A_MINUTE, seconds=60)
                response = opened(view, request, token)
            except RuleBroken as refused:
                response = not_shown(request, refused.status, _("Too many attempts"), refused.message)
                if "retry_after" in refused.details:
                    response.headers["Retry-After"] = str(refused.details["retry_after"])
            for name, value in PRIVATE.items():
                response.headers[name] = value
            return response

        return door

    return decorate


def opened(view: LinkView, request: HttpRequest, token: str) -> HttpResponse:
    invoice = find_by_link(token)
    if invoice is None:
        return not_shown(
            request,
            404,
            _("This link is no longer valid"),
            _(
                "Please ask whoever sent it to you for a new one. If it was copied, check that nothing is missing."
            ),
        )
    with scope(company=invoice.company), timezone.override(zone(invoice.company)):
        return view(request, invoice)


def not_shown(request: HttpRequest, status: int, heading: str, message: str) -> HttpResponse:
    """A page that names no company and leads nowhere: the visitor is a customer, who cannot sign in here."""
    context = {"heading": heading, "message": message, "csrf_token": ""}
    return render(request, "portal/not_shown.html", context, status=status)


def find_by_link(token: str) -> Invoice | None:
    """The sent invoice a token belongs to, of whatever company: the one question that cannot be asked inside one."""
    if not TOKEN.fullmatch(token):
        return None
    with scopes_disabled():
        sent = Invoice.objects.filter(link_token=token, sent_at__isnull=False)
        return sent.select_related("company", "replaced_by").first()


def client_address(request: HttpRequest) -> str:
    """Who asks, as the proxies we trust say; without one, or when they say too little, the peer itself."""
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
    trusted = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    if trusted and len(hops) >= trusted and hops[-trusted]:
        return hops[-trusted]
    return str(request.META.get("REMOTE_ADDR", ""))
