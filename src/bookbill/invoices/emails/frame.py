"""What all mails share: whose words, and the frame they stand in with the company's logo, colour and address."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from bookbill.delivery.composing import inline_css
from bookbill.delivery.mime import Attachment, MailContent, Picture
from bookbill.documents.document import Seller
from bookbill.documents.formats import Formats
from bookbill.documents.logo import mail_logo
from bookbill.documents.printed import seller_party
from bookbill.invoices.models import MailText
from bookbill.invoices.placeholders import MailKind
from bookbill.invoices.wording import Wording, standard_wording
from bookbill.web import accent

LOGO = "logo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Around the words: who writes, and in which language and look."""

    company_id: UUID
    seller: Seller
    formats: Formats

    def draw(
        self,
        wording: Wording,
        values: Mapping[str, str],
        *,
        template: str,
        context: Mapping[str, Any],
        attachments: Sequence[Attachment] = (),
    ) -> MailContent:
        """The mail in the language that is active. ``template`` names the two files with the figures below the words."""
        said = wording.filled(values)
        logo = mail_logo(self.company_id, self.seller.logo_sha256) if self.seller.logo_sha256 else None
        colour = accent.readable_on(accent.LIGHT_SURFACE, accent.parse(self.seller.colour))
        context = {
            "language": self.formats.locale.language,
            "subject": said.subject,
            "body": said.body,
            "paragraphs": re.split(r"\n\s*\n", said.body),
            "seller": seller_party(self.seller, self.formats),
            "colour": accent.write(colour),
            "text_on_colour": accent.write(accent.text_on(colour)),
            "logo": logo,
            "logo_alt": _("Logo of %(company)s") % {"company": self.seller.name},
            **context,
        }
        return MailContent(
            subject=said.subject,
            text=render_to_string(f"invoices/email/{template}.txt", context),
            html=inline_css(render_to_string(f"invoices/email/{template}.html", context)),
            from_name=self.seller.name,
            reply_to=self.seller.email,
            attachments=attachments,
            pictures=[Picture(LOGO, "image/png", logo.content)] if logo else [],
        )


def chosen_wording(kind: MailKind, language: str, text_id: UUID | None) -> Wording:
    """The company's text that a message was promised with, else the standard one."""
    if text_id is None:
        return standard_wording(kind, language)
    text = MailText.objects.get(pk=text_id)
    return Wording(text.subject, text.body)
