"""Settings → Email texts: what each mail says in each language, with a look at it, and a test mail to oneself."""

from typing import Any

from csp.constants import SELF
from csp.decorators import csp_update
from django.conf import settings
from django.core import signing
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from bookbill.companies.clock import now
from bookbill.companies.doors.once import act_once
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.limits import limit
from bookbill.companies.rights import Right, may, require
from bookbill.companies.views.frame import revision_in, settings_frame
from bookbill.delivery.mime import MailContent
from bookbill.invoices.actions.mail_texts import send_trial, use_standard_text, write_mail_text
from bookbill.invoices.emails import sample_mail
from bookbill.invoices.forms import MailTextForm
from bookbill.invoices.mail_texts import StandingText, standing_text, standing_texts
from bookbill.invoices.placeholders import ALLOWED, MailKind, in_braces
from bookbill.invoices.wording import (
    Wording,
    kind_in_address,
    language_in_address,
    placeholder_meaning,
    read_wording,
)
from bookbill.invoices.words import mail_occasion, message_kind_word
from bookbill.lib.errors import BadInput, RuleBroken
from bookbill.lib.transactions import transact
from bookbill.web.api.routes import not_found
from bookbill.web.forms import refuse
from bookbill.web.htmx import layout_of, render_page, see_other, toast
from bookbill.web.mails import framed, mail_frame

SALT = "bookbill.mail-preview"
TOKEN_MAX = 3_500  # servers take a request line of 4,094 bytes


@staff_view(Right.VIEW_SETTINGS, methods=("GET", "HEAD"))
def list_page(request: CompanyRequest) -> HttpResponse:
    """Every kind of mail, and whose words it has in each language."""
    texts: dict[MailKind, list[tuple[str, StandingText]]] = {}
    names = dict(settings.LANGUAGES)
    for standing in standing_texts():
        texts.setdefault(standing.kind, []).append((names[standing.language], standing))
    rows = [(message_kind_word(kind), mail_occasion(kind), standing) for kind, standing in texts.items()]
    context = settings_frame(request) | {"rows": rows, "languages": names.values()}
    return render_page(request, "invoices/mail_texts/list.html", context)


@csp_update({"frame-src": [SELF]})
@staff_view(Right.VIEW_SETTINGS)
def edit_page(request: CompanyRequest, kind: str, language: str) -> HttpResponse:
    """Write the text; look at it; send it to oneself."""
    of_kind, spoken = kind_in_address(kind), language_in_address(language)
    readable_only = not may(request.actor, Right.EDIT_SETTINGS)
    standing = standing_text(of_kind, spoken)
    wording = standing.wording
    if request.method == "POST":
        require(request.actor, Right.EDIT_SETTINGS)
        form = MailTextForm(request.POST, readable_only=readable_only)
        if form.is_valid():
            wording = Wording(form.cleaned_data["subject"], form.cleaned_data["body"])
            try:
                if request.POST.get("act") == "test":
                    send_test(request, of_kind, spoken, wording)
                elif request.POST.get("act") == "preview":
                    read_wording(of_kind, wording.subject, wording.body)
                else:
                    save(request, of_kind, spoken, wording)
                    return see_other(request, reverse("invoices:mail-text", args=[kind, language]))
            except RuleBroken as refused:
                refuse(form, refused)
    else:
        form = MailTextForm(
            initial={"subject": wording.subject, "body": wording.body}, readable_only=readable_only
        )
    context = {
        "kind": of_kind,
        "language": spoken,
        "title": message_kind_word(of_kind),
        "occasion": mail_occasion(of_kind),
        "languages": settings.LANGUAGES,
        "standing": standing,
        "form": form,
        "placeholders": [(in_braces(name), placeholder_meaning(name)) for name in ALLOWED[of_kind]],
        "test_to": request.member.user.email,
        "revision": request.POST.get("revision") or standing.revision,
        **shown_preview(request, of_kind, spoken, wording),
    }
    status = 422 if form.errors else 200
    return render_page(
        request, "invoices/mail_texts/edit.html", settings_frame(request) | context, status=status
    )


@staff_view(Right.EDIT_SETTINGS)
def standard_page(request: CompanyRequest, kind: str, language: str) -> HttpResponse:
    """Ask, then go back to the standard text."""
    of_kind, spoken = kind_in_address(kind), language_in_address(language)
    standing = standing_text(of_kind, spoken)
    if request.method == "POST":
        transact(
            lambda: use_standard_text(
                of_kind,
                spoken,
                expected_revision=revision_in(request),
                by=request.actor,
                now=now(request.company),
            )
        )
        toast(request, _("The standard text is back."))
        return see_other(request, reverse("invoices:mail-text", args=[kind, language]))
    context = {"kind": of_kind, "language": spoken, "standing": standing, "shell": layout_of(request)}
    return render_page(request, "invoices/mail_texts/standard.html", context)


@csp_update({"frame-src": [SELF]})
@staff_view(Right.VIEW_SETTINGS, methods=("POST",))
def preview(request: CompanyRequest, kind: str, language: str) -> HttpResponse:
    """What is being typed, as a mail with sample figures. It keeps nothing."""
    of_kind, spoken = kind_in_address(kind), language_in_address(language)
    try:
        typed = read_wording(of_kind, request.POST.get("subject", ""), request.POST.get("body", ""))
    except BadInput as refused:
        context: dict[str, Any] = {"problem": refused.message}
    else:
        context = shown_preview(request, of_kind, spoken, typed)
    return render_page(
        request, "invoices/mail_texts/preview.html", {"kind": of_kind, "language": spoken, **context}
    )


@mail_frame
@staff_view(Right.VIEW_SETTINGS, methods=("GET", "HEAD"))
def preview_html(request: CompanyRequest, kind: str, language: str) -> HttpResponse:
    """The HTML of a preview alone, for its frame. What is being typed travels in the address, signed."""
    of_kind, spoken = kind_in_address(kind), language_in_address(language)
    wording = standing_text(of_kind, spoken).wording
    if "text" in request.GET:
        try:
            wording = Wording(*signing.loads(request.GET["text"], salt=SALT))
        except signing.BadSignature:
            raise not_found() from None
    mail = sampled(request, of_kind, spoken, wording)
    return framed(mail.html, [(each.name, each.content_type, each.content) for each in mail.pictures])


def shown_preview(request: CompanyRequest, kind: MailKind, language: str, wording: Wording) -> dict[str, Any]:
    mail = sampled(request, kind, language, wording)
    token = signing.dumps([wording.subject, wording.body], salt=SALT, compress=True)
    return {"mail": mail, "token": token if len(token) <= TOKEN_MAX else ""}


def sampled(request: CompanyRequest, kind: MailKind, language: str, wording: Wording) -> MailContent:
    limit(f"mail-preview:{request.member.pk}", most=240, seconds=60)
    return sample_mail(request.company, kind, language, wording)


def save(request: CompanyRequest, kind: MailKind, language: str, wording: Wording) -> None:
    revision = revision_in(request)
    transact(
        lambda: write_mail_text(
            kind,
            language,
            subject=wording.subject,
            body=wording.body,
            expected_revision=revision,
            by=request.actor,
            now=now(request.company),
        )
    )
    toast(request, _("Saved. Emails use this text from now on."))


def send_test(request: CompanyRequest, kind: MailKind, language: str, wording: Wording) -> None:
    limit(f"mail-test:{request.member.pk}", most=10, seconds=600)
    to = request.member.user.email

    def act() -> str:
        send_trial(
            kind,
            language,
            subject=wording.subject,
            body=wording.body,
            to=to,
            by=request.actor,
            now=now(request.company),
        )
        return ""

    act_once(request, act)
    toast(request, _("A test email is on its way to %(email)s.") % {"email": to})
